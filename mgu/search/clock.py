"""Clocks: by what the cost of a search is counted, so that searches are compared where each has spent the same of it.

Time on the wall is what a user waits. Processor time is what a trial takes of CPUs and not what it waits for them;
work on the other thread of a core makes it longer, too. Energy counts where an instrument measured it, by part of the
machine and instrument, and is never added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mgu.results.schema.energy import SHORT_S, describe_method, is_measured
from mgu.search.strategy import Cost


@dataclass(frozen=True)
class Clock:
    """Holds a way of counting.

    Attributes:
        name: "seconds", "cpu_seconds", or a part of the machine with the instrument, as "gpu nvml_power".
        title: What it counts, in words.
        unit: Unit of what it shows.
        scale: By which what it counts is multiplied to be in this unit.
        key: Ending of the names of columns for machines: what it counts in.
    """

    name: str
    title: str
    unit: str = "s"
    scale: float = 1.0
    key: str = "s"

    def of(self, cost: Cost, to_solution_s: float | None = None) -> float | None:
        """Returns what a trial cost, see `amounts`; None: it does not tell."""
        return cost.seconds if self.name == "seconds" else amounts(cost, 0.0, to_solution_s).get(self.name)

    def write(self, amount: float) -> str:
        """Writes an amount with its unit, to three digits."""
        return f"{self.scale * amount:.3g} {self.unit}"


WALL = Clock("seconds", "time")
PROCESSOR = Clock("cpu_seconds", "processor time")


def energy_clock(name: str) -> Clock:
    """Returns the clock of a part of the machine and an instrument.

    Args:
        name: Its name as `amounts` has it, as "gpu nvml_power".

    Returns:
        The clock, which counts kilowatt-hours and shows watt-hours.
    """
    part, method = name.split(" ", 1)
    return Clock(name, f"{part.upper()} energy ({describe_method(method)})", "Wh", 1000.0, "kwh")


def amounts(cost: Cost, ask_s: float, to_solution_s: float | None) -> dict[str, float]:
    """Returns what a trial cost on other clocks than the wall's, by their names.

    Args:
        cost: Of the trial.
        ask_s: Seconds of the strategy, which are processor time as well; nothing measures its energy.
        to_solution_s: Seconds over which the energy of its run was measured. Of a short run it is not known.

    Returns:
        What is known, in seconds and kilowatt-hours.
    """
    spent = {} if cost.cpu_seconds is None else {PROCESSOR.name: cost.cpu_seconds + ask_s}
    if to_solution_s is not None and to_solution_s >= SHORT_S:
        energy: Mapping[str, float] = cost.kwh or {}
        spent |= {name: kwh for name, kwh in energy.items() if is_measured(name.split(" ", 1)[1])}
    return spent
