"""What the report says of searches, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from mgu.console.text import count, describe_s
from mgu.report.ranking.rank import Table
from mgu.report.searches.contender import Contender
from mgu.report.searches.equal_cost import LEAST_STUDIES, MULTIPLES, EqualCost
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
    """

    title: str
    keys: list[str]
    columns: list[str]
    rows: list[list[Entry]]


def search_table(found: EqualCost) -> SearchTable:
    """Returns the table: a row for the unit, one for random order in expectation, and one for each strategy."""
    has_test = found.table.tested == "test"
    cost = "unit's cost" if found.unit else "share of the longest search"
    scored = [(f"{split}_at_{m}x", f"{split} at {m}x") for m in MULTIPLES for split in ("val", *["test"] * has_test)]
    own = [
        ("strategy", "search"), ("studies", "studies"), *scored, ("to_unit_s", "to the unit's score [s]"),
        ("to_baseline_s", "to the best baseline's [s]"), ("trials", "trials"), ("reused", "reused"),
        ("params", "parameters"), ("strategy_share", "strategy's share"), ("p_random", "p against random"),
    ]  # fmt: skip
    rows = [row for row in (_unit_row(found, has_test), _closed_row(found, has_test)) if row]
    rows += [_row(found, place, has_test) for place in range(len(found.contenders))]
    title = f"Searches at equal cost: at multiples of {found.unit_s:.3g} s, the {cost}"
    return SearchTable(title, [key for key, _ in own], [text for _, text in own], rows)


def _score(found: EqualCost, value: float | None) -> Entry:
    if value is None:
        return MISSING
    return (f"{value:.2%}" if found.score.metric == "accuracy" else shorten(value)), value


def _unit_row(found: EqualCost, has_test: bool) -> list[Entry] | None:
    unit = found.unit
    if unit is None:
        return None
    cells = [_score(found, own) for _ in MULTIPLES for own in (unit.val, *[unit.test] * has_test)]
    reached: Entry = (f"{unit.seconds:,.1f}", unit.seconds)
    params: Entry = MISSING if unit.params is None else (f"{unit.params:,}", unit.params)
    name: Entry = (f"the unit {unit.name}", unit.name)
    return [name, MISSING, *cells, reached, MISSING, (str(unit.trials), unit.trials), MISSING, params, MISSING, MISSING]


def _closed_row(found: EqualCost, has_test: bool) -> list[Entry] | None:
    cells: list[Entry] = []
    for multiple in MULTIPLES:
        expected = found.closed_form(multiple * found.unit_s)
        if expected is None:
            return None
        cells += [_score(found, own) for own in (expected[0], *[expected[1]] * has_test)]
    name: Entry = ("random order, in expectation", "random order, in expectation")
    return [name, MISSING, *cells, *[MISSING] * 7]


def _row(found: EqualCost, place: int, has_test: bool) -> list[Entry]:
    own = found.contenders[place]
    budgets = [own.at(multiple * found.unit_s) for multiple in MULTIPLES]
    cells = [
        _score(found, value)
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
        *(_expected(own, None if target is None else found.signed(target)) for target in targets),
        (f"{own.trials:.3g}", own.trials),
        (f"{own.reused:.3g}", own.reused),
        (f"{last.params:,.0f}", last.params) if last and last.params is not None else MISSING,
        (f"{own.overhead:.2%}", own.overhead),
        MISSING if p is None else (f"{p:.2g}", p),
    ]


def _expected(own: Contender, target: float | None) -> Entry:
    if target is None:
        return MISSING
    seconds, hits = own.expected_s(target), own.hits(target)
    few = f" ({hits}/{len(own.curves)})" if hits < len(own.curves) else ""
    return (f"never{few}", None) if seconds is None else (f"{seconds:,.1f}{few}", seconds)


