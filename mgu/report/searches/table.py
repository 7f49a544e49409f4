"""The tables of searches at equal cost, one for each clock that all of them tell."""

from __future__ import annotations

from typing import NamedTuple

from mgu.report.formats.side_table import MISSING, Entry
from mgu.report.searches.against_random import MULTIPLES
from mgu.report.searches.contender import Contender
from mgu.report.searches.equal_cost import EqualCost
from mgu.search.clock import WALL
from mgu.tasks.score import shorten


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


def search_tables(comparison: EqualCost) -> list[SearchTable]:
    """Returns a table by time, and by each other clock that all studies and the unit tell.

    Args:
        comparison: The comparison of the searches.

    Returns:
        The tables, that by time first.
    """
    return [search_table(by_clock) for by_clock in comparison.by_clocks]


def search_table(comparison: EqualCost) -> SearchTable:
    """Returns the table: a row for the unit, one for random order in expectation, and one for each strategy."""
    has_test = comparison.table.tested == "test"
    cost = "unit's cost" if comparison.unit else "share of the longest search"
    splits = ("val", "test") if has_test else ("val",)
    scored = [(f"{split}_at_{m}x", f"{split} at {m}x") for m in MULTIPLES for split in splits]
    columns = [
        ("strategy", "search"), ("studies", "studies"), *scored,
        (f"to_unit_{comparison.clock.key}", f"to the unit's score [{comparison.clock.unit}]"),
        (f"to_baseline_{comparison.clock.key}", f"to the best baseline's [{comparison.clock.unit}]"),
        ("trials", "trials"), ("reused", "reused"), ("params", "parameters"), ("strategy_share", "strategy's share"),
        ("p_random", "p against random"),
    ]  # fmt: skip
    rows = [row for row in (_unit_row(comparison, has_test), _closed_row(comparison, has_test)) if row]
    rows += [_row(comparison, index, has_test) for index in range(len(comparison.contenders))]
    kind = "cost" if comparison.clock == WALL else comparison.clock.title
    title = f"Searches at equal {kind}: at multiples of {comparison.clock.write(comparison.multiple)}, the {cost}"
    return SearchTable(title, [key for key, _ in columns], [text for _, text in columns], rows)


def _score_cell(comparison: EqualCost, value: float | None) -> Entry:
    """Returns a score as the report writes it."""
    if value is None:
        return MISSING
    return (f"{value:.2%}" if comparison.score.is_percent else shorten(value)), value


def score_cells(comparison: EqualCost, val: float | None, test: float | None, has_test: bool) -> list[Entry]:
    """Returns the cell of a validation score, and that of a test score where the table has some."""
    return [_score_cell(comparison, score) for score in ((val, test) if has_test else (val,))]


def _unit_row(comparison: EqualCost, has_test: bool) -> list[Entry] | None:
    unit = comparison.unit
    if unit is None:
        return None
    cells = score_cells(comparison, unit.val, unit.test, has_test) * len(MULTIPLES)
    reached = _amount(comparison, unit.cost)
    params: Entry = MISSING if unit.params is None else (f"{unit.params:,}", unit.params)
    name: Entry = (f"the unit {unit.name}", unit.name)
    return [name, MISSING, *cells, reached, MISSING, (str(unit.trials), unit.trials), MISSING, params, MISSING, MISSING]


def _closed_row(comparison: EqualCost, has_test: bool) -> list[Entry] | None:
    cells: list[Entry] = []
    for multiple in MULTIPLES:
        expected = comparison.closed_form(multiple * comparison.multiple)
        if expected is None:
            return None
        cells += score_cells(comparison, *expected, has_test)
    name: Entry = ("random order, in expectation", "random order, in expectation")
    return [name, MISSING, *cells, *[MISSING] * 7]


def _row(comparison: EqualCost, index: int, has_test: bool) -> list[Entry]:
    """Returns the row of one strategy: its scores at each multiple, and what it takes to reach the targets."""
    contender = comparison.contenders[index]
    budgets = [contender.at(multiple * comparison.multiple) for multiple in MULTIPLES]
    cells = [
        cell
        for at in budgets
        for cell in score_cells(comparison, at.val if at else None, at.test if at else None, has_test)
    ]
    p = against.p if (against := comparison.against_random[index]) else None
    targets = (comparison.unit.val if comparison.unit else None, comparison.baseline_val)
    last = next((at for at in reversed(budgets) if at), None)
    return [
        (contender.name, contender.name),
        (str(len(contender.curves)), len(contender.curves)),
        *cells,
        *(_expected(comparison, contender, target) for target in targets),
        (f"{contender.trials:.3g}", contender.trials),
        (f"{contender.reused:.3g}", contender.reused),
        (f"{last.params:,.0f}", last.params) if last and last.params is not None else MISSING,
        share_cell(contender),
        MISSING if p is None else (f"{p:.2g}", p),
    ]


def _expected(comparison: EqualCost, contender: Contender, target: float | None) -> Entry:
    if target is None:
        return MISSING
    wanted = comparison.signed(target)
    expected, hits = contender.expected(wanted), contender.hits(wanted)
    few = f" ({hits}/{len(contender.curves)})" if hits < len(contender.curves) else ""
    if expected is None:
        return (f"never{few}", None) if not hits else MISSING
    text, value = _amount(comparison, expected)
    return f"{text}{few}", value


def _amount(comparison: EqualCost, value: float) -> Entry:
    shown = comparison.clock.scale * value
    return f"{shown:,.1f}" if comparison.clock.unit == "s" else f"{shown:.3g}", value


def share_cell(contender: Contender) -> Entry:
    """Returns the share of a strategy's own seconds in what its search spent."""
    return MISSING if contender.overhead is None else (f"{contender.overhead:.2%}", contender.overhead)
