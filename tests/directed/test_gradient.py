"""The true gradient of a directed network against autograd through its relaxation, in double precision."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from mgu.directed.certificates import find_unclipped
from mgu.directed.field import clip
from mgu.directed.gradient import LARGEST, compare_update, true_direction
from mgu.directed.network import DirectedNetwork, Dynamics
from mgu.directed.rule import EquilibriumRule, RuleSettings

FIELDS = ("additive", "transport")


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def network_of(field: str, **changes: object) -> DirectedNetwork:
    dynamics = Dynamics(field, leak=1.0, dt=0.2, steps=5000, tolerance=1e-13, init_std=0.3)  # type: ignore[arg-type]
    return DirectedNetwork(2, [6], 2, "complete", dynamics._replace(**changes)).eval()  # type: ignore[arg-type]


def rest(network: DirectedNetwork, x: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the states of inputs and of the others, some of which are clipped, and some not."""
    held = network.with_bias(x)
    with torch.no_grad():
        free, solution = network.relax(network.field(held), network.start(held))
    assert solution.residual <= network.dynamics.tolerance
    assert 0.1 < float(find_unclipped(free).double().mean()) < 0.9
    return held, free


def unroll(network: DirectedNetwork, x: Tensor, targets: Tensor) -> Tensor:
    """Minus the gradient of half the squared error, by autograd through every step with the derivative of clamp."""
    held = network.with_bias(x)
    states = network.start(held)
    for _ in range(800):
        states = (states + network.dynamics.dt * network.field(held).at(states)).clamp(0, 1)
    error = (states[:, -network.num_outputs :] - targets).square().sum() / 2
    return -torch.autograd.grad(error, network.weight)[0]


@pytest.mark.parametrize("field", FIELDS)
def test_it_is_that_of_the_relaxation_unrolled_also_where_neurons_are_clipped(field: str) -> None:
    network, x, targets = network_of(field), torch.rand(5, 2), torch.rand(5, 2)
    held, free = rest(network, x)
    found, expected = true_direction(network, held, free, targets), unroll(network, x, targets)
    assert found is not None and expected.any()
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("field", FIELDS)
def test_the_corrected_rule_s_cosine_tends_to_one_and_the_published_rule_s_does_not(field: str) -> None:
    network, x, targets = network_of(field), torch.rand(5, 2), torch.rand(5, 2)
    rest(network, x)
    corrected, published = RuleSettings("exact", "aep", 1e-4), RuleSettings("published", "none", 1e-4)
    cosines = [compare_update(network, EquilibriumRule(settings), x, targets) for settings in (corrected, published)]
    expected = unroll(network, x, targets)
    for (cosine, rows, obstacle), settings in zip(cosines, (corrected, published), strict=True):
        network.weight.grad = None
        EquilibriumRule(settings)(network, x, torch.zeros(5, 2) + targets)
        update = -network.weight.grad  # type: ignore[operator]
        assert cosine == pytest.approx(float((update * expected).sum() / update.norm() / expected.norm()), abs=1e-6)
        assert rows == 5 and obstacle is None
    assert 1 - cosines[0].cosine < 1e-6 and cosines[1].cosine < 0.99  # type: ignore[operator]


def test_why_there_is_no_cosine_is_said() -> None:
    x, rule = torch.rand(3, 2), EquilibriumRule(RuleSettings())

    def obstacle(network: DirectedNetwork, targets: Tensor) -> str | None:
        cosine, rows, why = compare_update(network, rule, x, targets)
        assert cosine is None and rows in (0, 3)
        return why

    assert obstacle(network_of("additive", steps=2), torch.rand(3, 2)) == "the states do not rest"
    network = network_of("transport", leak=0.0, start=0.5)
    network.weight.data.zero_()  # nothing moves: the Jacobian is 0
    assert obstacle(network, torch.rand(3, 2)) == "the Jacobian is singular"
    network = network_of("additive")
    with torch.no_grad():
        assert obstacle(network, network(x)) == "the true gradient is 0"
        tolerance = network.dynamics.tolerance
        near = obstacle(network, network(x) + 5 * tolerance)  # the cosine was of either sign
        assert near is not None and f"rounding of states that rest to layout.tolerance={tolerance:g}" in near
        assert compare_update(network, rule, x, network(x) + 1e-3).cosine is not None
        network.weight.fill_(9.0)  # every neuron is clipped: no small change of the weights moves it
        assert obstacle(network, torch.zeros(3, 2)) == "the true gradient is 0"
    large = DirectedNetwork(2, [LARGEST], 1, "complete", Dynamics("additive"))
    assert (
        obstacle(large, torch.rand(3))
        == f"{LARGEST + 1} neurons are more than {LARGEST}, whose gradient takes too long"
    )


def test_backpropagation_leads_clipped_outputs_back_and_leaves_clipped_hidden_neurons() -> None:
    values = torch.tensor([[-0.5, 0.5, 1.5, -0.5, 1.5, 0.5]] * 2).requires_grad_()
    grad = torch.tensor([[1.0] * 6, [-1.0] * 6])
    clip(values, num_outputs=3).backward(grad)
    assert values.grad is not None
    assert values.grad.tolist() == [[0.0, 1.0, 0.0, 0.0, 1.0, 1.0], [0.0, -1.0, 0.0, -1.0, 0.0, -1.0]]


@pytest.mark.parametrize("field", FIELDS)
def test_backpropagation_has_the_true_gradient_where_hidden_neurons_alone_are_clipped(field: str) -> None:
    network, x, targets = network_of(field), torch.rand(5, 2), torch.rand(5, 2)
    with torch.no_grad():
        network.weight[:, -2:] *= 0.1  # of the outputs
        network.weight[2, -2:] = 0.5
    held, free = rest(network, x)
    inside = find_unclipped(free)
    assert inside[:, -2:].all() and not inside[:, :-2].all()
    expected = true_direction(network, held, free, targets)
    error = (network(x) - targets).square().sum() / 2
    found = -torch.autograd.grad(error, network.weight)[0] * network.mask
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-10)
