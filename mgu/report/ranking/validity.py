"""Rules that say which measurements of a run can be compared: not those of short, disturbed or starved runs."""

from __future__ import annotations

from mgu.results.schema.energy import SHORT_S, Component
from mgu.results.schema.result import Result

STARVED = 0.8  # an undisturbed run on a CPU uses the processor for at least this share of its time


def is_disturbed(result: Result) -> bool:
    """Tells whether the time and energy are not those of one uninterrupted run that had the machine to itself."""
    return result.contended or result.resumed > 0


def is_short(result: Result) -> bool:
    """Tells whether the run ended before its energy could be read often enough."""
    return result.seconds is not None and result.seconds.to_solution < SHORT_S


def is_starved(result: Result) -> bool:
    """Tells whether a run on a CPU waited, or shared the processor with other work, for a good part of its time."""
    if not (result.device or "").startswith("cpu"):
        return False
    if use := result.processor:
        return use.seconds < STARVED * use.wall_s
    energy = result.energy
    return energy is not None and energy.cpu_seconds < STARVED * energy.tracked_s


def has_own_processor_time(result: Result) -> bool:
    """Tells whether processor time is the cost of a run alone, whatever else the machine did meanwhile."""
    on_cpu = (result.device or "").startswith("cpu")
    return on_cpu and result.trained_together == 1 and bool(result.cpu_s)


def component_of(result: Result, part: str) -> Component | None:
    """Returns the energy of "cpu", "gpu" or "ram"; None where it is not known, or the machine has no such part.

    It is not known of a run without energy, and of one that was too short for a reading.
    """
    if result.energy is None or part in result.energy.unread:
        return None
    component: Component = getattr(result.energy, part)
    return None if component.method == "none" else component
