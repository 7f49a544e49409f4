"""How many times as much a search of the whole grid costs as the unit.

A search trains every model once: its cost is the sum over models of each model's mean over its seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from mgu.report.cost_kinds import ENERGIES, NAMES, CostKind, amount, incomparable, is_known, method_note, times
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.validity import has_own_processor_time, is_disturbed, is_short
from mgu.results.result import Result


@dataclass(frozen=True)
class Ratio:
    """Holds the cost of the grid search divided by that of the unit.

    Attributes:
        kind: The kind of cost.
        value: The ratio; None where the costs cannot be compared.
        note: The reason why they cannot be compared, else the method of measurement where there are several.
    """

    kind: CostKind
    value: float | None
    note: str = ""

    @property
    def text(self) -> str:
        """The ratio for people, or why there is none."""
        if self.value is None:
            return f"{NAMES[self.kind]} cannot be compared ({self.note})"
        return f"{times(self.value)} in {NAMES[self.kind]}" + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True)
class Charge:
    """Holds the ratios by one way of counting runs that diverged or failed.

    Attributes:
        title: The runs that count.
        ratios: One ratio for each kind of cost.
        num_grid: Number of baselines that were measured alone, whose time and energy count.
        num_units: Number of units whose time and energy count.
        name: What the grid is relative to.
    """

    title: str
    ratios: tuple[Ratio, ...]
    num_grid: int
    num_units: int
    name: str = "the unit"

    @property
    def text(self) -> str:
        """One sentence with all ratios."""
        ratios = ", ".join(ratio.text for ratio in self.ratios)
        return f"The grid search costs, relative to {self.name} ({self.title}): {ratios}."

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

    def always(result: Result) -> bool:
        return True

    rows = table.unit_models if units is None else units
    grid_ok = all(is_ok(result) for row in table.baselines for result in row.results)
    units_ok = all(is_ok(result) for row in rows for result in row.results)
    chosen = {"all runs counted": (always, always)}
    if not units_ok:
        chosen["diverged and failed units not counted"] = (always, is_ok)
    if not grid_ok:
        chosen["diverged and failed runs not counted"] = (is_ok, is_ok)
    found = []
    for title, (of_grid, of_units) in chosen.items():
        ratios = _ratios(table.baselines, rows, of_grid, of_units)
        alone = len(measured(table.baselines, of_grid)), len(measured(rows, of_units))
        found += [Charge(title, ratios, *alone, name)] * bool(ratios)
    return found


def cost_ratios(first: Sequence[Row], second: Sequence[Row]) -> tuple[Ratio, ...]:
    """Computes the costs of some models relative to those of others, by the runs that were measured alone.

    Args:
        first: The models whose cost is divided.
        second: The models by whose cost it is divided.

    Returns:
        One ratio for each kind of cost; none of time and energy where a model has no run that was measured alone and
        without interruption.
    """

    def always(result: Result) -> bool:
        return True

    sides = [measured(rows, always) for rows in (first, second)]
    if len(sides[0]) < len(first) or len(sides[1]) < len(second):
        own = _processor_ratio(first, second, always, always)
        return (own,) if own else ()
    return _ratios(first, second, always, always)


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
    """Returns the ratios; none of a kind of cost where a side has no run that counts."""
    alone = measured(first, of_first), measured(second, of_second)
    is_whole = len(alone[0]) == len(first) and len(alone[1]) == len(second)
    found = []
    for kind in NAMES:
        ratio = _processor_ratio(first, second, of_first, of_second) if kind == "processor" else None
        if ratio is None and all(alone) and (is_whole or kind != "processor"):
            ratio = _ratio(kind, *alone)
        found += [ratio] if ratio else []
    return tuple(found)


def _processor_ratio(
    first: Sequence[Row],
    second: Sequence[Row],
    of_first: Callable[[Result], bool],
    of_second: Callable[[Result], bool],
) -> Ratio | None:
    """Returns the ratio of processor times, which other work on the machine hardly changes.

    None where a model has counted runs, but none whose processor time is its own: without it a side would be cheaper.
    """
    sides = []
    for rows, is_counted in ((first, of_first), (second, of_second)):
        timed = [row for row in rows if any(r.seconds and is_counted(r) for r in row.results)]
        own = [[r for r in row.cost.on_processor if is_counted(r) and has_own_processor_time(r)] for row in timed]
        if not own or not all(own):
            return None
        sides.append(own)
    return _ratio("processor", sides[0], sides[1])


def _ratio(kind: CostKind, grid: list[list[Result]], units: list[list[Result]]) -> Ratio | None:
    """Returns the ratio of one kind of cost; None where no run has any."""
    if not any(is_known(result, kind) for models in (*grid, *units) for result in models):
        return None
    if kind in ENERGIES:  # the seeds that ran long enough stand for their model
        grid, units = ([[r for r in results if not is_short(r)] for results in side] for side in (grid, units))
    results = [result for models in (*grid, *units) for result in models]
    if reason := incomparable(kind, grid + units):
        return Ratio(kind, None, reason)
    of_grid, of_units = (sum(fmean(amount(r, kind) or 0.0 for r in runs) for runs in side) for side in (grid, units))
    if not of_units:
        return None
    return Ratio(kind, of_grid / of_units, method_note(results, kind))
