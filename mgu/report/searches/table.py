"""The tables of searches at equal cost, one for each clock that all of them tell."""

from __future__ import annotations

from typing import NamedTuple

from mgu.report.searches.contender import Contender
from mgu.report.searches.equal_cost import MULTIPLES, EqualCost
from mgu.search.clock import WALL
from mgu.tasks.score import shorten

Entry = tuple[str, str | float | None]  # rounded text for people, exact value for machines
MISSING: Entry = ("-", None)


class SearchTable(NamedTuple):
    """Holds the table of all searches.

    Attributes:
        title: Its heading.
        keys: Names of the columns for machines.
        columns: Headings of the columns.
        rows: Text and value of each cell.
        lesser: Keys of the columns that a narrow terminal hides, in this order.
    """

    title: str
    keys: list[str]
    columns: list[str]
    rows: list[list[Entry]]
    lesser: tuple[str, ...] = (
        *("reused", "params", "to_baseline_s", "to_baseline_kwh", "strategy_share", "p_random", "trials", "val_at_10x"),
    )


def search_tables(found: EqualCost) -> list[SearchTable]:
    """Returns a table by time, and by each other clock that all studies and the unit tell.

    Args:
        found: The comparison of the searches.

    Returns:
        The tables, that by time first.
    """
    return [search_table(own) for own in found.by_clocks]


def search_table(found: EqualCost) -> SearchTable:
    """Returns the table: a row for the unit, one for random order in expectation, and one for each strategy."""
    has_test = found.table.tested == "test"
    cost = "unit's cost" if found.unit else "share of the longest search"
    scored = [(f"{split}_at_{m}x", f"{split} at {m}x") for m in MULTIPLES for split in ("val", *["test"] * has_test)]
    own = [
        ("strategy", "search"), ("studies", "studies"), *scored,
        (f"to_unit_{found.clock.key}", f"to the unit's score [{found.clock.unit}]"),
        (f"to_baseline_{found.clock.key}", f"to the best baseline's [{found.clock.unit}]"),
        ("trials", "trials"), ("reused", "reused"), ("params", "parameters"), ("strategy_share", "strategy's share"),
        ("p_random", "p against random"),
    ]  # fmt: skip
    rows = [row for row in (_unit_row(found, has_test), _closed_row(found, has_test)) if row]
    rows += [_row(found, place, has_test) for place in range(len(found.contenders))]
    kind = "cost" if found.clock == WALL else found.clock.title
    title = f"Searches at equal {kind}: at multiples of {found.clock.write(found.multiple)}, the {cost}"
    return SearchTable(title, [key for key, _ in own], [text for _, text in own], rows)


def score_cell(found: EqualCost, value: float | None) -> Entry:
    """Returns a score as the report writes it."""
    if value is None:
        return MISSING
    return (f"{value:.2%}" if found.score.metric == "accuracy" else shorten(value)), value


def _unit_row(found: EqualCost, has_test: bool) -> list[Entry] | None:
    unit = found.unit
    if unit is None:
        return None
    cells = [score_cell(found, own) for _ in MULTIPLES for own in (unit.val, *[unit.test] * has_test)]
    reached = _amount(found, unit.cost)
    params: Entry = MISSING if unit.params is None else (f"{unit.params:,}", unit.params)
    name: Entry = (f"the unit {unit.name}", unit.name)
    return [name, MISSING, *cells, reached, MISSING, (str(unit.trials), unit.trials), MISSING, params, MISSING, MISSING]


def _closed_row(found: EqualCost, has_test: bool) -> list[Entry] | None:
    cells: list[Entry] = []
    for multiple in MULTIPLES:
        expected = found.closed_form(multiple * found.multiple)
        if expected is None:
            return None
        cells += [score_cell(found, own) for own in (expected[0], *[expected[1]] * has_test)]
    name: Entry = ("random order, in expectation", "random order, in expectation")
    return [name, MISSING, *cells, *[MISSING] * 7]


def _row(found: EqualCost, place: int, has_test: bool) -> list[Entry]:
    """Returns the row of one strategy: its scores at each multiple, and what it takes to reach the targets."""
    own = found.contenders[place]
    budgets = [own.at(multiple * found.multiple) for multiple in MULTIPLES]
    cells = [
        score_cell(found, value)
        for at in budgets
        for value in (at.val if at else None, *[at.test if at else None] * has_test)
    ]
    p = against.p if (against := found.against_random[place]) else None
    targets = (found.unit.val if found.unit else None, found.baseline_val)
    last = next((at for at in reversed(budgets) if at), None)
    return [
        (own.name, own.name),
        (str(len(own.curves)), len(own.curves)),
        *cells,
        *(_expected(found, own, None if target is None else found.signed(target)) for target in targets),
        (f"{own.trials:.3g}", own.trials),
        (f"{own.reused:.3g}", own.reused),
        (f"{last.params:,.0f}", last.params) if last and last.params is not None else MISSING,
        share_cell(own),
        MISSING if p is None else (f"{p:.2g}", p),
    ]


def _expected(found: EqualCost, own: Contender, target: float | None) -> Entry:
    if target is None:
        return MISSING
    expected, hits = own.expected(target), own.hits(target)
    few = f" ({hits}/{len(own.curves)})" if hits < len(own.curves) else ""
    if expected is None:
        return (f"never{few}", None) if not hits else MISSING
    text, value = _amount(found, expected)
    return f"{text}{few}", value


def _amount(found: EqualCost, value: float) -> Entry:
    shown = found.clock.scale * value
    return f"{shown:,.1f}" if found.clock.unit == "s" else f"{shown:.3g}", value


def share_cell(own: Contender) -> Entry:
    """Returns the share of a strategy's own seconds in what its search spent."""
    return MISSING if own.overhead is None else (f"{own.overhead:.2%}", own.overhead)
