"""How long the parts of a run take."""

from __future__ import annotations

from collections.abc import Callable

import torch

from mgu.measure.cost import WINDOWS
from mgu.results.result import Seconds


class Clock:
    """Adds up the windows of time as Seconds describes them; CUDA is waited for at every edge. now: tells seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.device = torch.device("cpu")
        self._seconds = dict.fromkeys(WINDOWS, 0.0)
        self._now, self._edge = now, now()

    def lap(self, window: str) -> None:
        """What has gone by since the last call belongs to `window`."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        now = self._now()
        self._seconds[window] += now - self._edge
        self._edge = now

    @property
    def seconds(self) -> Seconds:
        return Seconds(**self._seconds)
