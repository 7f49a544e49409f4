"""The slot of a run in its process: its clock, and its share of what several runs there use together."""

from __future__ import annotations

import time

from torch import nn
from torch.optim import Optimizer


class Slot:
    """Describes a run that has its process to itself; mgu/multi_seed/lockstep.py has the slot of one among several."""

    together = 1  # runs that the process trains at once

    def join(self, model: nn.Module, optimizer: Optimizer) -> nn.Module:
        """Returns the module to train in place of `model`.

        Args:
            model: The run's own network.
            optimizer: Optimizer of that network.
        """
        return model

    def now(self) -> float:
        """Returns seconds on the run's own clock."""
        return time.perf_counter()

    def begin_sharing(self) -> None:
        """Starts the time in which measurements are of all runs of the process."""

    def share(self) -> float:
        """Returns this run's share, in 0..1, of the time since `begin_sharing`."""
        return 1.0


ALONE = Slot()
