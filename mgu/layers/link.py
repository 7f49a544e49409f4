"""Parts of a network as single calls of an autograd.Function, which mgu/layers/chain.py puts into one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mgu.layers.native_layer import compute_layer, layer_gradients, layer_obstacle


class Link(NamedTuple):
    """Holds one call of an autograd.Function, but for its input.

    Attributes:
        function: Takes `before`, the input, `between` and `tensors`, in this order.
        before: What comes before the input; it has no gradient.
        between: What comes between the input and the tensors; it has no gradient.
        tensors: The parameters, None where one is missing.
    """

    function: type[torch.autograd.Function]
    before: tuple[Any, ...]
    between: tuple[Any, ...]
    tensors: tuple[Tensor | None, ...]


class Linked:
    """Describes parts of a network that may be one call."""

    def link(self, x: Tensor) -> Link | None:
        """Returns the call that computes the part in training; None where it is not a single one.

        Args:
            x: Its input.
        """
        raise NotImplementedError


def find_link(part: Callable[[Tensor], Tensor], x: Tensor) -> Link | None:
    """Finds the call that computes a part of a network in training.

    Args:
        part: The part.
        x: Its input.

    Returns:
        The call; None where there is none, as for modules that nothing is known of.
    """
    if type(part) is nn.Dropout:
        return Link(_Dropout, (part.p,), (), ()) if part.training and not part.inplace else None
    if type(part) is nn.Linear:
        return None if layer_obstacle(part, x) else Link(_Dense, (part,), (), (part.weight, part.bias))
    return part.link(x) if isinstance(part, Linked) else None


def draw_mask(x: Tensor, p: float) -> Tensor | None:
    """Draws the mask of torch's own dropout, which scales what it keeps: the same random numbers.

    Args:
        x: What it will be multiplied by.
        p: Probability of zero.

    Shape:
        x: (*); returns the same shape.

    Returns:
        The mask; None where everything is kept as it is.
    """
    if p == 1:
        return torch.zeros_like(x)
    return torch.empty_like(x).bernoulli_(1 - p).div_(1 - p) if p > 0 else None


class _Dense(torch.autograd.Function):
    """Multiplies by the weight of a dense layer and adds its bias."""

    @staticmethod
    def forward(ctx: Any, layer: nn.Linear, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.layer = layer
        ctx.save_for_backward(x, weight)
        return compute_layer(layer, x, weight, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        return None, *layer_gradients(ctx.layer, grad, x, weight, ctx.needs_input_grad[1:])


class _Dropout(torch.autograd.Function):
    """Zeroes numbers at random; it draws those that torch's own dropout draws."""

    @staticmethod
    def forward(ctx: Any, p: float, x: Tensor) -> Tensor:
        mask = draw_mask(x, p)
        ctx.save_for_backward(mask)
        return x if mask is None else x * mask

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (mask,) = ctx.saved_tensors
        return None, grad if mask is None else grad * mask
