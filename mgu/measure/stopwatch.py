"""A stopwatch that assigns the seconds of a run to its phases."""

from __future__ import annotations

from collections.abc import Callable

import torch

from mgu.measure.cost import WINDOWS
from mgu.results.result import Seconds


class Stopwatch:
    """Adds up seconds by phase; it runs from its construction on, and at each lap waits for CUDA.

    Args:
        now: Returns seconds on a clock that goes on.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.device = torch.device("cpu")
        self._seconds = dict.fromkeys(WINDOWS, 0.0)
        self._now, self._edge = now, now()

    def lap(self, window: str) -> None:
        """Assigns the time since the last lap to a phase.

        Args:
            window: A field of `Seconds`.
        """
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        now = self._now()
        self._seconds[window] += now - self._edge
        self._edge = now

    @property
    def seconds(self) -> Seconds:
        """The seconds of each phase as of the last lap."""
        return Seconds(**self._seconds)
