"""Blocks by Triton's interpreter compute what the plain modules do: outputs, all gradients, statistics."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from torch import Tensor, nn

from mgu.kernels.kinds import BlockKind
from mgu.layers.block import NORMS, Block
from mgu.layers.cuda_block import normalise_on_cuda
from mgu.layers.normalization import BatchNorm, LayerNorm
from tests.unit.test_engines import assert_same

pytestmark = pytest.mark.usefixtures("on_the_cpu")


def compute(block: Block, activation: str, x: Tensor) -> Tensor:
    """Forward by the kernels."""
    norms = [module for module in (block.pre, block.post) if isinstance(module, BatchNorm | LayerNorm)]
    norm = norms[0] if norms else None
    name = "no_norm" if norm is None else "ln" if isinstance(norm, LayerNorm) else "bn_pre" if norm is block.pre else "bn_post"
    kind = BlockKind(name, activation, block.shortcut is not None, block.training, 1e-3)
    added = None if block.shortcut is None else block.shortcut(x)
    return normalise_on_cuda(norm, kind, block.layer(x), added, -1 if isinstance(block.layer, nn.Linear) else 1)


def results(block: Block, activation: str | None, x: Tensor) -> dict[str, Tensor]:
    """Output, gradients and running statistics of one forward and backward pass; plainly where no name is given."""
    twin, x = copy.deepcopy(block), x.clone().requires_grad_()
    out = compute(twin, activation, x) if activation else twin.post(twin.activation(twin.pre(twin.layer(x))))
    if not activation and twin.shortcut is not None:
        out = out + twin.shortcut(x)
    out.backward(torch.randn(out.shape, generator=torch.Generator().manual_seed(1)).to(out.dtype))
    gradients = {f"d {name}": p.grad for name, p in twin.named_parameters()}
    found = {"out": out, "d x": x.grad, **gradients, **dict(twin.named_buffers())}
    return {name: tensor.detach() for name, tensor in found.items() if tensor is not None}


def block_of(layer: nn.Module, norm: str, activation: str = "selu", **arguments: bool) -> Block:
    """With norms that are not where they start."""
    block = Block(layer, norm, activation, **arguments)
    with torch.no_grad():
        for tensor in block.state_dict().values():
            tensor.add_(0.3 * torch.rand_like(tensor))
    return block


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("training", [True, False])
def test_the_same_numbers_in_double_precision(norm: str, training: bool) -> None:
    block = block_of(nn.Conv2d(3, 5, 3, bias=False), norm, residual=training).double().train(training)
    x = torch.randn(2, 3, 5, 6, dtype=torch.float64)
    assert_same(results(block, "selu", x), results(block, None, x))


@pytest.mark.parametrize(("activation", "norm"), [*zip(("selu", "relu", "silu", "tanh"), NORMS, strict=True)])
def test_the_same_numbers_in_single_precision(activation: str, norm: str) -> None:
    block = block_of(nn.Conv2d(3, 7, 3, bias=False), norm, activation, residual=True).to(memory_format=torch.channels_last)
    x = torch.randn(2, 3, 5, 6)
    assert_same(results(block, activation, x), results(block, None, x))


@pytest.mark.long
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("activation", ["selu", "relu", "silu", "tanh"])
def test_the_same_numbers_for_all_combinations(activation: str, norm: str) -> None:
    for residual, training, dtype in itertools.product((True, False), (True, False), (torch.float64, torch.float32)):
        block = block_of(nn.Conv2d(3, 5, 3, bias=False), norm, activation, residual=residual).to(dtype).train(training)
        x = torch.randn(3, 3, 5, 6, dtype=dtype)
        assert_same(results(block, activation, x), results(block, None, x))
