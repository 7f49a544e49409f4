"""The loop of a recurrent layer over time steps, forward and backward, as one operation of autograd.

Operation by operation, autograd would keep a node for each product and each activation of each step, and a gradient of
all states where only the last one counts. Here each loop works in one block of memory, and the gradients of the weights
are one product over all steps.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

Cell = Literal["relu", "tanh", "linear"]  # linear: of the network of squared weights, see mgu/train/path_norm.py


class Weights(NamedTuple):
    """Holds the weights of a recurrent layer.

    Attributes:
        input: From the input of a step to its state, (H, D).
        recurrent: From a state to the next, (H, H).
        bias: (H,).
    """

    input: Tensor
    recurrent: Tensor
    bias: Tensor


def run_loop(x: Tensor, weights: Weights, cell: Cell, returns_all: bool) -> Tensor:
    """Computes h_t = A(W x_t + U h_{t-1} + b) from h_0 = 0.

    Args:
        x: (B, T, D).
        weights: W, U and b.
        cell: A.
        returns_all: Whether all states are returned; else the last one.

    Shape:
        Returns (B, T, H), or (B, H).

    Returns:
        The states.
    """
    states: Tensor = _Loop.apply(x, *weights, cell, returns_all)
    return states.transpose(0, 1) if returns_all else states


def run_steps(x: Tensor, weights: Weights, cell: Cell, returns_all: bool) -> Tensor:
    """Computes what `run_loop` does by operations that torch can look into, for tracing and second derivatives."""
    activation = {"relu": torch.relu, "tanh": torch.tanh, "linear": lambda x: x}[cell]
    inputs = F.linear(x.transpose(0, 1), weights.input, weights.bias).unbind()  # T times (B, H)
    states = [activation(inputs[0])]
    for projected in inputs[1:]:
        states.append(activation(torch.addmm(projected, states[-1], weights.recurrent.t())))
    return torch.stack(states, dim=1) if returns_all else states[-1]


class _Loop(torch.autograd.Function):
    """Implements `run_loop`; all states are (T, B, H)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor, cell: Cell, returns_all: bool
    ) -> Tensor:
        batch, num_steps, features = x.shape
        rows = x.transpose(0, 1).reshape(-1, features)  # (T * B, D)
        states = torch.addmm(bias, rows, weight.t()).view(num_steps, batch, -1)
        activate, transposed = _ACTIVATIONS[cell], recurrent.t()
        first, *others = states.unbind()
        before = activate(first)
        for state in others:
            before = activate(state.addmm_(before, transposed))
        ctx.save_for_backward(rows, weight, recurrent, states)
        ctx.cell, ctx.returns_all = cell, returns_all
        return states if returns_all else before.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        rows, weight, recurrent, states = ctx.saved_tensors
        num_steps, batch, width = states.shape
        deltas, derive = torch.empty_like(states), _DERIVATIVES[ctx.cell]
        of_steps, of_states = deltas.unbind(), states.unbind()
        if ctx.returns_all:
            deltas.copy_(grad)
        else:
            of_steps[-1].copy_(grad)
        derive(of_steps[-1], of_states[-1])
        for step in range(num_steps - 2, -1, -1):
            delta, later = of_steps[step], of_steps[step + 1]
            if ctx.returns_all:
                delta.addmm_(later, recurrent)
            else:
                torch.mm(later, recurrent, out=delta)
            derive(delta, of_states[step])
        flat, before = deltas.view(-1, width), states.view(-1, width)
        by_input = (flat @ weight).view(num_steps, batch, -1).transpose(0, 1) if ctx.needs_input_grad[0] else None
        by_recurrent = flat[batch:].t() @ before[: len(before) - batch]
        return by_input, flat.t() @ rows, by_recurrent, flat.sum(dim=0), None, None


def _unchanged(state: Tensor) -> Tensor:
    return state


def _derive_relu(delta: Tensor, state: Tensor) -> None:
    torch.ops.aten.threshold_backward.grad_input(delta, state, 0, grad_input=delta)


def _derive_tanh(delta: Tensor, state: Tensor) -> None:
    torch.ops.aten.tanh_backward.grad_input(delta, state, grad_input=delta)


def _derive_linear(delta: Tensor, state: Tensor) -> None:
    """Leaves the gradient as it is."""


_ACTIVATIONS = {"relu": torch.relu_, "tanh": torch.tanh_, "linear": _unchanged}
_DERIVATIVES = {"relu": _derive_relu, "tanh": _derive_tanh, "linear": _derive_linear}
