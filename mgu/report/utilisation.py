"""How busy the machine was while the processor times of two sides were measured: other work makes them longer.

Work that waits for a processor takes none of its time, but work on the other hardware thread of a core slows this one:
trainings of MNIST took 1.55 to 1.68 times the processor time an epoch while another ran there. The first shows in how
much longer the wall clock ran, the second in how busy the machine was. Threads of one run share cores just so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import NamedTuple

from mgu.results.schema.result import Result

ALIKE = 1.15  # factor by which wall clock / processor time of two sides may differ under equal conditions
ALIKE_BUSY = 0.1  # share of the machine that may be busier: up to half of it, a second thread of each core, takes 1.7x
OTHER_WORK = "other work makes it longer, too: up to 1.7 times was seen where two threads share a core"

Pair = tuple[float | None, float | None]


class Utilisation(NamedTuple):
    """Holds the utilisation of the machine under two sides, each the mean over its runs; None where no run tells it.

    Attributes:
        wall: Wall clock / processor time of each.
        machine: Share of the machine's processors that any program kept busy meanwhile.
        on_cpu: Whether all were trained on CPUs; for a GPU a run waits as it must.
    """

    wall: Pair
    machine: Pair
    on_cpu: bool

    @property
    def are_equal(self) -> bool:
        """Whether nothing that is known tells that processor times were measured under unequal conditions."""
        if not self.on_cpu:
            return True
        (first, second), (first_busy, second_busy) = self.wall, self.machine
        is_wall_alike = not (first and second) or max(first, second) <= ALIKE * min(first, second)
        if first_busy is None or second_busy is None:
            return is_wall_alike
        return is_wall_alike and abs(first_busy - second_busy) <= ALIKE_BUSY

    @property
    def text(self) -> str:
        """Both utilisations for people, and whether they are unequal."""
        (first, second), (first_busy, second_busy) = self.wall, self.machine
        parts = []
        if first and second:
            parts.append(f"wall clock / processor time {first:.2f} against {second:.2f}")
        if first_busy is not None and second_busy is not None:
            parts.append(f"machine {first_busy:.0%} against {second_busy:.0%} busy")
        if not parts:
            return "under a load that is not known"
        if not self.are_equal:
            parts.append("so not of equal conditions")
        return ", ".join(parts)


def compare_utilisation(first: Sequence[Result], second: Sequence[Result]) -> Utilisation:
    """Compares how busy the machine was while the runs of two sides were measured.

    Args:
        first: Of the side whose cost is divided.
        second: Of the other.

    Returns:
        The means over the runs of each.
    """
    wall, machine = ((_mean(of, first), _mean(of, second)) for of in (_wall, _machine))
    return Utilisation(wall, machine, all((result.device or "").startswith("cpu") for result in (*first, *second)))


def _mean(of: Callable[[Result], float | None], results: Sequence[Result]) -> float | None:
    known = [value for result in results if (value := of(result)) is not None]
    return fmean(known) if known else None


def _wall(result: Result) -> float | None:
    """Returns wall clock / processor time; of results of earlier versions, over which energy was measured."""
    if use := result.processor:
        return use.wall_s / use.seconds if use.seconds else None
    return result.energy.tracked_s / result.energy.cpu_seconds if result.energy and result.energy.cpu_seconds else None


def _machine(result: Result) -> float | None:
    return result.processor.load if result.processor else None
