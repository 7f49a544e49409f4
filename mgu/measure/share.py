"""The share that one run has in what several runs in one process spend together."""

from __future__ import annotations

import time

from torch import nn
from torch.optim import Optimizer


class Alone:
    """The place of a run that is trained by itself."""

    together = 1

    def join(self, model: nn.Module, optimizer: Optimizer) -> nn.Module:
        """What is to be trained in the place of `model`."""
        return model

    def now(self) -> float:
        """Seconds on the run's clock."""
        return time.perf_counter()

    def begin_sharing(self) -> None:
        """From now on something is measured of which the run has its `part` only."""

    def part(self) -> float:
        """How much of the time gone by since then was the run's own."""
        return 1.0


ALONE = Alone()
