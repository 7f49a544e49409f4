"""How many times as much a search of the whole grid costs as the unit.

A search trains every model once: its cost is the sum over models of each model's mean over its seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from mgu.report.modelled_energy import basis, comparable_kg, comparable_kwh, obstacle
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.validity import (
    SHORT_S,
    component_of,
    has_own_processor_time,
    is_disturbed,
    is_short,
    is_starved,
)
from mgu.results.result import Result, describe_method

CostKind = Literal["time", "cpu", "gpu", "processor", "co2"]
ENERGIES = ("cpu", "gpu", "co2")
NAMES: dict[CostKind, str] = {
    "time": "time",
    "cpu": "CPU energy",
    "gpu": "GPU energy",
    "processor": "processor time",
    "co2": "CO2",
}


def times(ratio: float) -> str:
    """Formats a ratio of costs, such as 12.4x."""
    return f"{ratio:.1f}x" if ratio >= 0.95 else f"{ratio:.2g}x"


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
        return tuple(_ratios(first, second, always, always, only=("processor",)))
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
    only: Sequence[CostKind] = tuple(NAMES),
) -> tuple[Ratio, ...]:
    """Returns the ratios; none of a kind of cost where a side has no run that counts."""
    alone = measured(first, of_first), measured(second, of_second)
    # Other work on the machine hardly changes the processor time of a process.
    shared = _with_processor_time(first, of_first), _with_processor_time(second, of_second)
    found = []
    is_whole = len(alone[0]) == len(first) and len(alone[1]) == len(second)
    for kind in only:
        sides = shared if kind == "processor" and all(shared) and not is_whole else alone
        if all(sides) and (ratio := _ratio(kind, *sides)):
            found.append(ratio)
    return tuple(found)


def _with_processor_time(rows: Sequence[Row], is_counted: Callable[[Result], bool]) -> list[list[Result]]:
    """Returns for each model the counted runs whose processor time is their own, if there are any."""
    models = [[r for r in row.results if r.seconds and is_counted(r) and has_own_processor_time(r)] for row in rows]
    return [results for results in models if results]


def _ratio(kind: CostKind, grid: list[list[Result]], units: list[list[Result]]) -> Ratio | None:
    """Returns the ratio of one kind of cost; None where no run has any."""
    if not any(_is_known(result, kind) for models in (*grid, *units) for result in models):
        return None
    if kind in ENERGIES:  # the seeds that ran long enough stand for their model
        grid, units = ([[r for r in results if not is_short(r)] for results in side] for side in (grid, units))
    results = [result for models in (*grid, *units) for result in models]
    if reason := _incomparable(kind, grid + units):
        return Ratio(kind, None, reason)
    of_grid, of_units = (sum(fmean(_amount(r, kind) or 0.0 for r in runs) for runs in side) for side in (grid, units))
    if not of_units:
        return None
    return Ratio(kind, of_grid / of_units, _method_note(results, kind))


def _method_note(results: Sequence[Result], kind: CostKind) -> str:
    """Returns how the costs of one kind were determined, where that has to be said."""
    by_time = basis(results) if kind in ("cpu", "co2") else ""
    if kind == "processor":
        return "measured" + "; some runs shared the machine" * any(map(is_disturbed, results))
    if kind == "co2":
        return (
            f"all parts, estimated at the carbon intensity of {'+'.join(places(results))}"
            + f"; CPU: {by_time}" * bool(by_time)
        )
    methods = _methods(results, kind)
    note = describe_method(methods.pop()) if methods else ""
    return f"{note}: {by_time}" if by_time else note


def _incomparable(kind: CostKind, models: list[list[Result]]) -> str | None:
    """Returns why there is no ratio; None where there is one."""
    results = [result for own in models for result in own]
    if too_short := sum(not own for own in models):
        return f"too few energy readings: {too_short} of {len(models)} models ran under {SHORT_S:.0f} s"
    if kind == "time" and (starved := sum(map(is_starved, results))):
        return f"other work used the machine during {starved} of {len(results)} runs"
    if kind in ENERGIES and any(result.energy is None for result in results):
        return "not known for every run"
    if reason := _unlike(results, kind):
        return reason
    return "not known for every run" if any(_amount(result, kind) is None for result in results) else None


def _unlike(results: Sequence[Result], kind: CostKind) -> str | None:
    """Returns what differs in how the costs were determined; None where nothing does."""
    methods = _methods(results, kind)
    if len(methods) > 1:
        return f"methods {' and '.join(sorted(methods))}"
    if kind == "co2" and len(found := places(results)) > 1:
        return f"carbon intensities of {' and '.join(found)}"
    return obstacle(results) if kind in ("cpu", "co2") else None


def _is_known(result: Result, kind: CostKind) -> bool:
    """Tells whether a run has the cost at all, comparable or not."""
    if kind == "co2":
        return bool(result.energy and result.energy.emissions_kg)
    if kind in ENERGIES:
        return bool((component := component_of(result, kind)) and component.kwh)
    return bool(_amount(result, kind))


def places(results: Sequence[Result]) -> list[str]:
    """Returns the places whose carbon intensity the emissions assume, such as ["DEU"]; [] where there are none."""
    return sorted({place for result in results if result.energy and (place := result.energy.place)})


def _amount(result: Result, kind: CostKind) -> float | None:
    """Returns the cost in seconds, kWh or kg, as ratios count it."""
    if kind == "time":
        return result.seconds.to_solution if result.seconds else None
    if kind == "processor":
        return result.cpu_s
    if result.energy is None:
        return None
    if kind == "co2":
        return comparable_kg(result)
    if kind == "cpu":
        return comparable_kwh(result)
    component = component_of(result, kind)
    return component.kwh if component else None


def _methods(results: Sequence[Result], kind: CostKind) -> set[str]:
    """Returns the methods of measurement; for CO2, which counts all parts, their combinations if these differ."""
    if kind in ("cpu", "gpu"):
        return {component.method for result in results if (component := component_of(result, kind))}
    if kind == "co2":
        parts = ("cpu", "gpu", "ram")
        every = {" + ".join(c.method if (c := component_of(r, part)) else "none" for part in parts) for r in results}
        return every if len(every) > 1 else set()
    return set()
