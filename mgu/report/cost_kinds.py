"""The kinds of cost: how much of each a run took, by which method, and why those of some runs cannot be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mgu.console.text import count
from mgu.report.modelled_energy import basis, comparable_kg, comparable_kwh, is_modelled, obstacle
from mgu.report.ranking.validity import component_of, is_disturbed, is_starved
from mgu.report.utilisation import compare_utilisation
from mgu.results.schema.energy import SHORT_S, describe_method
from mgu.results.schema.result import Result
from mgu.text.agree import agree

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


def is_known(result: Result, kind: CostKind) -> bool:
    """Tells whether a run has the cost at all, comparable or not."""
    if kind == "co2":
        return bool(result.energy and result.energy.emissions_kg)
    if kind in ENERGIES:
        return bool((component := component_of(result, kind)) and component.kwh)
    return bool(amount(result, kind))


def method_note(first: Sequence[Result], second: Sequence[Result], kind: CostKind) -> str:
    """Returns how the costs of two sides were determined, where that has to be said.

    Processor times come with the load that both sides had; energy that is modelled by them, where it was unequal.
    """
    results = [*first, *second]
    by_time = basis(results) if kind in ("cpu", "co2") else ""
    if by_time and is_unequal(first, second, kind):
        by_time += f", {compare_utilisation(first, second).text}"
    if kind == "processor":
        shared = "; some runs shared the machine" if any(map(is_disturbed, results)) else ""
        return f"measured{shared}; {compare_utilisation(first, second).text}"
    if kind == "co2":
        of_cpu = f"; CPU: {by_time}" if by_time else ""
        return f"all parts, estimated at the carbon intensity of {'+'.join(places(results))}{of_cpu}"
    methods = _methods(results, kind)
    note = describe_method(methods.pop()) if methods else ""
    return f"{note}: {by_time}" if by_time else note


def is_unequal(first: Sequence[Result], second: Sequence[Result], kind: CostKind) -> bool:
    """Tells whether a ratio goes by processor times that were measured under unequal load."""
    by_processor = kind == "processor" or (kind in ("cpu", "co2") and bool(basis([*first, *second])))
    return by_processor and not compare_utilisation(first, second).are_equal


def not_alone(lacking: int, models: int) -> str:
    """Returns why there is no ratio of time or energy where some models were never measured alone."""
    has = agree(lacking, "has", "have")
    return f"{lacking} of {count(models, 'model')} {has} no run that was measured alone and without interruption"


def incomparable(kind: CostKind, models: list[list[Result]]) -> str | None:
    """Returns why there is no ratio; None where there is one."""
    results = [result for results_of_model in models for result in results_of_model]
    if len({result.start_sha256 for result in results}) > 1:  # from the same weights, all lack the same cost
        return "trained weights that runs start from are not charged"
    if too_short := sum(not results_of_model for results_of_model in models):
        return f"too few energy readings: {too_short} of {count(len(models), 'model')} ran under {SHORT_S:.0f} s"
    by_processor = kind == "processor" or (kind == "cpu" and any(map(is_modelled, results)))  # waits for nothing
    if not by_processor and (starved := sum(map(is_starved, results))):
        return f"other work used the machine during {starved} of {count(len(results), 'run')}"
    if kind in ENERGIES and any(result.energy is None for result in results):
        return "not known for every run"
    if reason := _unlike(results, kind):
        return reason
    return "not known for every run" if any(amount(result, kind) is None for result in results) else None


def _unlike(results: Sequence[Result], kind: CostKind) -> str | None:
    """Returns what differs in how the costs were determined; None where nothing does."""
    methods = _methods(results, kind)
    if len(methods) > 1:
        return f"methods {' and '.join(sorted(methods))}"
    if kind == "co2" and len(names := places(results)) > 1:
        return f"carbon intensities of {' and '.join(names)}"
    return obstacle(results) if kind in ("cpu", "co2") else None


def places(results: Sequence[Result]) -> list[str]:
    """Returns the places whose carbon intensity the emissions assume, such as ["DEU"]; [] where there are none."""
    return sorted({place for result in results if result.energy and (place := result.energy.place)})


def amount(result: Result, kind: CostKind) -> float | None:
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
