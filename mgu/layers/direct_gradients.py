"""Gradients that a chain writes where they belong, for a training step, which wants those of all parameters.

For each parameter torch's engine passes a gradient through a node of its own, which takes some microseconds: a tenth of
the step of a small network of units, which have eleven parameters beside their layer's.
"""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType

import torch
from torch import Tensor

# Not of a thread alone: runs in lockstep share one, and wait for each other in the middle of a forward pass.
_is_promised: ContextVar[bool] = ContextVar("_is_promised", default=False)


class DirectGradients:
    """Says of the forward passes inside of it what makes direct gradients the same as those of the engine.

    Namely: whoever opens it calls `backward` of what is computed, wants the gradients of all parameters, adds no hooks
    to them, and does not change them before. `torch.autograd.grad` would not find them.
    """

    def __enter__(self) -> None:
        self._token = _is_promised.set(True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _is_promised.reset(self._token)


def are_promised() -> bool:
    """Tells whether this thread, or run in lockstep, is inside of DirectGradients."""
    return _is_promised.get()


def accumulate(parameter: Tensor, gradient: Tensor) -> None:
    """Adds a gradient to that of a leaf as the engine does: laid out in memory as the leaf is.

    Args:
        parameter: The leaf.
        gradient: Its gradient, which nobody else holds.

    Shape:
        Both have the same.
    """
    if parameter.grad is not None:
        parameter.grad.add_(gradient)
    elif gradient.stride() == parameter.stride():
        parameter.grad = gradient
    else:
        parameter.grad = torch.empty_like(parameter, requires_grad=False).copy_(gradient)
