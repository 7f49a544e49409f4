"""Blocks by Triton's interpreter compute what the plain modules do: outputs, all gradients, statistics."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from mgu.layers.block import NORMS
from tests.layers.test_block_engines import assert_same, block_of

pytestmark = pytest.mark.usefixtures("on_the_cpu")


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("training", [True, False])
def test_the_same_numbers_in_double_precision(norm: str, training: bool) -> None:
    block = block_of(nn.Conv2d(3, 5, 3, bias=False), norm, residual=training).double().train(training)
    x = torch.randn(2, 3, 5, 6, dtype=torch.float64)
    assert_same(block, x)


@pytest.mark.parametrize(("activation", "norm"), [*zip(("selu", "relu", "silu", "tanh"), NORMS, strict=True)])
def test_the_same_numbers_in_single_precision(activation: str, norm: str) -> None:
    block = block_of(nn.Conv2d(3, 7, 3, bias=False), norm, activation, residual=True).to(
        memory_format=torch.channels_last
    )
    x = torch.randn(2, 3, 5, 6)
    assert_same(block, x)


@pytest.mark.long
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("activation", ["selu", "relu", "silu", "tanh"])
def test_the_same_numbers_for_all_combinations(activation: str, norm: str) -> None:
    for residual, training, dtype in itertools.product((True, False), (True, False), (torch.float64, torch.float32)):
        block = block_of(nn.Conv2d(3, 5, 3, bias=False), norm, activation, residual=residual).to(dtype).train(training)
        x = torch.randn(3, 3, 5, 6, dtype=dtype)
        assert_same(block, x)
