"""The slot of one run that is trained in lockstep with others: its control flow, its random numbers, its clock.

Every run is a greenlet (https://greenlet.readthedocs.io): it runs like a thread until its model is called in training,
or its optimizer is about to step. There it waits for the scheduler, mgu/multi_seed/lockstep.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mgu.measure.slot import Slot
from mgu.models.convnet import ConvNet

T = TypeVar("T")


class JointSlot(Slot, Generic[T]):
    """Holds one of several runs that are trained in lockstep.

    Args:
        run: A function that trains; it is called with its slot, and its result becomes `outcome`.
        together: How many runs there are.

    Attributes:
        outcome: The result of `run`, once it has returned.
        model: The run's model, once it has joined.
        inputs: The batch that the run waits to have computed.
        logits: The run's part of the joint forward pass.
        own_logits: The same as the run has them: their gradient enters the joint backward pass.
    """

    outcome: T
    model: ConvNet
    inputs: Tensor
    logits: Tensor
    own_logits: Tensor

    def __init__(self, run: Callable[[JointSlot[T]], T], together: int) -> None:
        from greenlet import getcurrent, greenlet  # an optional dependency, which only this needs

        self.run, self.together = run, together
        self._control = greenlet(self._run, getcurrent())
        self._random_state = torch.get_rng_state()
        self._seconds, self._resumed_at = 0.0, time.perf_counter()

    def join(self, model: nn.Module, optimizer: Optimizer) -> nn.Module:
        """Has the passes of `model` computed jointly; returns the module to be trained in its place."""
        self.model = cast(ConvNet, model)
        optimizer.register_step_pre_hook(lambda *_: self._wait())
        return _JoinedModel(self)

    def now(self) -> float:
        """Returns the seconds on the run's own clock, which stands still while other runs compute."""
        return self._seconds + time.perf_counter() - self._resumed_at

    def begin_sharing(self) -> None:
        """Starts the time over which the run's share of the time is measured."""
        self._sharing_since = self.now(), time.perf_counter()

    def share(self) -> float:
        """Returns which share of the time since `begin_sharing` was the run's own."""
        of_run, of_all = self._sharing_since
        return (self.now() - of_run) / (time.perf_counter() - of_all)

    @property
    def is_waiting(self) -> bool:
        """Whether the run has not ended."""
        return not self._control.dead

    def resume(self, error: Exception | None = None) -> None:
        """Continues the run until it waits again, or ends.

        Args:
            error: An exception to be raised where the run waits.
        """
        self._resumed_at = time.perf_counter()
        with self.own_random_numbers():
            self._control.throw(error) if error else self._control.switch()
        self._seconds += time.perf_counter() - self._resumed_at

    def charge(self, seconds: float) -> None:
        """Adds time that was spent for the run to its clock."""
        self._seconds += seconds

    @contextmanager
    def own_random_numbers(self) -> Iterator[None]:
        """Draws random numbers within the block from the run's own generator state."""
        outer_state = torch.get_rng_state()
        torch.set_rng_state(self._random_state)
        try:
            yield
        finally:
            self._random_state = torch.get_rng_state()
            torch.set_rng_state(outer_state)

    def dropout(self, pooled: Tensor) -> Tensor:
        """Applies the model's dropout to (B, C), with the run's random numbers."""
        with self.own_random_numbers():
            dropped: Tensor = self.model.dropout(pooled)  # (B, C)
        return dropped

    def request(self, inputs: Tensor) -> Tensor:
        """Waits until all runs have a batch, (B, C, H, W), and returns the logits of this one, (B, K)."""
        self.inputs = inputs
        self._wait()
        return self.own_logits

    def _run(self) -> None:
        self.outcome = self.run(self)

    def _wait(self) -> None:
        assert self._control.parent is not None
        self._control.parent.switch()


class _JoinedModel(nn.Module):
    """Stands for the run's model in the training loop: its passes in training are computed with those of the others."""

    def __init__(self, slot: JointSlot[Any]) -> None:
        super().__init__()
        self.model, self.slot = slot.model, slot

    def forward(self, inputs: Tensor) -> Tensor:
        if self.training:
            return self.slot.request(inputs)
        logits: Tensor = self.model(inputs)  # (B, K)
        return logits

    def train(self, mode: bool = True) -> _JoinedModel:
        if not mode:  # after an epoch it is evaluated and saved by itself
            _separate_storage(self.model)
        return super().train(mode)

    def state_dict(self, *arguments: Any, **options: Any) -> Any:
        return self.model.state_dict(*arguments, **options)


def _separate_storage(model: nn.Module) -> None:
    """Moves parameters and buffers out of the storage they share with other models, which a file would include."""
    with torch.inference_mode(False), torch.no_grad():  # inference tensors could not be trained later
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.data = tensor.data.clone()
