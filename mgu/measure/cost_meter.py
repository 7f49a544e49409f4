"""What a run spends: its clock, its meter and the others on its machine, read as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from mgu.measure.contention import Presence
from mgu.measure.cost import Spent, share_of
from mgu.measure.energy import EnergyMeter, NoMeter
from mgu.measure.share import Alone
from mgu.measure.stopwatch import Clock
from mgu.results.result import Energy


@dataclass
class Spending:
    """From when `meter` and `presence` began. earlier: what the parts of an interrupted run before this one spent."""

    clock: Clock
    meter: EnergyMeter | NoMeter
    presence: Presence
    place: Alone
    earlier: Spent | None = None

    @property
    def so_far(self) -> Spent:
        """While it is measured; `clock` as of its last lap."""
        return self._add(self.meter.so_far(), self.presence.look())

    @property
    def total(self) -> Spent:
        """Once `meter` and `presence` have ended."""
        return self._add(self.meter.energy, self.presence.contended)

    def _add(self, energy: Energy | None, contended: bool) -> Spent:
        together = self.place.together
        energy = share_of(energy, self.place.part())
        part = Spent(self.clock.seconds, energy, contended or together > 1, together=together)
        return self.earlier + msgspec.structs.replace(part, resumed=1) if self.earlier else part


class TrainingFailed(Exception):  # noqa: N818 - it is an outcome
    """By `cause`; what was spent until then is part of what a search costs."""

    def __init__(self, cause: Exception, spent: Spent) -> None:
        super().__init__(str(cause))
        self.cause, self.spent = cause, spent


def as_fields(spent: Spent) -> dict[str, Any]:
    """Of a Result."""
    return {
        "seconds": spent.seconds,
        "energy": spent.energy,
        "contended": spent.contended,
        "resumed": spent.resumed,
        "trained_together": spent.together,
    }
