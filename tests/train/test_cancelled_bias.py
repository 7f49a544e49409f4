"""A bias that batch normalisation cancels does not walk at random, whatever computes its gradient."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from mgu.layers.block import Block
from mgu.tasks.classification import Classification
from mgu.train.nadam import OnePassNAdam
from mgu.train.step import Step


class Noise:
    """Images and labels that have nothing to do with one another."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self.images, self.labels = torch.rand(64, 3, 8, 8, generator=generator), torch.arange(64) % 4

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        return self.images[index], self.labels[index]


def bias_of(layer: nn.Module | None) -> Tensor:
    """The bias, which there is."""
    assert layer is not None and isinstance(layer.bias, Tensor)
    return layer.bias


def trained(block: Block, frozen: bool = False) -> Block:
    """Takes 30 steps of Nadam at the paper's rate."""
    model = nn.Sequential(block, nn.Flatten(), nn.Linear(6 * 36, 4))
    step = Step(model, cast(Any, Noise()), Classification(4), OnePassNAdam(model.parameters(), lr=0.01))
    step.begin()
    if frozen:
        block.pre.eval()
    for number in range(30):
        step(torch.arange(32) + number)
    return block


@pytest.mark.parametrize("engine", ["eager", "native"])
def test_the_bias_before_a_batch_norm_stays_where_it_starts(engine: Any) -> None:
    torch.manual_seed(0)
    block = Block(nn.Conv2d(3, 6, 3), "bn_pre", residual=True, engine=engine)
    start = bias_of(block.layer).detach().clone()
    trained(block)
    assert torch.equal(bias_of(block.layer), start)
    assert not any(torch.equal(bias_of(trained_on), torch.zeros(6)) for trained_on in (block.shortcut, block.pre))


@pytest.mark.parametrize(("norm", "frozen"), [("bn_post", False), ("ln", False), ("no_norm", False), ("bn_pre", True)])
def test_every_other_bias_is_trained(norm: str, frozen: bool) -> None:
    block = Block(nn.Conv2d(3, 6, 3), norm)
    start = bias_of(block.layer).detach().clone()
    assert not torch.equal(bias_of(trained(block, frozen=frozen).layer), start)


class Clipped(nn.Conv2d):
    """A layer of a user's, whose bias is more than a sum."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).clamp(min=0)


def with_hook(layer: nn.Conv2d) -> nn.Conv2d:
    layer.register_forward_hook(lambda module, inputs, output: output.clamp(min=0))
    return layer


@pytest.mark.parametrize("layer", [Clipped(3, 6, 3), with_hook(nn.Conv2d(3, 6, 3))], ids=["own class", "hook"])
def test_a_bias_that_is_not_only_added_is_trained(layer: nn.Conv2d) -> None:
    start = bias_of(layer).detach().clone()
    assert not torch.equal(bias_of(trained(Block(layer, "bn_pre")).layer), start)


@pytest.mark.parametrize("engine", ["eager", "native"])
def test_a_bias_that_is_used_elsewhere_too_has_the_gradient_of_that(engine: Any) -> None:
    torch.manual_seed(0)
    shared, x = nn.Linear(5, 5).double(), torch.randn(7, 5).double()
    first, second = (Block(shared, norm, engine=engine).double() for norm in ("bn_pre", "no_norm"))
    (second(first(x)).square().sum() + ((shared.bias + 1) ** 2).sum()).backward()
    found, shared.bias.grad = shared.bias.grad, None
    plain = nn.Sequential(shared, first.pre, nn.SELU(), shared, nn.SELU())
    (plain(x).square().sum() + ((shared.bias + 1) ** 2).sum()).backward()
    assert found is not None and torch.allclose(found, cast(Any, shared.bias.grad), rtol=1e-9)


def test_what_rounding_would_do_without() -> None:
    """The gradient is rounding, smaller than a millionth of the weights', yet the bias moves by as much as they."""
    torch.manual_seed(0)
    layer, norm = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)
    optimizer = torch.optim.NAdam([*layer.parameters(), *norm.parameters()], lr=0.01)
    start = bias_of(layer).detach().clone()
    for seed in range(30):
        x: Tensor = torch.rand(32, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
        optimizer.zero_grad()
        torch.relu(norm(layer(x))).square().mean().backward()
        bias_grad, weight_grad = cast(Tensor, bias_of(layer).grad), cast(Tensor, layer.weight.grad)
        assert bias_grad.abs().max() < 1e-6 * weight_grad.abs().max() + 1e-7
        optimizer.step()
    assert (bias_of(layer) - start).abs().max() > 0.01
