"""Blocks by Triton's interpreter compute what the plain modules do: outputs, all gradients, statistics."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from torch import Tensor, nn

from mgu.layers.block import NORMS, Block
from mgu.layers.cuda_block import apply_on_cuda, find_on_cuda
from tests.unit.test_engines import assert_same

pytestmark = pytest.mark.usefixtures("on_the_cpu")


def results(block: Block, engine: str, x: Tensor) -> dict[str, Tensor]:
    """Output, gradients and running statistics of one forward and backward pass of a copy."""
    twin, x = copy.deepcopy(block), x.clone(memory_format=torch.preserve_format).requires_grad_()
    if engine == "eager":
        out = twin.post(twin.activation(twin.pre(twin.layer(x))))
        out = out if twin.shortcut is None else out + twin.shortcut(x)
    else:
        way = find_on_cuda(twin.pre, twin.post, twin.shortcut is not None, twin.activation, x)
        assert not isinstance(way, str)
        out = apply_on_cuda(way, twin.layer, twin.shortcut, x)
    out.backward(torch.randn(out.shape, generator=torch.Generator().manual_seed(1)).to(out))
    gradients = {f"d {name}": p.grad for name, p in twin.named_parameters()}
    found = {"out": out, "d x": x.grad, **gradients, **dict(twin.named_buffers())}
    return {name: tensor.detach() for name, tensor in found.items() if tensor is not None}


def assert_alike(block: Block, x: Tensor) -> None:
    assert_same(results(block, "native", x), results(block, "eager", x))


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
    assert_alike(block, x)


@pytest.mark.parametrize(("activation", "norm"), [*zip(("selu", "relu", "silu", "tanh"), NORMS, strict=True)])
def test_the_same_numbers_in_single_precision(activation: str, norm: str) -> None:
    block = block_of(nn.Conv2d(3, 7, 3, bias=False), norm, activation, residual=True).to(
        memory_format=torch.channels_last
    )
    x = torch.randn(2, 3, 5, 6)
    assert_alike(block, x)


@pytest.mark.long
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("activation", ["selu", "relu", "silu", "tanh"])
def test_the_same_numbers_for_all_combinations(activation: str, norm: str) -> None:
    for residual, training, dtype in itertools.product((True, False), (True, False), (torch.float64, torch.float32)):
        block = block_of(nn.Conv2d(3, 5, 3, bias=False), norm, activation, residual=residual).to(dtype).train(training)
        x = torch.randn(3, 3, 5, 6, dtype=dtype)
        assert_alike(block, x)
