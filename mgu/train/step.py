"""One training step: forward, loss, backward, update, and its contribution to the totals of the epoch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mgu.data.ratings.candidates import Candidates
from mgu.data.splits import Data
from mgu.layers.direct_gradients import DirectGradients
from mgu.tasks.task import Task

Metrics = dict[str, float]


class StepOptions(NamedTuple):
    """Holds what a recipe changes in a training step.

    Attributes:
        label_smoothing: Share of a label that is spread over all classes, for tasks that have labels.
        clip_norm: Norm to which the gradients, taken together, are cut; None: they are not.
        precision: bf16: products and convolutions are computed with 8 bits of precision, see torch.autocast.
    """

    label_smoothing: float = 0.0
    clip_norm: float | None = None
    precision: Literal["float32", "bf16"] = "float32"


PLAIN = StepOptions()


class GradientRule(Protocol):
    """Fills the gradients of a model in the place of a backward pass, such as mgu/directed/rule.py."""

    def __call__(self, model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
        """Sets the gradient of every parameter for a batch; returns the outputs."""
        ...

    def end_epoch(self, model: nn.Module) -> None:
        """Does what is to be done once an epoch, before it is evaluated."""
        ...


class Step:
    """Trains a model on the examples at an index (B,): `step(index)`. It does not wait for the device.

    Everything that a step reads and changes stays where it is in memory, so that CUDA can record it: see cuda_graph.py.

    Args:
        model: Lies where the data do.
        data: Training examples.
        task: Loss and metrics.
        optimizer: Optimizer of the model's parameters.
        penalty: Called after each forward pass and added to the loss; the totals are without it.
        rule: Fills the gradients in the place of a backward pass; None: backpropagation.
        options: What the recipe changes; the totals are of the loss that is trained on, with smoothed labels.
    """

    def __init__(
        self,
        model: nn.Module,
        data: Data,
        task: Task,
        optimizer: Optimizer,
        penalty: Callable[[], Tensor] | None = None,
        options: StepOptions = PLAIN,
        rule: GradientRule | None = None,
    ) -> None:
        self.model, self.data, self.task, self.optimizer, self.penalty = model, data, task, optimizer, penalty
        self.options, self.rule = options, rule
        self.loss: Callable[[Tensor, Tensor], Tensor] = partial(task.loss, **_smoothing(options))
        self.parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        self.totals = Totals(task, data)

    def begin(self) -> None:
        """Begins an epoch: training mode, empty totals."""
        self.model.train()
        self.totals.clear()

    def __call__(self, index: Tensor) -> None:
        self.gradients(index)
        self.optimizer.step()

    def _forward(self, inputs: Tensor) -> Tensor:
        """Returns the outputs of the model, in its own precision: the loss is never computed in bf16."""
        if self.options.precision == "float32":
            with DirectGradients():
                outputs: Tensor = self.model(inputs)
            return outputs
        # Without a cache: a recorded step must cast the weights anew.
        with torch.autocast(self.data.device.type, torch.bfloat16, cache_enabled=False):
            outputs = self.model(inputs).float()
        return outputs

    def gradients(self, index: Tensor) -> None:
        """Does all of a step but the update."""
        inputs, targets = self.data.batch(index)
        outputs = self._forward(inputs) if self.rule is None else self.rule(self.model, inputs, targets)
        loss = self.loss(outputs, targets)
        if self.rule is None:
            for parameter in self.parameters:
                parameter.grad = None
            (loss if self.penalty is None else loss + self.penalty()).backward()
        if self.options.clip_norm:
            nn.utils.clip_grad_norm_(self.parameters, self.options.clip_norm)
        self.totals.add(loss, outputs, targets)


def _smoothing(options: StepOptions) -> dict[str, Any]:
    """Returns the argument of a loss of labels; none, which losses without labels take, where nothing is smoothed."""
    return {"label_smoothing": options.label_smoothing} if options.label_smoothing else {}


class Totals:
    """Sums up loss and metrics on the device; only `metrics` waits for it.

    On the CPU batches are held, and counted together: for a small network counting takes as long as the read-out.
    Elsewhere, where it costs no time, each is counted at once, as a recorded step needs it.

    Metrics of a ranking among sampled candidates are none of the ranking among all, however few items there are.

    Args:
        task: Loss and metrics.
        data: What the batches are of.
    """

    MAX_HELD = 2**17  # numbers in the outputs that are held, at most, or one batch

    def __init__(self, task: Task, data: Data) -> None:
        device = data.device
        self.task, self.has_metrics = task, not (isinstance(data, Candidates) and data.num_sampled is not None)
        self.loss = torch.zeros((), device=device, dtype=torch.float64 if device.type != "mps" else torch.float32)
        self.counted = torch.zeros((), device=device, dtype=torch.long)  # there, for a recorded step counts, too
        self.totals = task.totals(device)
        self.max_held = self.MAX_HELD if device.type == "cpu" else 0
        self._held: list[tuple[Tensor, Tensor, Tensor]] = []  # loss, outputs and targets of each batch
        self._num_held = 0

    def clear(self) -> None:
        """Sets all sums to zero, in place."""
        self._held, self._num_held = [], 0
        self.loss.zero_()
        self.counted.zero_()
        self.totals.zero_()

    def add(self, loss: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """Adds a batch, weighted by its size; `loss` is the mean over it."""
        self._held.append((loss.detach(), outputs.detach(), targets))
        self._num_held += outputs.numel()
        if self._num_held >= self.max_held:
            self._count()

    def _count(self) -> None:
        """Counts the batches that are held."""
        if not self._held:
            return
        losses, outputs, targets = zip(*self._held, strict=True)
        for loss, part in zip(losses, targets, strict=True):
            self.loss.add_(loss, alpha=part.shape[0])
        self.counted.add_(sum(part.shape[0] for part in targets))
        if self.has_metrics:
            self.task.count(self.totals, torch.cat(outputs), torch.cat(targets))
        self._held, self._num_held = [], 0

    def metrics(self) -> Metrics:
        """Returns the mean loss and the metrics by name."""
        self._count()
        return {"loss": (self.loss / self.counted).item(), **self.task.metrics(self.totals)}
