"""Tries an optimizer of the user's before a run is trained by it.

A run goes on from its checkpoint to the same bits, and the checkpoint is read without unpickling. So all that a step
depends on must be in the optimizer's state, as tensors and plain values: only trying tells whether it is.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mgu.config.optimizers import PythonOptimizerConfig
from mgu.errors import UserError
from mgu.random_numbers.generators import keeping_states, seed_all
from mgu.train.optimizers import build_optimizer
from mgu.train.own_optimizer import KEY
from mgu.user_code.faults import blaming

PLAIN = (Tensor, int, float, complex, str, bytes, type(None))  # bool is an int


def check_own_optimizer(config: PythonOptimizerConfig, parameters: Iterable[nn.Parameter]) -> None:
    """Takes some steps with copies of parameters and random gradients, by an optimizer that goes on from its state.

    Args:
        config: Names the optimizer.
        parameters: Those of the model that it is to train; they stay as they are.

    Raises:
        UserError: It fails; its state cannot be saved, or does not hold all that a step depends on; or its steps do not
            depend on the rate of their group.
    """
    target, parameters = config.target, list(parameters)
    devices = {parameter.device for parameter in parameters if parameter.is_cuda}
    with keeping_states(devices), blaming(f"{KEY} {target} must take a step by step() alone", "Correct it."):
        whole = _Copy(config, parameters)
        whole.step(1)
        whole.step(2)
        state = _save_and_load(whole.optimizer.state_dict(), target)
        resumed, slower = (_Copy(config, whole.parameters, state) for _ in range(2))
        whole.step(3)
        resumed.step(3)
        slower.step(3, rate=0.5)
    if not whole.equals(resumed):
        raise UserError(
            f"{KEY} {target} must go on from its state_dict() to the same bits, for that is what a checkpoint keeps, "
            "but does not. Keep all that a step depends on in self.state or in the groups."
        )
    if whole.equals(slower):
        raise UserError(
            f"{KEY} {target} must take group['lr'] in every step, for there the schedule sets it, but its steps do not "
            "depend on it. Read it in step()."
        )


class _Copy:
    """Holds copies of parameters with an optimizer of their own.

    Args:
        config: Names the optimizer.
        parameters: What is copied.
        state: Where the optimizer goes on from.
    """

    def __init__(
        self, config: PythonOptimizerConfig, parameters: Iterable[nn.Parameter], state: dict[str, Any] | None = None
    ) -> None:
        self.parameters = [nn.Parameter(parameter.detach().clone()) for parameter in parameters]
        self.optimizer = build_optimizer(config, self.parameters)
        if state:
            self.optimizer.load_state_dict(copy.deepcopy(state))  # torch would keep its very tensors

    def step(self, number: int, rate: float = 1.0) -> None:
        """Takes a step with the gradients and the random numbers of its number, at a part of the learning rate."""
        seed_all(number)
        for group in self.optimizer.param_groups:
            group["lr"] = group["lr"] * rate
        for parameter in self.parameters:
            parameter.grad = torch.randn_like(parameter)
        self.optimizer.step()

    def equals(self, other: _Copy) -> bool:
        """Tells whether all parameters have the same values."""
        return all(map(torch.equal, self.parameters, other.parameters))


def _save_and_load(state: dict[str, Any], target: str) -> dict[str, Any]:
    """Returns a state as a checkpoint gives it back; raises UserError for one that would have to be pickled."""
    file = io.BytesIO()
    try:
        torch.save(state, file)
        file.seek(0)
        loaded: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever pickle and torch make of an object
        what = _find_object(state) or f"cannot be saved ({str(error).splitlines()[0]})"
        raise UserError(
            f"{KEY} {target} must keep its state as tensors, numbers, texts, lists and dicts, which need no "
            f"pickling, but state_dict() {what}. Keep it as one of these."
        ) from error
    return loaded


def _find_object(value: Any, path: str = "") -> str | None:
    """Describes the first value of another type; None where there is none."""
    if isinstance(value, PLAIN):
        return None
    if isinstance(value, Mapping):
        entries: Iterable[tuple[Any, Any]] = value.items()
    elif type(value) in (list, tuple):
        entries = enumerate(value)
    else:
        return f"has an object of type {type(value).__name__} at {path}"
    objects = (_find_object(entry, f"{path}[{key!r}]") for key, entry in entries)
    return next(filter(None, objects), None)
