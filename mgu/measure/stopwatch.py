"""A stopwatch that assigns the seconds of a run to its phases."""

from __future__ import annotations

from collections.abc import Callable

import torch

from mgu.measure.cost import PHASES
from mgu.results.schema.seconds import Seconds


class Stopwatch:
    """Adds up seconds by phase; it runs from its construction on, and at each lap waits for CUDA.

    Args:
        now: Returns seconds on a monotonic clock.
        device: The device that works, for which a lap waits.
    """

    def __init__(self, now: Callable[[], float], device: torch.device) -> None:
        self._device = device
        self._seconds = dict.fromkeys(PHASES, 0.0)
        self._now, self._edge = now, now()

    def lap(self, phase: str) -> None:
        """Assigns the time since the last lap to a phase.

        Args:
            phase: A field of `Seconds`.
        """
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        now = self._now()
        self._seconds[phase] += now - self._edge
        self._edge = now

    @property
    def seconds(self) -> Seconds:
        """The seconds of each phase as of the last lap."""
        return Seconds(**self._seconds)
