"""Several sub-layers, and priors, against what is written out by hand, in double precision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from mgu.equilibrium.composed import Composed
from mgu.equilibrium.layer import Equilibrium, convolutional_equilibrium, dense_equilibrium
from mgu.equilibrium.settings import Settings
from mgu.equilibrium.single import Single
from mgu.equilibrium.solver import Limits
from tests.equilibrium.differences import largest_error

EXACT = Settings(eval_tolerance=1e-13, max_iterations=20_000)


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def composed(layer: Equilibrium, x: Tensor) -> Composed:
    system = layer.system(x)
    assert isinstance(system, Composed)
    return system


@pytest.mark.parametrize(
    "changes",
    [
        {"sublayers": 3},
        {"sublayers": 2, "averaging": 3.0, "solver": "anderson"},
        {"prior": "l2", "prior_weight": 0.3},
        {"prior": "l1", "prior_weight": 0.05},
        {"prior": "viscosity"},
        {"sublayers": 2, "prior": "viscosity", "inner_activation": "tanh"},
    ],
)
def test_gradients_are_those_of_central_differences(changes: dict[str, Any]) -> None:
    layer = dense_equilibrium(5, 6, EXACT._replace(**changes)).eval()
    x = torch.randn(2, 5, requires_grad=True)
    assert largest_error(layer, x) < 1e-6


def test_gradients_of_a_convolution_are_those_of_central_differences() -> None:
    layer = convolutional_equilibrium(torch.nn.Conv2d(1, 2, 3, 2, 1), 3, (3, 3), EXACT).eval()
    x = torch.randn(2, 1, 5, 5, requires_grad=True)
    assert layer(x).shape == (2, 2, 3, 3)
    assert largest_error(layer, x) < 1e-6


def test_one_sublayer_is_the_single_equilibrium() -> None:
    layer = dense_equilibrium(5, 6, EXACT).eval()
    x = torch.randn(3, 5)
    system, operator = cast(Single, layer.system(x)), cast(Any, layer.operators[0])
    several = Composed([operator], layer.inner, [system.weight], [system.c], layer.settings)
    for averaging in (1.0, 4.0):
        several.settings = EXACT._replace(averaging=averaging)
        assert torch.allclose(several.find(layer.limits).value, layer(x), atol=1e-9)


def test_with_growing_averaging_the_fixed_point_tends_to_the_minimiser_of_the_sum_of_envelopes() -> None:
    """The gradient of the Moreau envelope of f_l is z - f_l(z): at the minimum of the sum these add up to 0."""

    def imbalance(averaging: float) -> float:
        torch.manual_seed(1)
        layer = dense_equilibrium(5, 6, EXACT._replace(sublayers=3, averaging=averaging)).eval()
        system = composed(layer, torch.ones(1, 5))
        z = system.find(Limits(1e-10, 20_000)).value
        total = torch.zeros_like(z)
        for operator, weight, c in zip(system.operators, system.weights, system.parts, strict=True):
            total += z - operator.apply_adjoint(weight, torch.relu(operator.apply_weight(weight, z) + c))
        return float(total.detach().norm())

    far, near, nearest = (imbalance(a) for a in (1.0, 100.0, 1000.0))
    assert near < 0.1 * far and nearest == pytest.approx(near / 10, rel=0.2)


def test_a_prior_and_the_envelope_are_minimised_together() -> None:
    """z = prox_R(z - grad M(z)), grad M(z) = z - f(z): so 0 is in the subgradient of R + M."""
    prior: Any
    for prior, weight in (("l1", 0.1), ("l2", 0.5)):
        layer = dense_equilibrium(5, 6, EXACT._replace(prior=prior, prior_weight=weight)).eval()
        system = composed(layer, torch.randn(4, 5))
        z = system.find(layer.limits).value
        slope = z - system.sweep(z)  # of the envelope
        if prior == "l2":
            assert torch.allclose(slope + weight * z, torch.zeros_like(z), atol=1e-9)
            continue
        is_zero = z == 0
        assert is_zero.any() and not is_zero.all()
        assert bool((slope[is_zero].abs() <= weight + 1e-9).all())
        assert torch.allclose(slope[~is_zero], -weight * z[~is_zero].sign(), atol=1e-9)


def with_many_fixed_points() -> tuple[Composed, Tensor, Tensor]:
    """An identity on the first coordinates, of which any value above 0 is a fixed point while c is 0 there."""
    torch.set_default_dtype(torch.float64)
    layer = dense_equilibrium(3, 4, EXACT._replace(norm_bound=1.0, prior="viscosity", viscosity_steps=1000)).eval()
    rotation, _ = torch.linalg.qr(torch.randn(4, 4))
    with torch.no_grad():
        operator, bias = cast(Any, layer.operators[0]), cast(Tensor, layer.injection.bias)
        operator.weight.copy_(torch.diag(torch.tensor([1.0, 1.0, 0.5, 0.2])) @ rotation.t())
        operator.direction.copy_(rotation[:, :1].t())
        layer.injection.weight.zero_()
        bias.copy_(torch.tensor([0.0, 0.0, 0.3, 0.4]))
    system = composed(layer, torch.zeros(1, 3))
    # u = relu(S S^T u + c): free in the first two, c / (1 - s^2) in the others; z = R S u, nearest to 0 with u free = 0
    u = torch.tensor([0.0, 0.0, 0.3 / 0.75, 0.4 / 0.96])
    nearest = rotation @ (torch.tensor([1.0, 1.0, 0.5, 0.2]) * u)
    start = rotation @ (torch.tensor([1.0, 1.0, 0.5, 0.2]) * torch.tensor([3.0, 2.0, 0.0, 0.0]))
    return system, start[None], nearest[None]


def test_viscosity_chooses_the_fixed_point_nearest_to_0() -> None:
    system, z, nearest = with_many_fixed_points()
    plain = z
    distances = {}
    with torch.no_grad():
        for step in range(1, 10_001):
            z, plain = system.viscous(z, step), system.sweep(plain)
            if step in (1000, 10_000):
                distances[step] = float((z - nearest).norm())
    assert float((plain - nearest).norm()) > 1  # Picard stays at the fixed point that it came to
    assert distances[1000] < 0.05 and distances[10_000] == pytest.approx(distances[1000] / 10, rel=0.3)


def test_viscosity_changes_nothing_in_the_limit_where_there_is_one_fixed_point() -> None:
    layer = dense_equilibrium(5, 6, EXACT._replace(prior="viscosity")).eval()
    x = torch.randn(2, 5)
    system, z = composed(layer, x), torch.zeros(2, 6)
    with torch.no_grad():
        for step in range(1, 5001):
            z = system.viscous(z, step)
        several = Composed(system.operators, layer.inner, system.weights, system.parts, EXACT)
        assert float((z - several.find(Limits(1e-13, 20_000)).value).norm()) < 5e-3


def test_a_seed_of_steps_counts_as_iterations() -> None:
    layer = dense_equilibrium(5, 6, Settings(prior="viscosity", viscosity_steps=7)).eval()
    layer(torch.randn(2, 5))
    assert layer.statistics.evaluate.iterations > 7
