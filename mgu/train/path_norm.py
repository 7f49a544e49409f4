"""The path norm of a network, and the numbers kappa by which path-SGD divides gradients.

    B. Neyshabur, Y. Wu, R. Salakhutdinov, N. Srebro (2016): Path-normalized optimization of recurrent neural networks
    with ReLU activations, https://arxiv.org/abs/1605.07154

gamma^2 is the sum over all paths from an input to an output of the product of the squared weights along it. It is the
sum of the outputs of the same network without activations, with squared weights, for inputs of one. A weight that is
used at several places, as those of a recurrent layer or of a convolution are, counts at each of them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mgu.layers.activation import unchanged
from mgu.layers.recurrent import Recurrent


class Kappa(NamedTuple):
    """Holds both parts of half the second derivative of gamma^2 by one weight, for all entries of a tensor.

    Attributes:
        first: Of the paths that use a weight once: the derivative of gamma^2 by the squared weight.
        second: Of those that use it more often; None for tensors that no path uses twice.
    """

    first: Tensor
    second: Tensor | None = None

    @property
    def total(self) -> Tensor:
        """Their sum."""
        return self.first if self.second is None else self.first + self.second


class PathNorm:
    """Computes the path norm of a network and its derivatives, in double precision, from the weights alone.

    Args:
        model: A positively homogeneous network: ReLU, no norms, no gates. It is not changed.
        shape: Shape of an example, without the batch.

    Raises:
        TypeError: The network has a layer that is known not to be homogeneous.
    """

    def __init__(self, model: nn.Module, shape: Sequence[int]) -> None:
        self.parameters: list[Tensor] = list(model.parameters())
        self.squared = _without_activations(model)
        self._squares: list[Tensor] = list(self.squared.parameters())
        self.ones = torch.ones(1, *shape, dtype=torch.float64, device=self.parameters[0].device)

    def gamma_squared(self) -> Tensor:
        """Computes the square of the path norm, ()."""
        with torch.no_grad():
            self._square()
            total: Tensor = self.squared(self.ones).sum()
        return total

    def kappas(self, is_full: bool = False) -> list[Kappa]:
        """Computes kappa of every parameter.

        Args:
            is_full: Whether also of paths that use a weight of a recurrent layer more than once, which takes T products
                of matrices where the first part takes 2 T products of a matrix and a vector.

        Returns:
            One for each parameter, in the order of the model, in double precision.
        """
        self._square()
        watched = {module: _Watch(module) for module in self.squared.modules() if isinstance(module, Recurrent)}
        with torch.enable_grad():  # optimizers step without
            total = self.squared(self.ones).sum()
            outputs = [watch.output for watch in watched.values()]
            grads = torch.autograd.grad(total, [*self._squares, *outputs], allow_unused=True)
        for watch in watched.values():
            watch.handle.remove()
        firsts = [
            torch.zeros_like(square) if grad is None else grad
            for square, grad in zip(self._squares, grads, strict=False)
        ]
        seconds: dict[int, Tensor] = {}
        if is_full:
            for watch, grad in zip(watched.values(), grads[len(firsts) :], strict=True):
                assert grad is not None
                seconds[id(watch.layer.recurrent_weight)] = second_kappa(watch.layer, watch.input, grad)
        return [Kappa(first, seconds.get(id(square))) for first, square in zip(firsts, self._squares, strict=True)]

    @torch.no_grad()
    def _square(self) -> None:
        """Puts the squares of the present weights into the copy."""
        torch._foreach_copy_(self._squares, self.parameters)
        torch._foreach_pow_(self._squares, 2)


@torch.no_grad()
def second_kappa(layer: Recurrent, inputs: Tensor, grad: Tensor) -> Tensor:
    """Computes the second part of kappa of the recurrent weights of a layer.

    It is 4 Q_ij times the sum over all pairs of steps s < t of L_t[i] (Q^(t-s-1))_ji R_(s-1)[j]: Q are the squared
    weights, R_s the state of step s, and L_t the derivative of gamma^2 by the state of step t.

    Args:
        layer: A layer of the network of squared weights.
        inputs: Its input for ones, (1, T, D).
        grad: The derivative of gamma^2 by its output, (1, T, H) or (1, H).

    Returns:
        The second part, (H, H).
    """
    squares = layer.recurrent_weight
    from_below = nn.functional.linear(inputs[0], layer.input_weight, layer.bias)  # (T, H)
    num_steps, width = from_below.shape
    by_output = grad[0] if layer.returns_all else torch.cat([grad.new_zeros(num_steps - 1, width), grad])  # (T, H)
    states, derivatives = torch.empty_like(from_below), torch.empty_like(from_below)
    state, derivative = from_below.new_zeros(width), from_below.new_zeros(width)
    for step in range(num_steps):
        states[step] = state = torch.addmv(from_below[step], squares, state)
        derivatives[-1 - step] = derivative = torch.addmv(by_output[-1 - step], squares.t(), derivative)
    power, total = torch.eye(width, dtype=squares.dtype, device=squares.device), torch.zeros_like(squares)
    for between in range(num_steps - 2):  # steps between two uses of the weight
        total.addcmul_(derivatives[between + 2 :].t() @ states[: num_steps - 2 - between], power.t())
        power = power @ squares
    return 4 * squares * total


class _Watch:
    """Keeps the input and the output of a layer."""

    input: Tensor
    output: Tensor

    def __init__(self, layer: Recurrent) -> None:
        self.layer = layer
        self.handle = layer.register_forward_hook(self._see)

    def _see(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.input, self.output = inputs[0].detach(), output


def _without_activations(model: nn.Module) -> nn.Module:
    """Copies a network in double precision, computed layer by layer, with the identity in the place of activations."""
    twin = copy.deepcopy(model).double().eval()
    module: Any  # may have attributes that torch does not declare
    for module in twin.modules():
        if isinstance(module, Recurrent):
            if module.cell == "tanh":
                raise TypeError("model must be positively homogeneous, but has a recurrent layer with tanh.")
            module.cell = "linear"
        if "activation" in vars(module):
            module.activation = unchanged
        if hasattr(module, "engine"):
            module.engine = "eager"
        if hasattr(module, "native"):
            module.native = False
    for parameter in twin.parameters():
        parameter.grad = None
    return twin
