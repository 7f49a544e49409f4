"""Counts floating-point operations of our own networks, as torch.utils.flop_counter does.

That one watches every operation on `meta`, where most are computed by Python code that imports torch's compiler, which
takes longer than to import torch. Here each layer counts itself, norms and activations, which have no products, are
left out, and the rest is computed on the CPU with weights that take no memory.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from mgu.directed.network import DirectedNetwork
from mgu.equilibrium.layer import Equilibrium
from mgu.layers.block import Block
from mgu.layers.normalization import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from mgu.layers.recurrent import LSTM, Recurrent
from mgu.layers.switchable import SwitchableNorm
from mgu.models.nago import NagoNet
from mgu.unit.unit import MultiGatedUnit

NOMINAL_ITERATIONS = 30  # of an equilibrium, where none were measured: plans and calibrations
NORMS = (BatchNorm, GroupNorm, LayerNorm, RMSNorm, SwitchableNorm)


def count_products(network: nn.Module, example: Tensor, iterations: float | None = None) -> int:
    """Counts the operations of dense layers and convolutions in a forward pass: two for each product.

    Args:
        network: One of our own on the device `meta`; it computes nothing but shapes afterwards.
        example: A batch for it on the CPU.
        iterations: Those of its equilibria; None: a nominal number.

    Returns:
        The number of operations.
    """
    network._apply(lambda values: torch.zeros((), dtype=values.dtype).expand(values.shape))
    counts: list[int] = []
    for module in network.modules():
        if isinstance(module, nn.Linear | _ConvNd):
            vars(module)["forward"] = partial(_count_layer, module, counts)
        elif isinstance(module, DirectedNetwork):
            times = NOMINAL_ITERATIONS if iterations is None else iterations
            vars(module)["forward"] = partial(_count_directed, module, counts, times)
        elif isinstance(module, Equilibrium):
            times = NOMINAL_ITERATIONS if iterations is None else iterations
            vars(module)["forward"] = partial(_count_equilibrium, module, counts, times)
        elif isinstance(module, Recurrent | LSTM):
            vars(module)["forward"] = partial(_count_recurrent, module, counts)
        elif isinstance(module, NORMS):
            vars(module)["forward"] = _unchanged
        if hasattr(module, "activation"):
            vars(module)["activation"] = _unchanged
        if isinstance(module, Block | MultiGatedUnit | NagoNet):
            module.engine = "eager"  # the others call no layer by itself
    network.eval()(example)
    return sum(counts)


def _unchanged(x: Tensor) -> Tensor:
    return x


def _count_recurrent(layer: Recurrent | LSTM, counts: list[int], x: Tensor) -> Tensor:
    """Counts one call of a recurrent layer, and returns a tensor of the shape of its output."""
    counts.append(layer.count_flops(*x.shape[:2]))
    return x.new_zeros(*(x.shape[:2] if layer.returns_all else x.shape[:1]), layer.out_features)


def _count_layer(layer: nn.Linear | _ConvNd, counts: list[int], x: Tensor) -> Tensor:
    """Counts one call of a layer, and returns a tensor of the shape of its output."""
    if isinstance(layer, nn.Linear):
        counts.append(2 * math.prod(x.shape[:-1]) * layer.weight.numel())
        return x.new_zeros(*x.shape[:-1], layer.out_features)
    num_axes = len(layer.kernel_size)
    batch, sizes = x.shape[: -1 - num_axes], x.shape[-num_axes:]
    outputs = [_output_size(layer, axis, size) for axis, size in enumerate(sizes)]
    windows = sizes if isinstance(layer, _ConvTransposeNd) else outputs
    counts.append(2 * math.prod(batch) * math.prod(windows) * layer.weight.numel())
    return x.new_zeros(*batch, layer.out_channels, *outputs)


def _count_directed(network: DirectedNetwork, counts: list[int], iterations: float, x: Tensor) -> Tensor:
    """Counts the steps of a free phase."""
    counts.append(round(len(x) * network.count_products(iterations)))
    return x.new_zeros(len(x), network.num_outputs)


def _count_equilibrium(layer: Equilibrium, counts: list[int], iterations: float, x: Tensor) -> Tensor:
    """Counts the injection, which counts itself, and the products of all iterations."""
    c: Tensor = layer.injection(x)
    z = c[:, : layer.width]
    counts.append(round(layer.count_products(iterations) * z[:, :1].numel()))
    return z


def _output_size(layer: _ConvNd, axis: int, size: int) -> int:
    """Returns the length of one axis of positions behind a convolution."""
    reach, stride = layer.dilation[axis] * (layer.kernel_size[axis] - 1), layer.stride[axis]
    padding = layer.padding[axis] if not isinstance(layer.padding, str) else None
    if padding is None:
        return size if layer.padding == "same" else size - reach
    if isinstance(layer, _ConvTransposeNd):
        return (size - 1) * stride - 2 * padding + reach + layer.output_padding[axis] + 1
    return (size + 2 * padding - reach - 1) // stride + 1
