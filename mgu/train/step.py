"""One step of training: forward, loss, backward, update, and its part in the totals of the epoch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mgu.data.splits import Data
from mgu.tasks.task import Task

Metrics = dict[str, float]


class Step:
    """`step(index)` trains `model` on the examples at `index` (B,), which lies on their device. Waits for nothing.

    penalty: called after each forward pass; training adds it to the loss, the totals are without it.
    Everything that it reads and changes stays where it is in memory, so that it can be recorded: see cuda_graph.py.
    """

    def __init__(
        self,
        model: nn.Module,
        data: Data,
        task: Task,
        optimizer: Optimizer,
        penalty: Callable[[], Tensor] | None = None,
    ) -> None:
        self.model, self.data, self.task, self.optimizer, self.penalty = model, data, task, optimizer, penalty
        self.totals = Totals(task, data.device)

    def begin(self) -> None:
        """An epoch."""
        self.model.train()
        self.totals.clear()

    def __call__(self, index: Tensor) -> None:
        self.gradients(index)
        self.optimizer.step()

    def gradients(self, index: Tensor) -> None:
        """All of a step but the update."""
        inputs, targets = self.data.batch(index)
        outputs = self.model(inputs)
        loss = self.task.loss(outputs, targets)
        self.optimizer.zero_grad(set_to_none=True)
        (loss if self.penalty is None else loss + self.penalty()).backward()
        self.totals.add(loss, outputs, targets)


class Totals:
    """Sums that stay on the device until they are asked for."""

    def __init__(self, task: Task, device: torch.device) -> None:
        self.task = task
        self.loss = torch.zeros((), device=device, dtype=torch.float64 if device.type != "mps" else torch.float32)
        self.counted = torch.zeros((), device=device, dtype=torch.long)  # there, for a recorded step counts, too
        self.totals = task.totals(device)

    def clear(self) -> None:
        """In place."""
        self.loss.zero_()
        self.counted.zero_()
        self.totals.zero_()

    def add(self, loss: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """`loss` is the mean over the batch; batches weigh by their size."""
        self.loss.add_(loss.detach(), alpha=len(targets))
        self.counted.add_(len(targets))
        self.task.count(self.totals, outputs.detach(), targets)

    def metrics(self) -> Metrics:
        return {"loss": (self.loss / self.counted).item(), **self.task.metrics(self.totals)}
