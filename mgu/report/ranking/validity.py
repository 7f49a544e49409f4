"""Which measurements of a run can be compared: not those of short, disturbed or starved runs."""

from __future__ import annotations

from mgu.results.result import Component, Result

SHORT_S = 10.0  # a shorter run gives codecarbon too few readings


STARVED = 0.8  # of its time a run on a CPU has the processor where nobody else wants it


def is_disturbed(result: Result) -> bool:
    """Whether its time and energy are not those of one run on its own."""
    return result.contended or result.resumed > 0


def is_short(result: Result) -> bool:
    """Whether it was over before its energy could be read often enough."""
    return result.seconds is not None and result.seconds.to_solution < SHORT_S


def is_starved(result: Result) -> bool:
    """Whether it is of a CPU that was busy with something else, or waited, for a good part of its time."""
    energy = result.energy
    if energy is None or not (result.device or "").startswith("cpu"):
        return False
    return energy.cpu_seconds < STARVED * energy.tracked_s


def component_of(result: Result, part: str) -> Component | None:
    """Energy of "cpu", "gpu" or "ram"; None where it was not measured or there was nothing to count."""
    if result.energy is None:
        return None
    component: Component = getattr(result.energy, part)
    return None if component.method == "none" else component
