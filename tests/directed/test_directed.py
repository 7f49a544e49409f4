"""Directed networks, their rule and their certificates against what is written out by hand, in double precision."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from mgu.data.gates.rows import truth_table
from mgu.directed.advice import advise_rest
from mgu.directed.certificates import certify, find_unclipped, gershgorin
from mgu.directed.field import EulerStep
from mgu.directed.network import DirectedNetwork, Dynamics, allowed
from mgu.directed.rule import EquilibriumRule, RuleSettings
from mgu.directed.sparsify import Sparsify, probabilities, sparsify

FINE = Dynamics("additive", leak=1.0, dt=0.3, steps=50_000, tolerance=1e-14)


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def interior(field: Any, graph: Any = "complete") -> tuple[DirectedNetwork, Tensor, Tensor]:
    """A network whose states rest inside of the box, with inputs and targets."""
    leak = 1.0 if field == "additive" else 2.0
    network = DirectedNetwork(2, [4], 2, graph, FINE._replace(field=field, leak=leak, init_std=0.1))
    with torch.no_grad():
        network.weight[2] = 0.5 * leak  # of the bias
    x, targets = torch.rand(3, 2), torch.rand(3, 2)
    held = network.eval().with_bias(x)
    states, _ = network.relax(network.field(held), network.start(held))
    assert bool(((states > 0.05) & (states < 0.95)).all())
    return network, x, targets


@pytest.mark.parametrize("graph", ["complete", "layered"])
@pytest.mark.parametrize("field", ["additive", "transport"])
@pytest.mark.parametrize("hidden", [[], [3], [4, 3], [4, 1, 3]])
def test_a_step_is_that_of_the_whole_matrix_and_has_its_gradients(graph: Any, field: Any, hidden: list[int]) -> None:
    """Products by blocks of zeros are left out; nudging is part of drive and leak."""
    network = DirectedNetwork(2, hidden, 2, graph, FINE._replace(field=field, leak=0.7, init_std=0.5))
    states, targets = torch.rand(5, sum(network.layers)), torch.rand(5, 2)
    plain = network.field(network.with_bias(torch.rand(5, 2)))
    nudge = torch.cat([torch.zeros(5, sum(hidden)), 0.4 * (targets - states[:, -2:])], dim=1)
    for moving, change in ((plain, plain.at(states)), (plain.nudged(targets, 0.4), plain.at(states) + nudge)):
        found = EulerStep(moving, 0.3, num_outputs=2)(states)
        expected = (states + 0.3 * change).clamp(0, 1)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-14)
        inside = (expected > 0) & (expected < 1)
        assert inside.any()
        gradients = [
            torch.autograd.grad(moved[inside].sum(), network.weight, retain_graph=True)[0] * network.mask
            for moved in (found, expected)
        ]
        torch.testing.assert_close(*gradients, rtol=0, atol=1e-13)


def test_products_of_a_layered_network_are_those_between_neighbours() -> None:
    counts = [DirectedNetwork(6, [4, 3], 2, graph, FINE).count_products(10) for graph in ("layered", "complete")]
    assert counts == [2 * (7 * 9 + 10 * 2 * (4 * 3 + 3 * 2)), 2 * (7 * 9 + 10 * 81)]


def true_direction(network: DirectedNetwork, x: Tensor, targets: Tensor) -> Tensor:
    """Minus the gradient of half the squared error, summed over the batch, by implicit differentiation."""
    held = network.with_bias(x)
    states = network.relax(network.field(held), network.start(held))[0].detach()
    total = torch.zeros_like(network.weight)
    for row, rest, wanted in zip(held, states, targets, strict=True):

        def field(s: Tensor, row: Tensor = row) -> Tensor:
            return network.field(row[None]).at(s[None])[0]

        jacobian = torch.autograd.functional.jacobian(field, rest)
        slope = torch.zeros_like(rest)
        slope[-network.num_outputs :] = rest[-network.num_outputs :] - wanted
        adjoint = -torch.linalg.solve(jacobian.t(), slope)  # dC/dW = adjoint . dF/dW
        total += torch.autograd.grad((field(rest) * adjoint).sum(), network.weight)[0]
    return -total * network.mask


def found_direction(network: DirectedNetwork, x: Tensor, targets: Tensor, settings: RuleSettings) -> Tensor:
    held = network.with_bias(x)
    with torch.no_grad():
        field = network.field(held)
        free, _ = network.relax(field, network.start(held))
        return EquilibriumRule(settings).direction(network, held, field, free, targets) * network.mask


@pytest.mark.parametrize("field", ["additive", "transport"])
@pytest.mark.parametrize("graph", ["complete", "layered"])
def test_the_corrected_rule_is_the_gradient_as_nudging_vanishes(field: str, graph: str) -> None:
    network, x, targets = interior(field, graph)
    expected = true_direction(network, x, targets)

    def error(strength: float, centred: bool) -> float:
        ways = [found_direction(network, x, targets, RuleSettings(strength=s)) for s in (strength, -strength)]
        found = (ways[0] + ways[1]) / 2 if centred else ways[0]
        return float((found - expected).norm() / expected.norm())

    assert error(1e-3, centred=True) < 1e-5
    assert error(1e-1, centred=True) / error(1e-2, centred=True) == pytest.approx(100, rel=0.2)
    assert error(1e-2, centred=False) / error(1e-3, centred=False) == pytest.approx(10, rel=0.2)


@pytest.mark.parametrize("field", ["additive", "transport"])
@pytest.mark.parametrize("correction", ["aep", "none"])
def test_what_nudging_moves_is_the_inverse_jacobian_times_the_slope(field: str, correction: str) -> None:
    """d tends to J^-T dC/ds with the correction, and to J^-1 dC/ds without it: signs as docs/method/directed.md has."""
    network, x, targets = interior(field)
    rule = EquilibriumRule(RuleSettings(correction=correction, strength=1e-4))  # type: ignore[arg-type]
    with torch.no_grad():
        plain = network.field(network.with_bias(x))
        free, _ = network.relax(plain, network.start(network.with_bias(x)))
        d = (network.relax(rule.nudged_field(plain, free, targets), free)[0] - free) / 1e-4
    slope = torch.zeros_like(free)
    slope[:, -network.num_outputs :] = free[:, -network.num_outputs :] - targets
    jacobian = plain.jacobian()
    expected = torch.linalg.solve(jacobian.t() if correction == "aep" else jacobian, slope.t()).t()
    assert float((d - expected).norm() / expected.norm()) < 1e-3


def test_without_the_correction_the_direction_is_another_one() -> None:
    network, x, targets = interior("transport")
    with torch.no_grad():
        network.weight.add_(0.2 * torch.randn_like(network.weight) * network.mask)
    expected = true_direction(network, x, targets)
    plain = found_direction(network, x, targets, RuleSettings("exact", "none", 1e-4))
    assert float((plain - expected).norm() / expected.norm()) > 0.02


def test_the_published_rule_is_the_notebooks_formula_on_three_neurons() -> None:
    steps, strength, rate = 7, 2.0, 1.0
    dynamics = Dynamics("transport", leak=0.0, dt=0.05, steps=steps, tolerance=0.0, init_std=0.5)
    network = DirectedNetwork(1, [2], 1, "complete", dynamics)
    x, y = [0.7], 1.0
    weight, inputs = network.weight.detach().tolist(), [*x, 1.0]
    everyone, hidden = len(inputs) + 3, len(inputs)

    def change(s: list[float], nudged: bool) -> list[float]:
        ds = []
        for j in range(3):
            gained = sum(weight[i][j] * s[i] for i in range(everyone))
            lost = s[hidden + j] * sum(weight[hidden + j][k] for k in range(3))
            ds.append(gained - lost + (strength * (y - s[-1]) if nudged and j == 2 else 0.0))
        return ds

    s = [*inputs, 0.0, 0.0, 0.0]
    for _ in range(steps):
        s = [*inputs, *(min(1.0, max(0.0, v + 0.05 * d)) for v, d in zip(s[hidden:], change(s, False), strict=True))]
    update = [[0.0] * 3 for _ in range(everyone)]
    for _ in range(steps):
        new = [*inputs, *(min(1.0, max(0.0, v + 0.05 * d)) for v, d in zip(s[hidden:], change(s, True), strict=True))]
        for i in range(everyone):
            for j in range(3):
                update[i][j] += rate / (1 * steps) * new[i] * (new[hidden + j] - s[hidden + j])
        s = new
    rule = EquilibriumRule(RuleSettings("published", "none", strength))
    rule(network, torch.tensor([x]), torch.tensor([y]))
    expected = torch.tensor(update) * network.mask
    assert network.weight.grad is not None
    assert expected.abs().max() > 0 and torch.allclose(-network.weight.grad, expected, atol=1e-14)


def test_the_published_rule_divides_by_all_steps_also_where_the_network_rests_before() -> None:
    """The steps after it would add nothing, so that a learning rate means the same for every batch."""
    directions = []
    for tolerance in (-1.0, 1e-8):  # every step, although nothing moves any more
        torch.manual_seed(1)
        dynamics = Dynamics("transport", leak=1.0, dt=0.05, steps=2000, tolerance=tolerance, init_std=0.1)
        network = DirectedNetwork(1, [2], 1, "complete", dynamics)
        settings = RuleSettings("published", "none", 1.0)
        directions.append(found_direction(network, torch.tensor([[0.7]]), torch.tensor([[1.0]]), settings))
        assert (network.statistics.backward.mean_iterations < 2000) == (tolerance > 0)
    assert directions[0].abs().max() > 0 and torch.allclose(directions[0], directions[1], rtol=1e-4, atol=1e-9)


def test_the_jacobian_is_that_of_finite_differences() -> None:
    for name in ("additive", "transport"):
        network, x, _ = interior(name)
        field = network.field(network.with_bias(x[:1]))
        at, step = torch.rand(1, 6), 1e-6
        columns = [(field.at(at + step * way) - field.at(at - step * way))[0] / (2 * step) for way in torch.eye(6)]
        assert torch.allclose(torch.stack(columns, dim=1), field.jacobian(), atol=1e-9)


def test_without_a_leak_what_leaves_a_neuron_arrives_elsewhere() -> None:
    for _ in range(50):
        network = DirectedNetwork(2, [5], 1, "complete", Dynamics(leak=0.0, init_std=1.0))
        jacobian = network.field(network.with_bias(torch.rand(1, 2))).jacobian().detach()
        assert jacobian.sum(dim=0).abs().max() < 1e-12
        assert gershgorin(jacobian) <= 1e-12  # it can never hold
        assert torch.linalg.eigvals(jacobian).real.max() > -1e-9


def lyapunov(jacobian: Tensor) -> Tensor:
    """P, symmetric, of J^T P + P J = -I."""
    num = len(jacobian)
    unit, transposed = torch.eye(num), jacobian.t().contiguous()
    system = torch.kron(unit, transposed) + torch.kron(transposed, unit)
    solved = torch.linalg.solve(system, -unit.flatten()).view(num, num)
    return (solved + solved.t()) / 2


def test_lyapunovs_matrix_is_positive_exactly_where_the_jacobian_is_stable() -> None:
    seen = set()
    for shift in torch.linspace(-2, 2, 40):
        jacobian = torch.randn(4, 4) + shift * torch.eye(4)
        p = lyapunov(jacobian)
        assert torch.allclose(jacobian.t() @ p + p @ jacobian, -torch.eye(4), atol=1e-8)
        is_stable = bool(torch.linalg.eigvals(jacobian).real.max() < 0)
        seen.add(is_stable)
        assert bool((torch.linalg.eigvalsh(p) > 0).all()) == is_stable
    assert seen == {True, False}


def test_the_local_certificate_is_the_rate_at_which_small_disturbances_fade() -> None:
    """Of a step, by the iteration itself; of the flow, by its matrix exponential over a long time."""
    torch.manual_seed(3)
    network = DirectedNetwork(2, [6], 1, "complete", Dynamics("additive", leak=1.0, dt=0.4, steps=400, init_std=0.2))
    network.eval()
    with torch.no_grad():
        network.weight.abs_()  # so that neurons rest inside of the box
    x = torch.tensor([[0.3, 0.4]])
    proven, field = certify(network, x), network.field(network.with_bias(x))
    states, _ = network.relax(field, network.start(network.with_bias(x)))
    free = find_unclipped(states)[0]
    assert proven.rests and 0 < proven.flow.local < 1 and free.sum() > 2
    jacobian = field.jacobian().detach()[free][:, free]
    late = torch.linalg.matrix_exp(60 * jacobian)
    assert -math.log(float(torch.linalg.matrix_norm(late, 2))) / 60 == pytest.approx(proven.flow.local, rel=0.05)
    steps = torch.linalg.matrix_power(torch.eye(len(jacobian)) + 0.4 * jacobian, 200)
    left = float(torch.linalg.matrix_norm(steps, 2)) ** (1 / 200)
    assert 1 - left == pytest.approx(proven.step.local, rel=0.05)


@pytest.mark.parametrize("field", ["additive", "transport"])
def test_under_the_global_certificate_of_the_step_distances_fall_along_clipped_steps(field: str) -> None:
    """From everywhere, by the certified share; the margin of the flow certifies steps that are short enough."""
    seen = set()
    for dt, leak, std in itertools.product((0.05, 0.5, 1.6, 2.5), (0.3, 1.0, 2.0), (0.05, 0.4)):
        dynamics = Dynamics(field, leak=leak, dt=dt, steps=100, init_std=std)  # type: ignore[arg-type]
        network = DirectedNetwork(2, [6], 1, "complete", dynamics).eval()
        x = torch.rand(1, 2).expand(50, -1)
        proven, moving = certify(network, x), network.field(network.with_bias(x))
        size, left = float(torch.linalg.matrix_norm(moving.jacobian().detach(), 2)), 1 - proven.step.globally
        assert left**2 <= 1 - 2 * dt * proven.flow.globally + (dt * size) ** 2 + 1e-9
        assert left < 1 or dt >= 2 * proven.flow.globally / size**2
        seen.add((proven.flow.globally > 0, left < 1))
        states, others = torch.rand(2, 50, 7)
        moving = moving._replace(drive=moving.drive.detach(), among=moving.among.detach(), leak=moving.leak.detach())
        for _ in range(30 * (left < 1)):
            before = (states - others).norm(dim=1)
            states, others = ((own + dt * moving.at(own)).clamp(0, 1) for own in (states, others))
            assert bool(((states - others).norm(dim=1) <= left * before + 1e-12).all())
    assert {(True, True), (True, False)} <= seen and (False, True) not in seen


@pytest.mark.parametrize(("dt", "leak", "turning"), [(2.5, 1.0, 0.0), (0.5, 1.0, 2.0)])
def test_a_step_that_is_too_long_for_a_stable_flow_is_not_certified(dt: float, leak: float, turning: float) -> None:
    """J is -leak I plus what turns states round: J + J^T < 0, but steps lead away from the state of rest."""
    network = DirectedNetwork(1, [4], 1, "complete", Dynamics("additive", leak, dt, 1000, 1e-5, 0.0, 0.1)).eval()
    among = torch.randn(5, 5)
    among = turning * (among - among.T)
    with torch.no_grad():
        network.weight[2:] = among
        network.weight[1] = 0.5 * leak - 0.5 * among.sum(dim=0)  # of the bias: at rest in the middle of the box
    x = torch.zeros(1, 1)
    proven, moving = certify(network, x), network.field(network.with_bias(x))
    assert proven.flow.globally > 0 and proven.step.globally < 0 and proven.step.gershgorin < 0
    assert not proven.rests and all(math.isnan(margins.local) for margins in (proven.flow, proven.step))
    near = torch.full((1, 5), 0.501)
    for _ in range(20):
        near = (near + dt * moving.at(near)).clamp(0, 1).detach()
    assert float((near - 0.5).norm()) > 0.5


@pytest.mark.parametrize(
    ("dynamics", "turning", "strength", "advice"),
    [
        (Dynamics("additive", leak=1.0, dt=2.5), 0.0, 0.0, "Lower layout.dt below 2:"),
        (Dynamics("additive", leak=1.0, dt=0.5), 0.0, 4.0, "Lower layout.dt below 0.4:"),
        (Dynamics("additive", leak=1.0, dt=0.5), 2.0, 0.0, "Lower layout.dt below 0.4:"),  # 2 / (1 + 2^2)
        (Dynamics("additive", leak=1.0, dt=0.3), 2.0, 0.0, "Raise layout.steps."),
        (Dynamics("additive", leak=0.0, dt=0.3), 2.0, 0.0, "Raise layout.leak:"),
        (Dynamics("additive", leak=1.0, dt=0.3), float("nan"), 0.0, "Raise layout.steps, or lower layout.dt."),
    ],
)
def test_what_would_let_a_network_rest_is_named(
    dynamics: Dynamics, turning: float, strength: float, advice: str
) -> None:
    """The eigenvalues of a pair that turns are -leak +- i turning."""
    network = DirectedNetwork(1, [2], 1, "complete", dynamics)
    with torch.no_grad():
        network.weight.zero_()
        network.weight[2, 1], network.weight[3, 0] = turning, -turning
    assert advise_rest(network, strength).startswith(advice)


def test_nothing_leads_into_inputs_or_to_itself_and_layers_touch_their_neighbours_only() -> None:
    layered = allowed(3, [2, 2, 1], "layered")
    assert layered.tolist() == [
        *[[True, True, False, False, False]] * 2,  # inputs
        [True] * 5,  # the bias
        *[[False, False, True, True, False]] * 2,
        *[[True, True, False, False, True]] * 2,
        [False, False, True, True, False],
    ]
    assert int((~allowed(3, [4], "complete")).sum()) == 4


def test_weak_connections_are_removed_as_often_as_they_should_be() -> None:
    weights = torch.tensor([[0.004, 2.0], [-0.009, 0.0], [5.0, 0.003], [0.5, -0.002]])
    counts, draws = torch.zeros(4, 2), 2000
    network = DirectedNetwork(1, [1], 1, "complete", Dynamics())
    for _ in range(draws):
        network.mask.fill_(1)
        with torch.no_grad():
            network.weight.copy_(weights)
        sparsify(network, Sparsify("permanent", tolerance=0.01, temperature=2.0))
        removed = network.mask == 0
        assert torch.equal(network.weight[removed], torch.zeros(int(removed.sum())))
        counts += removed
    chances = probabilities(weights, 2.0)
    assert torch.allclose(chances.sum(dim=0), torch.ones(2))
    weak = weights.abs() <= 0.01
    assert bool((counts[~weak] == 0).all())
    expected = draws * chances[weak]
    squared = ((counts[weak] - expected) ** 2 / (expected * (1 - chances[weak]))).sum()
    assert float(squared) < 26  # chi-square with 5 degrees of freedom: p = 1e-4


def test_permanently_removed_connections_stay_away_and_others_may_return() -> None:
    mode: Any
    for mode, stays in (("permanent", True), ("published", False)):
        network = DirectedNetwork(2, [3], 1, "complete", Dynamics("additive", leak=1.0))
        network.weight.data.mul_(0.01)
        rule = EquilibriumRule(RuleSettings(sparsify=Sparsify(mode, 1.0, 1e-3)))
        rows = truth_table("xor")
        x, y = rows.inputs.double(), rows.targets.double()
        for _ in range(3):
            rule.end_epoch(network)
        gone = (network.weight == 0) & allowed(3, [3, 1], "complete")
        assert gone.any()
        for _ in range(5):
            rule(network, x, y)
            network.weight.data -= cast(Tensor, network.weight.grad)
        assert bool((network.weight[gone] == 0).all()) is stays
        assert bool((network.weight[~allowed(3, [3, 1], "complete")] == 0).all())


def test_no_graph_of_autograd_is_built() -> None:
    network = DirectedNetwork(2, [3], 1, "complete", Dynamics("additive", leak=1.0))
    rows = truth_table("or")
    saved: list[Tensor] = []

    def save(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(save, lambda tensor: tensor):
        outputs = EquilibriumRule(RuleSettings())(network, rows.inputs, rows.targets)
    assert outputs.grad_fn is None and not outputs.requires_grad and not saved
    with torch.inference_mode():
        assert torch.equal(EquilibriumRule(RuleSettings())(network, rows.inputs, rows.targets), outputs)


def learn(gate: Any, seed: int, settings: RuleSettings, epochs: int) -> tuple[float, float]:
    """Trains as `mgu-run` does with plain SGD; returns the largest mse of the last 20 epochs, and the share kept."""
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(seed)
    network = DirectedNetwork(2, [12], 1, "complete", Dynamics("additive", leak=1.0, tolerance=1e-5, init_std=0.1))
    rule, rows, errors = EquilibriumRule(settings), truth_table(gate), []
    for _ in range(epochs):
        outputs = rule(network, rows.inputs, rows.targets)
        errors.append(float((outputs[:, 0] - rows.targets).square().mean()))
        network.weight.data -= cast(Tensor, network.weight.grad)
        rule.end_epoch(network)
    return max(errors[-20:]), network.kept


def test_xor_is_learned() -> None:
    error, kept = learn("xor", 0, RuleSettings(strength=0.5), 120)
    assert error < 0.01 and kept == 1


@pytest.mark.long
@pytest.mark.parametrize("gate", ["and", "or", "xor"])
def test_gates_are_learned_from_every_one_of_ten_seeds(gate: str) -> None:
    assert all(learn(gate, seed, RuleSettings(strength=0.5), 200)[0] < 0.01 for seed in range(10))


@pytest.mark.long
def test_xor_is_learned_from_nine_of_ten_seeds_with_two_fifths_of_the_connections_gone() -> None:
    settings = RuleSettings(strength=0.5, l1=3e-4, sparsify=Sparsify("permanent"))
    ends = [learn("xor", seed, settings, 400) for seed in range(10)]
    assert sum(error < 0.01 for error, _ in ends) >= 9
    assert math.fsum(kept for _, kept in ends) / 10 <= 0.6
