"""Several runs of one network, trained in lockstep: ordinary runs with joint forward and backward passes.

Every run continues by itself until its model is called in training. There it waits until all the others have come as
far; one pass over all the models (network.py) gives each its logits, and they continue. The same holds for the backward
pass, when an optimizer is about to step. All else, from loss to checkpoint, is each run's own: a run may end before the
others, may have begun alone, and may continue alone. So are its random numbers and its time: its clock runs while it
computes by itself, and for its share of the joint passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import torch
from torch import Tensor

from mgu.multi_seed.network import stacked_logits
from mgu.multi_seed.slot import JointSlot

T = TypeVar("T")


def train_in_lockstep(runs: Sequence[Callable[[JointSlot[T]], T]]) -> list[T]:
    """Trains several networks at once.

    An exception in a joint pass is raised in every run; one that leaves a run ends them all.

    Args:
        runs: Functions that train, each called with its slot. They must train equal ConvNets of baseline blocks on the
            same number of examples, in batches of one size, on the CPU.

    Returns:
        The result of each function.
    """
    slots = [JointSlot(run, len(runs)) for run in runs]
    _resume_all(slots)
    while waiting := [slot for slot in slots if slot.is_waiting]:
        _compute_jointly(_forward, waiting)
        _compute_jointly(_backward, [slot for slot in waiting if slot.is_waiting])
    return [slot.outcome for slot in slots]


def _compute_jointly(joint_pass: Callable[[Sequence[JointSlot[T]]], None], slots: Sequence[JointSlot[T]]) -> None:
    """Computes one pass, charges its time evenly, and resumes each run."""
    started, failure = time.perf_counter(), None
    try:
        joint_pass(slots)
    except Exception as error:
        failure = error
    for slot in slots:
        slot.charge((time.perf_counter() - started) / len(slots))
    _resume_all(slots, failure)


def _resume_all(slots: Sequence[JointSlot[T]], failure: Exception | None = None) -> None:
    for slot in slots:
        slot.resume(failure)


def _forward(slots: Sequence[JointSlot[T]]) -> None:
    """Gives each run the logits of its batch."""
    models, inputs = [slot.model for slot in slots], [slot.inputs for slot in slots]
    logits = stacked_logits(models, inputs, [slot.dropout for slot in slots])  # (B, K) each
    for slot, of_run in zip(slots, logits, strict=True):
        slot.logits, slot.own_logits = of_run, of_run.detach().requires_grad_()


def _backward(slots: Sequence[JointSlot[T]]) -> None:
    """Gives the parameters of each run their gradients."""
    torch.autograd.backward([slot.logits for slot in slots], [cast(Tensor, slot.own_logits.grad) for slot in slots])
