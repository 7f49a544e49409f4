"""What a search of the whole grid takes, what the unit takes, and by how many times the one is dearer.

A search trains every model once: its cost is the sum over models of each one's mean over its seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from mgu.report.ranking.rank import Row, Table
from mgu.report.ranking.validity import SHORT_S, component_of, is_disturbed, is_short, is_starved
from mgu.results.result import Result, describe_method

Kind = Literal["time", "cpu", "gpu", "processor", "co2"]
CLAIMED, CLAIMED_OF = 10, 24  # times as dear is a search, over so many models
ENERGIES = ("cpu", "gpu", "co2")
NAMES: dict[Kind, str] = {
    "time": "time",
    "cpu": "CPU energy",
    "gpu": "GPU energy",
    "processor": "processor time (measured)",
    "co2": "CO2",
}


@dataclass(frozen=True)
class Ratio:
    """Grid over unit; `value` is None where they cannot be compared, for the reason that `note` gives. Otherwise `note`
    is the method, where there is more than one.
    """

    kind: Kind
    value: float | None
    note: str = ""

    @property
    def text(self) -> str:
        if self.value is None:
            return f"{NAMES[self.kind]} not comparable ({self.note})"
        return f"{_times(self.value)} in {NAMES[self.kind]}" + (f" ({self.note})" if self.note else "")


def _times(ratio: float) -> str:
    return f"{ratio:.1f}x" if ratio >= 0.95 else f"{ratio:.2g}x"


@dataclass(frozen=True)
class Charge:
    """Ratios by one way of charging runs that diverged or failed."""

    title: str
    ratios: tuple[Ratio, ...]
    num_grid: int  # models that are in them
    num_units: int

    @property
    def text(self) -> str:
        return f"{self.title}: {', '.join(ratio.text for ratio in self.ratios)}."

    @property
    def time(self) -> float | None:
        return self.ratios[0].value


def charges(table: Table) -> list[Charge]:
    """Everything charged; the units that diverged or failed not; nothing that did on either side. Of those that come
    to the same, one.
    """

    def is_ok(result: Result) -> bool:
        return result.status == "ok"

    def always(result: Result) -> bool:
        return True

    grid_ok = all(is_ok(result) for row in table.baselines for result in row.results)
    units_ok = all(is_ok(result) for row in table.units for result in row.results)
    found = [_charge("Grid / unit" if units_ok and grid_ok else "Grid / unit, all runs charged", table, always, always)]
    if not units_ok:
        title = "Grid / unit, diverged and failed units not charged"
        found.append(_charge(title, table, always, is_ok))
    if not grid_ok:
        found.append(_charge("Grid / unit, no diverged or failed run charged", table, is_ok, is_ok))
    return [charge for charge in found if charge]


def _charge(
    title: str, table: Table, of_grid: Callable[[Result], bool], of_units: Callable[[Result], bool]
) -> Charge | None:
    """None where a side has no run that was measured on its own."""
    grid = _measured(table.baselines, of_grid)
    units = _measured(table.units, of_units)
    if not (grid and units):
        return None
    ratios = [_ratio(kind, grid, units) for kind in NAMES]
    return Charge(title, tuple(ratio for ratio in ratios if ratio), len(grid), len(units))


def _measured(rows: Sequence[Row], is_charged: Callable[[Result], bool]) -> list[list[Result]]:
    """Of each model, the runs to be charged that were on their own and in one go."""
    models = [[r for r in row.results if r.seconds and is_charged(r) and not is_disturbed(r)] for row in rows]
    return [results for results in models if results]


def _ratio(kind: Kind, grid: list[list[Result]], units: list[list[Result]]) -> Ratio | None:
    """None where nobody has any of it."""
    if not any(_amount(result, kind) for models in (*grid, *units) for result in models):
        return None
    if kind in ENERGIES:  # of a model that ran longer with another seed, that one counts
        grid, units = ([[r for r in results if not is_short(r)] for results in side] for side in (grid, units))
    results = [result for models in (*grid, *units) for result in models]
    if reason := _incomparable(kind, grid + units):
        return Ratio(kind, None, reason)
    of_grid, of_units = (sum(fmean(_amount(r, kind) or 0.0 for r in runs) for runs in side) for side in (grid, units))
    if not of_units:
        return None
    methods = _methods(results, kind)
    return Ratio(kind, of_grid / of_units, describe_method(methods.pop()) if methods else _always(kind))


def _incomparable(kind: Kind, models: list[list[Result]]) -> str | None:
    """Why there is no ratio; None where there is one."""
    results = [result for own in models for result in own]
    if too_short := sum(not own for own in models):
        return f"{too_short} of {len(models)} models ran under {SHORT_S:.0f} s"
    if kind == "time" and (starved := sum(map(is_starved, results))):
        return f"the machine had other work during {starved} of {len(results)} runs"
    if any(_amount(result, kind) is None for result in results):
        return "not known of every run"
    methods = _methods(results, kind)
    return f"methods {' and '.join(sorted(methods))}" if len(methods) > 1 else None


def _amount(result: Result, kind: Kind) -> float | None:
    """In seconds, kWh or kg."""
    if kind == "time":
        return result.seconds.to_solution if result.seconds else None
    if result.energy is None:
        return None
    if kind == "processor":
        return result.energy.cpu_seconds
    if kind == "co2":
        return result.energy.emissions_kg
    component = component_of(result, kind)
    return component.kwh if component else None


def _methods(results: Sequence[Result], kind: Kind) -> set[str]:
    """That the amounts were come by; of CO2, which is of all parts, all of them together."""
    if kind in ("cpu", "gpu"):
        return {component.method for result in results if (component := component_of(result, kind))}
    if kind == "co2":
        parts = ("cpu", "gpu", "ram")
        every = {" + ".join(c.method if (c := component_of(r, part)) else "none" for part in parts) for r in results}
        return every if len(every) > 1 else set()
    return set()


def _always(kind: Kind) -> str:
    return "all parts, estimated" if kind == "co2" else ""


def describe_costs(table: Table) -> list[str]:
    """What each side took, then the ratios, and what they lack."""
    grid, units = table.baselines, table.units
    lines = [f"{name}: {_describe(rows)}." for name, rows in (("Grid", grid), ("Unit", units)) if rows]
    if not (grid and units):
        return lines
    found = charges(table)
    if not found:
        lacks_grid = not _measured(grid, lambda result: True)
        missing = "baseline" if lacks_grid else "unit"
        return [*lines, f"Grid / unit: no ratio, for no {missing} was measured on its own and in one go."]
    alone, units_alone = found[0].num_grid, found[0].num_units
    if alone < len(grid) or units_alone < len(units):
        lines.append(
            f"In the ratios are the {alone} of {len(grid)} baselines and {units_alone} of {len(units)} units "
            "that were measured on their own and in one go; a grid that lacks some costs less than it would."
        )
    return [*lines, *(charge.text for charge in found), *_tenth(found[0], len(grid))]


def _tenth(charge: Charge, num_baselines: int) -> list[str]:
    """What the paper claims of a search over 24 models, and more."""
    known = [ratio for ratio in charge.ratios if ratio.value is not None]
    if num_baselines < CLAIMED_OF or not known:
        return []
    sides = {
        "is": [ratio.text for ratio in known if (ratio.value or 0.0) >= CLAIMED],
        "is not": [ratio.text for ratio in known if (ratio.value or 0.0) < CLAIMED],
    }
    said = [f"{word} borne out by {' and '.join(texts)}" for word, texts in sides.items() if texts]
    return [f"That a unit costs a tenth of the grid {', '.join(said)}."]


def _describe(rows: Sequence[Row]) -> str:
    """Of one search; where there are seeds, each model counts with its mean."""
    runs = sum(len(row.runs) for row in rows)
    has_seeds = runs > len(rows)
    count = f"{runs} run{'s' * (runs != 1)}"
    if has_seeds:
        count = f"{len(rows)} model{'s' * (len(rows) != 1)} in {count}; each once, by the mean over its seeds"
    times = [[r.seconds.to_solution for r in row.charged if r.seconds] for row in rows]
    parts = [count, f"{sum(fmean(own) for own in times if own):,.0f} s to solution (wall clock)"]
    for part in ("cpu", "gpu"):
        components = [[c for r in row.charged if (c := component_of(r, part))] for row in rows]
        known = [own for own in components if own]
        if known:
            method = "+".join(sorted({name for own in known for c in own for name in c.method.split("+")}))
            wh = 1000 * sum(fmean(c.kwh for c in own) for own in known)
            parts.append(f"{part.upper()} {wh:,.3g} Wh ({describe_method(method)})")
    energies = [[r.energy for r in row.charged if r.energy] for row in rows]
    known_energies = [own for own in energies if own]
    if known_energies:
        grams = 1000 * sum(fmean(energy.emissions_kg for energy in own) for own in known_energies)
        processor_s = sum(fmean(energy.cpu_seconds for energy in own) for own in known_energies)
        parts += [f"{grams:,.3g} g of CO2 (all parts, estimated)", f"{processor_s:,.0f} s of processor time (measured)"]
    lacking = sum(result.energy is None for row in rows for result in row.results)
    if lacking:
        parts.append(f"energy and processor time of {lacking} not known and not in the sums")
    if untimed := sum(result.seconds is None for row in rows for result in row.results):
        parts.append(f"time of {untimed} that failed not known and not in the sum")
    return ", ".join(parts)