def describe_searches(found: EqualCost) -> list[str]:
    """Describes how searches are compared, what they found, and what must be known to read the table."""
    lines = []
    if found.unit:
        lines.append(
            f"One multiple is what training the unit costs: {found.unit.seconds:.3g} s of set-up, time to solution and "
            "checkpoints, the mean over its seeds. A search pays the same for each trial, and its strategy's own "
            "seconds; a trial counts once it has ended, and one that had been trained before is charged what it cost "
            "then."
        )
    else:
        lines.append(
            "There is no finished unit in this experiment that was trained from new weights: multiples are of the "
            "tenth of the longest search. Train it with mgu=reference to compare."
        )
    lines += [line for place in range(len(found.contenders)) if (line := _describe(found, place))]
    if without := [own for own in found.contenders if found.random_of(own) is None]:
        lines.append(_advise_random(without))
    few = [own.name for own in found.contenders if len(own.curves) < LEAST_STUDIES]
    if few:
        lines.append(
            f"Fewer than {LEAST_STUDIES} studies are too few to judge {', '.join(few)}. Pass search.seed=0,1,2,3,4."
        )
    if any(own.origin == "replayed" for own in found.contenders):
        lines.append(
            "Replayed studies differ in what they draw, not in what was trained: their p-values are about these "
            "recorded runs, and not about other seeds of training."
        )
    contended = sum(curve.contended for own in found.contenders for curve in own.curves)
    if contended:
        lines.append(
            f"{contended} trials shared the machine with other work, which makes their seconds too long: comparisons "
            "by time need a quiet machine and one worker."
        )
    return [*lines, *describe_left_out(found.table, found.on_other_rows, found.skipped)]


def describe_left_out(table: Table, on_other_rows: int, skipped: Sequence[str]) -> list[str]:
    """Says which studies of an experiment are not compared, and why.

    Args:
        table: The ranked table of the experiment.
        on_other_rows: Number of those to which a function of the user's had returned other rows.
        skipped: A line for each that could not be read.

    Returns:
        The sentences.
    """
    lines = [f"A study could not be read: {line}" for line in skipped]
    if on_other_rows:
        lines.append(
            f"{table.data_set} had returned other rows to {count(on_other_rows, 'study')} of the experiment than to "
            "these runs, with which they cannot be compared: they are left out. Search again to have them on these "
            "rows."
        )
    return lines


def _advise_random(without: Sequence[Contender]) -> str:
    """Says how to get a random search beside those that have none; it takes no options, and none by cost is one."""
    spaces = ", ".join(sorted({own.space for own in without}))
    given = [key for key in ("options", "per_cost") if any(own.curves[0].settings.get(key) for own in without)]
    words = [f"search.{key}" for key in given]
    if any(own.was_told for own in without):
        words.append("warm_start.folder")
    but = f" and without {' and '.join(words)}" if words else ""
    return f"There is no random search on {spaces} to compare with. Run the same command with search=random{but}."


def _describe(found: EqualCost, place: int) -> str:
    """Says how one strategy compares with random search, and how much its winners look better than they are."""
    own, against = found.contenders[place], found.against_random[place]
    parts = []
    if against:
        size = _difference(found, found.signed(fmean(against.differences)))
        test = (
            "not tested" if against.p is None else f"p = {against.p:.2g} over study seeds, corrected for all strategies"
        )
        cost = f"{against.multiple} times the unit's cost" if found.unit else f"{against.multiple}x"
        parts.append(f"is {size} from random search at {cost} in {against.split} score ({test})")
    if own.optimism is not None:
        more = "more" if own.optimism >= 0 else "less"
        parts.append(
            f"picked its winners from {own.trials:.3g} trials, by which they lose "
            f"{_difference(found, abs(own.optimism)).lstrip('+')} {more} from validation to test than the mean trial "
            "(selection bias)"
        )
    if found.unit and (seconds := own.expected_s(found.signed(found.unit.val))):
        parts.append(f"reaches the unit's validation score after {describe_s(seconds)} in expectation")
    return f"{own.name} {', '.join(parts)}." if parts else ""


def _difference(found: EqualCost, value: float) -> str:
    return f"{100 * value:+.2f} points" if found.score.metric == "accuracy" else f"{value:+.3g}"
