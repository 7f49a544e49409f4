"""How many times as much a search of the whole grid costs as the unit.

A search trains every model once: its cost is the sum over models of each model's mean over its seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from mgu.report.cost_kinds import (
    ENERGIES,
    NAMES,
    CostKind,
    amount,
    incomparable,
    is_known,
    is_unequal,
    method_note,
    not_alone,
    times,
)
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.validity import has_own_processor_time, is_disturbed, is_short
from mgu.results.schema.result import Result


@dataclass(frozen=True)
class Ratio:
    """Holds the cost of the grid search divided by that of the unit.

    Attributes:
        kind: The kind of cost.
        value: The ratio; None where the costs cannot be compared.
        note: The reason why they cannot be compared, else the method of measurement where there are several.
        is_unequal: Whether it is of processor times under unequal load.
    """

    kind: CostKind
    value: float | None
    note: str = ""
    is_unequal: bool = False

    @property
    def text(self) -> str:
        """The ratio for people, or why there is none."""
        return describe_ratios([self])


def describe_ratios(ratios: Sequence[Ratio]) -> str:
    """Writes ratios for people, and why there are none; kinds of cost that lack one for the same reason together."""
    parts: dict[str, None] = {}
    for ratio in ratios:
        if ratio.value is not None:
            parts[f"{times(ratio.value)} in {NAMES[ratio.kind]}" + (f" ({ratio.note})" if ratio.note else "")] = None
            continue
        *others, last = [NAMES[other.kind] for other in ratios if other.value is None and other.note == ratio.note]
        names = f"{', '.join(others)} and {last}" if others else last
        parts[f"{names} cannot be compared ({ratio.note})"] = None
    return ", ".join(parts)


@dataclass(frozen=True)
class Charge:
    """Holds the ratios by one way of counting runs that diverged or failed.

    Attributes:
        title: The runs that count.
        ratios: One ratio for each kind of cost.
        name: What the grid is relative to.
    """

    title: str
    ratios: tuple[Ratio, ...]
    name: str = "the unit"

    @property
    def text(self) -> str:
        """One sentence with all ratios."""
        return f"The grid search costs, relative to {self.name} ({self.title}): {describe_ratios(self.ratios)}."

    def value(self, kind: CostKind) -> float | None:
        """Returns the ratio of one kind of cost; None where there is none."""
        return next((ratio.value for ratio in self.ratios if ratio.kind == kind), None)


def charges(table: Table, units: Sequence[Row] | None = None, name: str = "the unit") -> list[Charge]:
    """Computes cost ratios with and without the runs that diverged or failed.

    Args:
        table: A ranked table.
        units: The models of one kind of unit; None for all units.
        name: What they are called.

    Returns:
        First with all runs; then without diverged and failed units, and without any such run, where these differ.
    """

    def is_ok(result: Result) -> bool:
        return result.status == "ok"

    rows = table.unit_models if units is None else units
    grid_ok = all(is_ok(result) for row in table.baselines for result in row.results)
    units_ok = all(is_ok(result) for row in rows for result in row.results)
    chosen = {"all runs counted": (_always, _always)}
    if not units_ok:
        chosen["diverged and failed units not counted"] = (_always, is_ok)
    if not grid_ok:
        chosen["diverged and failed runs not counted"] = (is_ok, is_ok)
    by_title = {title: _ratios(table.baselines, rows, *counted) for title, counted in chosen.items()}
    return [Charge(title, ratios, name) for title, ratios in by_title.items() if ratios]


def cost_ratios(first: Sequence[Row], second: Sequence[Row]) -> tuple[Ratio, ...]:
    """Computes the costs of some models relative to those of others, by the runs that were measured alone.

    Args:
        first: The models whose cost is divided.
        second: The models by whose cost it is divided.

    Returns:
        One ratio for each kind of cost; that of time and energy has no value where a model has no run that was measured
        alone and without interruption.
    """
    return _ratios(first, second, _always, _always)


def _always(result: Result) -> bool:
    return True


def measured(rows: Sequence[Row], is_counted: Callable[[Result], bool]) -> list[list[Result]]:
    """Returns for each model the counted runs that were measured alone and without interruption, if there are any."""
    models = [[r for r in row.results if r.seconds and is_counted(r) and not is_disturbed(r)] for row in rows]
    return [results for results in models if results]


def _ratios(
    first: Sequence[Row],
    second: Sequence[Row],
    of_first: Callable[[Result], bool],
    of_second: Callable[[Result], bool],
) -> tuple[Ratio, ...]:
    """Returns the ratios of the costs that are known; none where a side has no run that counts.

    Where some models were not measured alone, the others are no side: part of a grid is cheaper than the grid.
    """
    sides = [
        [model for row in rows if (model := [result for result in row.results if is_counted(result)])]
        for rows, is_counted in ((first, of_first), (second, of_second))
    ]
    if not all(sides):
        return ()
    alone = measured(first, of_first), measured(second, of_second)
    models = [model for side in sides for model in side]
    lacking = len(models) - sum(map(len, alone))
    ratios: list[Ratio | None] = []
    for kind in NAMES:
        ratio = _processor_ratio(first, second, of_first, of_second) if kind == "processor" else None
        if ratio is None and lacking:
            is_there = any(is_known(result, kind) for model in models for result in model)
            ratio = Ratio(kind, None, not_alone(lacking, len(models))) if is_there else None
        elif ratio is None:
            ratio = _ratio(kind, *alone)
        ratios.append(ratio)
    return tuple(ratio for ratio in ratios if ratio)


def _processor_ratio(
    first: Sequence[Row],
    second: Sequence[Row],
    of_first: Callable[[Result], bool],
    of_second: Callable[[Result], bool],
) -> Ratio | None:
    """Returns the ratio of processor times, of disturbed runs as well: its note tells the load of both sides.

    None where a model has counted runs, but none whose processor time is its own: without it a side would be cheaper.
    """
    sides = []
    for rows, is_counted in ((first, of_first), (second, of_second)):
        timed = [row for row in rows if any(r.seconds and is_counted(r) for r in row.results)]
        models = [[r for r in row.cost.on_processor if is_counted(r) and has_own_processor_time(r)] for row in timed]
        if not models or not all(models):
            return None
        sides.append(models)
    return _ratio("processor", sides[0], sides[1])


def _ratio(kind: CostKind, grid: list[list[Result]], units: list[list[Result]]) -> Ratio | None:
    """Returns the ratio of one kind of cost; None where no run has any."""
    if not any(is_known(result, kind) for models in (*grid, *units) for result in models):
        return None
    if kind in ENERGIES:  # the seeds that ran long enough stand for their model
        grid, units = ([[r for r in results if not is_short(r)] for results in side] for side in (grid, units))
    if reason := incomparable(kind, grid + units):
        return Ratio(kind, None, reason)
    of_grid, of_units = (sum(fmean(amount(r, kind) or 0.0 for r in runs) for runs in side) for side in (grid, units))
    if not of_units:
        return None
    runs = [[result for model in side for result in model] for side in (grid, units)]
    return Ratio(kind, of_grid / of_units, method_note(runs[0], runs[1], kind), is_unequal(runs[0], runs[1], kind))
