"""Several runs of one network, trained together: ordinary runs, of which the forward and backward passes are one.

Every run is a greenlet: it goes on like a thread until its model is called in training. There it waits until all the
others have come as far; one pass over all the models (network.py) gives each its logits, and they go on. So it is with
the backward pass, when an optimizer is about to step. All else, from loss to checkpoint, is each run's own:
a run may end before the others, may have begun alone, and may go on alone.

Random numbers are each run's own, too, and so is the time: a clock of its own runs while it goes on, and for its part
of the joint passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast

import torch
from greenlet import getcurrent, greenlet
from torch import Tensor, nn
from torch.optim import Optimizer

from mgu.measure.share import Slot
from mgu.models.convnet import ConvNet
from mgu.multi_seed.network import logits_abreast

T = TypeVar("T")


class Member(Slot, Generic[T]):
    """The place of a run among `together` ones. `run` is called with it; what that returns is the `outcome`."""

    outcome: T
    model: ConvNet
    inputs: Tensor
    logits: Tensor  # of the joint pass
    own_logits: Tensor  # the same, as the run has them: their gradient goes into the joint backward pass

    def __init__(self, run: Callable[[Member[T]], T], together: int) -> None:
        self.run, self.together = run, together
        self._life = greenlet(self._live, getcurrent())
        self._random = torch.get_rng_state()
        self._seconds, self._resumed = 0.0, time.perf_counter()

    def join(self, model: nn.Module, optimizer: Optimizer) -> nn.Module:
        self.model = cast(ConvNet, model)
        optimizer.register_step_pre_hook(lambda *_: self._wait())
        return _Joined(self)

    def now(self) -> float:
        return self._seconds + time.perf_counter() - self._resumed

    def begin_sharing(self) -> None:
        self._edge = self.now(), time.perf_counter()

    def part(self) -> float:
        own, everybodys = self._edge
        return (self.now() - own) / (time.perf_counter() - everybodys)

    @property
    def is_waiting(self) -> bool:
        return not self._life.dead

    def go_on(self, error: Exception | None = None) -> None:
        """Until it waits again, or is over; `error` is raised where it waits."""
        self._resumed = time.perf_counter()
        with self.drawing():
            self._life.throw(error) if error else self._life.switch()
        self._seconds += time.perf_counter() - self._resumed

    def owe(self, seconds: float) -> None:
        """Time that was spent for it."""
        self._seconds += seconds

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Random numbers are this run's."""
        others = torch.get_rng_state()
        torch.set_rng_state(self._random)
        try:
            yield
        finally:
            self._random = torch.get_rng_state()
            torch.set_rng_state(others)

    def dropout(self, pooled: Tensor) -> Tensor:
        """The model's, with the run's random numbers."""
        with self.drawing():
            dropped: Tensor = self.model.dropout(pooled)
        return dropped

    def ask(self, inputs: Tensor) -> Tensor:
        """The logits, once all have asked for theirs."""
        self.inputs = inputs
        self._wait()
        return self.own_logits

    def _live(self) -> None:
        self.outcome = self.run(self)

    def _wait(self) -> None:
        assert self._life.parent is not None
        self._life.parent.switch()


class _Joined(nn.Module):
    """A member's model to the training loop."""

    def __init__(self, member: Member[Any]) -> None:
        super().__init__()
        self.model, self.member = member.model, member

    def forward(self, inputs: Tensor) -> Tensor:
        if self.training:
            return self.member.ask(inputs)
        logits: Tensor = self.model(inputs)
        return logits

    def train(self, mode: bool = True) -> _Joined:
        if not mode:  # after an epoch it is looked at and saved by itself
            _part(self.model)
        return super().train(mode)

    def state_dict(self, *arguments: Any, **options: Any) -> Any:
        return self.model.state_dict(*arguments, **options)


def train_together(runs: Sequence[Callable[[Member[T]], T]]) -> list[T]:
    """What each of the runs returns. They must train equal ConvNets of baseline blocks on as many examples, in batches
    of one size, on the CPU.

    An exception in a joint pass is raised in all of them; one that leaves a run ends them all.
    """
    members = [Member(run, len(runs)) for run in runs]
    _all_go_on(members)
    while waiting := [member for member in members if member.is_waiting]:
        _for_all(_forward, waiting)
        _for_all(_backward, [member for member in waiting if member.is_waiting])
    return [member.outcome for member in members]


def _for_all(joint_pass: Callable[[Sequence[Member[T]]], None], members: Sequence[Member[T]]) -> None:
    """One pass, its time shared out evenly; then each goes on."""
    started, failure = time.perf_counter(), None
    try:
        joint_pass(members)
    except Exception as error:
        failure = error
    for member in members:
        member.owe((time.perf_counter() - started) / len(members))
    _all_go_on(members, failure)


def _all_go_on(members: Sequence[Member[T]], failure: Exception | None = None) -> None:
    for member in members:
        member.go_on(failure)


def _forward(members: Sequence[Member[T]]) -> None:
    models, inputs = [member.model for member in members], [member.inputs for member in members]
    answers = logits_abreast(models, inputs, [member.dropout for member in members])
    for member, logits in zip(members, answers, strict=True):
        member.logits, member.own_logits = logits, logits.detach().requires_grad_()


def _backward(members: Sequence[Member[T]]) -> None:
    torch.autograd.backward(
        [member.logits for member in members], [cast(Tensor, member.own_logits.grad) for member in members]
    )


def _part(model: nn.Module) -> None:
    """Out of the storage that it shares with the others, which a copy or a file of it would hold as a whole."""
    with torch.inference_mode(False), torch.no_grad():  # what is to be trained must not come of that mode
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.data = tensor.data.clone()
