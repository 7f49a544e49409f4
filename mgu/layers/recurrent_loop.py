"""The loop of a recurrent layer over time steps, forward and backward, as one operation of autograd.

Operation by operation, autograd would keep a node for each product and each activation of each step. Here the backward
pass is a second loop over the same memory, and the gradient of the recurrent weights one product over all steps.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

Cell = Literal["relu", "tanh", "linear"]  # linear: of the network of squared weights, see mgu/train/path_norm.py


def states_of(inputs: Tensor, recurrent: Tensor, cell: Cell) -> Tensor:
    """Computes h_t = A(inputs_t + recurrent h_{t-1}) for all steps, from h_0 = 0.

    Args:
        inputs: What comes from below at each step, bias included, (T, B, H).
        recurrent: The weights from the last state to the next, (H, H).
        cell: A.

    Shape:
        Returns (T, B, H).

    Returns:
        The states of all steps.
    """
    states: Tensor = _Loop.apply(inputs, recurrent, cell)  # type: ignore[no-untyped-call]
    return states


def states_by_steps(inputs: Tensor, recurrent: Tensor, cell: Cell) -> Tensor:
    """Computes what `states_of` does by operations that torch can look into, for tracing and second derivatives."""
    activation = {"relu": torch.relu, "tanh": torch.tanh, "linear": lambda x: x}[cell]
    states = [activation(inputs[0])]
    for own in inputs.unbind()[1:]:
        states.append(activation(torch.addmm(own, states[-1], recurrent.t())))
    return torch.stack(states)


class _Loop(torch.autograd.Function):
    """Implements `states_of`."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, recurrent: Tensor, cell: Cell) -> Tensor:
        states = torch.empty_like(inputs)
        activate = {"relu": torch.relu_, "tanh": torch.tanh_, "linear": _unchanged}[cell]
        steps, transposed = states.unbind(), recurrent.t()
        before = activate(steps[0].copy_(inputs[0]))
        for own, state in zip(inputs.unbind()[1:], steps[1:], strict=True):
            torch.addmm(own, before, transposed, out=state)
            before = activate(state)
        ctx.save_for_backward(states, recurrent)
        ctx.cell = cell
        return states

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None, None]:
        states, recurrent = ctx.saved_tensors
        num_steps, batch, width = states.shape
        deltas, derive = torch.empty_like(states), _DERIVATIVES[ctx.cell]
        of_steps, grads = deltas.unbind(), grad.unbind()
        carried = grads[-1].clone()
        for step in range(num_steps - 1, -1, -1):
            derive(carried, states[step], of_steps[step])
            if step:
                torch.addmm(grads[step - 1], of_steps[step], recurrent, out=carried)
        if not ctx.needs_input_grad[1]:
            return deltas, None, None
        flat, before = deltas.view(-1, width), states.view(-1, width)
        return deltas, flat[batch:].t() @ before[: len(before) - batch], None


def _unchanged(state: Tensor) -> Tensor:
    return state


def _derive_relu(grad: Tensor, state: Tensor, out: Tensor) -> None:
    torch.ops.aten.threshold_backward.grad_input(grad, state, 0, grad_input=out)


def _derive_tanh(grad: Tensor, state: Tensor, out: Tensor) -> None:
    torch.ops.aten.tanh_backward.grad_input(grad, state, grad_input=out)


def _derive_linear(grad: Tensor, state: Tensor, out: Tensor) -> None:
    out.copy_(grad)


_DERIVATIVES = {"relu": _derive_relu, "tanh": _derive_tanh, "linear": _derive_linear}
