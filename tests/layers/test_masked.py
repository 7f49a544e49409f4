"""Masked dense layers against dense ones, and their masks against the hypergeometric distribution."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from mgu.layers.masked import MaskedLinear, count_dead, count_ones, draw_mask
from mgu.layers.weight_init import fresh_copy
from mgu.models.masked import masked_dense
from mgu.train.nadam import OnePassNAdam


def layer(density: float = 0.3, sizes: tuple[int, int] = (7, 5), scale_init: bool = True) -> MaskedLinear:
    return MaskedLinear(*sizes, draw_mask(*sizes, density, (0, 0)), scale_init)


@pytest.mark.parametrize("density", [0.02, 0.5, 0.999])
@pytest.mark.parametrize("sizes", [(784, 5), (40, 50)])
def test_a_mask_has_exactly_its_number_of_ones(density: float, sizes: tuple[int, int]) -> None:
    mask = draw_mask(*sizes, density, (3, 1))
    assert mask.shape == (sizes[1], sizes[0])
    assert int(mask.sum()) == count_ones(density, *sizes) == round(density * sizes[0] * sizes[1])
    assert mask.equal(draw_mask(*sizes, density, (3, 1))) and not mask.equal(draw_mask(*sizes, density, (3, 2)))


def test_the_output_is_that_of_the_masked_weights() -> None:
    masked = layer().double()
    with torch.no_grad():
        masked.weight.add_(1.0)  # whatever the masked weights are, they do not count
    x = torch.randn(4, 7, dtype=torch.float64)
    by_hand = x @ (masked.weight * masked.mask).T + masked.bias
    torch.testing.assert_close(masked(x), by_hand, rtol=0, atol=1e-12)


def test_gradients_are_finite_differences_where_active_and_0_elsewhere() -> None:
    masked, x = layer().double(), torch.randn(4, 7, dtype=torch.float64)

    def loss(weight: torch.Tensor) -> Any:
        return torch.func.functional_call(masked, {"weight": weight}, (x,)).tanh().sum()

    weight = masked.weight.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(loss, (weight,))
    (gradient,) = torch.autograd.grad(loss(weight), weight)
    assert not gradient[~masked.mask].any() and gradient[masked.mask].all()


def test_masked_weights_stay_exactly_0() -> None:
    model = nn.Sequential(layer(0.2, (8, 16)), nn.ReLU(), layer(0.5, (16, 3)))
    masked = [each for each in model if isinstance(each, MaskedLinear)]
    before = [each.weight.detach().clone() for each in masked]
    optimizer = OnePassNAdam(model.parameters(), lr=0.01, weight_decay=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(torch.randn(8, 8)), torch.randint(3, (8,))).backward()
        optimizer.step()
    for each, old in zip(masked, before, strict=True):
        assert not each.weight[~each.mask].any()
        assert (each.weight != old)[each.mask].float().mean() > 0.9


def test_the_initial_weights_are_scaled_for_active_inputs_and_outputs() -> None:
    mask = draw_mask(400, 300, 0.25, (0, 0))
    for scale_init, fans in ((True, 0.25 * 700), (False, 700)):
        weight = MaskedLinear(400, 300, mask, scale_init).weight.detach()
        limit = math.sqrt(6 / fans)
        assert weight.abs().max() == pytest.approx(limit, rel=1e-3) and weight.abs().max() <= limit
        assert weight[mask].var().item() == pytest.approx(limit**2 / 3, rel=0.03)


def test_the_generator_is_left_as_a_dense_layer_leaves_it() -> None:
    after = []
    for density in (1.0, 0.5):
        torch.manual_seed(5)
        masked_dense(20, 10, density, (0, 0))
        after.append(torch.rand(3))
    assert after[0].equal(after[1])


def test_a_full_layer_is_the_plain_one() -> None:
    torch.manual_seed(5)
    full = masked_dense(20, 10, 1.0, (0, 0))
    torch.manual_seed(5)
    masked = MaskedLinear(20, 10, torch.ones(10, 20, dtype=torch.bool))
    x = torch.randn(3, 20)
    assert type(full) is nn.Linear and full.weight.equal(masked.weight) and full(x).equal(masked(x))


def test_a_fresh_copy_has_the_mask_and_weights_of_its_own() -> None:
    masked = layer()
    twin = fresh_copy(masked)
    assert isinstance(twin, MaskedLinear) and twin.mask.equal(masked.mask)
    assert not twin.weight.equal(masked.weight) and not twin.weight[~twin.mask].any()


def test_the_number_of_dead_units_is_that_of_the_distribution() -> None:
    """1,000 pairs of masks; a unit lives if its row of the first and its column of the second have a one."""
    inputs, hidden, outputs, density = 10, 12, 4, 0.15
    counts = torch.tensor(
        [
            count_dead([draw_mask(inputs, hidden, density, (seed, 0)), draw_mask(hidden, outputs, density, (seed, 1))])
            for seed in range(1000)
        ],
        dtype=torch.float64,
    )
    lives = 1.0
    for size, own in ((inputs * hidden, inputs), (hidden * outputs, outputs)):
        ones = round(density * size)
        lives *= 1 - math.comb(size - own, ones) / math.comb(size, ones)
    error = counts.std().item() / math.sqrt(len(counts))
    assert abs(counts.mean().item() - hidden * (1 - lives)) < 4 * error
