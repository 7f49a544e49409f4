"""The single equilibrium against what is written out by hand, in double precision."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from mgu.equilibrium.activations import INNER, find_inner
from mgu.equilibrium.conjugate_gradients import conjugate_gradients
from mgu.equilibrium.layer import Equilibrium, convolutional_equilibrium, dense_equilibrium
from mgu.equilibrium.objective import contraction, objective
from mgu.equilibrium.operator import BoundedConvolution, BoundedLinear
from mgu.equilibrium.settings import Settings
from mgu.equilibrium.single import Single
from mgu.equilibrium.solver import Limits, anderson, picard
from tests.equilibrium.differences import largest_error

EXACT = Settings(eval_tolerance=1e-13, max_iterations=5000)


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def dense(width: int = 6, settings: Settings = EXACT) -> Equilibrium:
    return dense_equilibrium(5, width, settings).eval()


def single(layer: Equilibrium, x: Tensor) -> Single:
    system = layer.system(x)
    assert isinstance(system, Single)
    return system


def unrolled(layer: Equilibrium, x: Tensor, steps: int = 500) -> Tensor:
    weight, c = layer.operators[0](), layer.injection(x)
    z = torch.zeros_like(c)
    for _ in range(steps):
        z = layer.inner.function(z @ weight.t() + c) @ weight
    return z


@pytest.mark.parametrize("activation", INNER)
@pytest.mark.parametrize("solver", ["picard", "anderson"])
def test_gradients_are_those_of_central_differences_and_of_500_steps(activation: str, solver: Any) -> None:
    layer = dense(settings=EXACT._replace(inner_activation=activation, solver=solver))
    x = torch.randn(3, 5, requires_grad=True)
    assert largest_error(layer, x) < 1e-6
    probe = torch.randn(3, 6)
    parameters = [x, *layer.parameters()]
    found = torch.autograd.grad((layer(x) * probe).sum(), parameters)
    expected = torch.autograd.grad((unrolled(layer, x) * probe).sum(), parameters)
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def test_the_fixed_point_minimises_the_objective_as_the_paper_writes_it() -> None:
    layer = dense()
    with torch.no_grad():
        cast(Any, layer.operators[0]).weight.mul_(0.3).add_(torch.eye(6))
    x = torch.randn(1, 5)
    system = single(layer, x)
    weight, c, z = system.weight.detach(), system.c.detach()[0], layer(x).detach()[0]
    inverse = torch.linalg.inv(weight).t()  # W^-T

    def written_out(z: Tensor) -> float:
        u = inverse @ z
        assert bool((u >= -1e-9).all())  # h is 0 there, and infinite elsewhere
        return float(u @ u / 2 - c @ u - z @ z / 2)

    least = written_out(z)
    assert objective(system, (inverse @ z)[None].clamp(min=0)) == pytest.approx(least)
    for scale in (1e-3, 1e-1, 1.0):
        for _ in range(300):
            u = ((inverse @ z) + scale * torch.randn(6)).clamp(min=0)
            assert written_out(weight.t() @ u) >= least - 1e-12


@pytest.mark.parametrize("activation", [name for name, inner in INNER.items() if inner.potential])
def test_the_objective_of_every_activation_has_its_minimum_at_the_solution(activation: str) -> None:
    layer = dense(settings=EXACT._replace(inner_activation=activation))
    system = single(layer, torch.randn(4, 5))
    u = system.find(layer.limits).value
    least = objective(system, u)
    assert least is not None
    for _ in range(200):
        other = system.inner.function(torch.logit(u.clamp(1e-6, 1 - 1e-6)) if activation == "sigmoid" else u * 1.3)
        mixed = u + torch.rand(4, 1) * (other - u)  # convex: so is the range of the activation
        assert least is not None and bool((cast(Tensor, objective(system, mixed)) >= least - 1e-10).all())


@pytest.mark.parametrize("activation", INNER)
def test_slopes_are_derivatives_in_the_unit_interval(activation: str) -> None:
    inner, x = find_inner(activation), torch.linspace(-4, 4, 200).requires_grad_()
    after = inner.function(x)
    (slope,) = torch.autograd.grad(after.sum(), x)
    assert torch.allclose(inner.slope(x.detach(), after.detach()), slope)
    assert slope.min() >= 0 and slope.max() <= 1


def test_the_jacobian_is_symmetric_with_eigenvalues_between_0_and_the_squared_norm() -> None:
    layer = dense()
    system = single(layer, torch.randn(1, 5))
    z = layer(torch.randn(1, 5)).detach()
    jacobian = torch.autograd.functional.jacobian(lambda z: system.apply(z[None])[2][0], z[0])
    assert torch.allclose(jacobian, jacobian.t(), atol=1e-14)
    values = torch.linalg.eigvalsh(jacobian)
    assert values.min() >= -1e-14 and values.max() <= 0.95**2 + 1e-3


def test_iterations_contract_by_the_squared_norm_at_most() -> None:
    layer = dense()
    system = single(layer, torch.randn(1, 5))
    product, c = system.gram(), system.c.detach()
    weight = system.weight.detach()
    u, lengths = system.start().detach(), []
    for _ in range(60):
        new = system.inner.function(product(u) + c)
        lengths.append(float(((new - u) @ weight).norm()))
        u = new
    ratios = [after / before for before, after in itertools.pairwise(lengths) if before > 1e-11]
    assert max(ratios) <= 0.95**2 + 1e-3
    assert contraction(system, u).max() == pytest.approx(ratios[-1], rel=0.01)


def test_conjugate_gradients_solve_each_system() -> None:
    matrices = torch.randn(4, 7, 7)
    matrices = torch.eye(7) + matrices @ matrices.transpose(1, 2)
    right = torch.randn(4, 7)
    right[2] = 0
    found = conjugate_gradients(lambda v: (matrices @ v[..., None])[..., 0], right, Limits(1e-12, 100))
    assert torch.allclose(found.value, torch.linalg.solve(matrices, right), atol=1e-10)
    assert found.residual <= 1e-12 and found.iterations <= 14
    short = conjugate_gradients(lambda v: (matrices @ v[..., None])[..., 0], right, Limits(1e-12, 2))
    assert short.iterations == 2 and short.residual > 1e-12


def test_a_system_that_is_not_positive_definite_ends_finite_and_is_told() -> None:
    matrices = torch.diag_embed(torch.tensor([[1.0, 2.0], [1.0, -0.5]]))
    right = torch.ones(2, 2)
    found = conjugate_gradients(lambda v: (matrices @ v[..., None])[..., 0], right, Limits(1e-12, 500))
    assert torch.allclose(found.value[0], torch.tensor([1.0, 0.5])) and found.value.isfinite().all()
    assert found.residual > 1e-12 and found.iterations <= 5


def outrun(settings: Settings) -> Equilibrium:
    """A layer in training whose weights have moved to where the vectors of its power iterations do not point."""
    layer = dense(4, settings).train()
    with torch.no_grad():
        for operator in layer.operators:
            operator.weight.copy_(torch.diag(torch.tensor([1.3, 0.6, 0.5, 0.4])))  # type: ignore[operator]
            operator.direction.copy_(torch.tensor([[1e-4, 1.0, 0.0, 0.0]]))  # type: ignore[operator]
        layer.injection.bias.fill_(1.0)  # type: ignore[union-attr]
    return layer


@pytest.mark.parametrize("sublayers", [1, 2])
def test_weights_that_outran_the_power_iteration_do_not_make_it_diverge(sublayers: int) -> None:
    layer = outrun(Settings(power_iterations=1, max_iterations=200, sublayers=sublayers))
    x = torch.randn(3, 5)
    z = layer(x)
    z.sum().backward()
    tallies = layer.statistics.train, layer.statistics.backward
    assert [tally.unconverged for tally in tallies] == [0, 0] and z.abs().max() < 1e3
    assert all(own.grad is not None and own.grad.isfinite().all() for own in layer.parameters())


def test_a_gradient_that_does_not_converge_is_finite_and_mends_the_next_step() -> None:
    layer = outrun(Settings(power_iterations=1, tolerance=10.0))  # any iterate will do forward
    layer.settings = layer.settings._replace(tolerance=1e-3)
    x = torch.randn(3, 5)
    system = single(layer, x)
    found = system.find(Limits(1.0, 200))
    z = system.differentiable(found, Limits(1e-3, 200), layer.statistics)
    z.sum().backward()
    assert layer.statistics.backward.unconverged == 1
    assert all(own.grad is not None and own.grad.isfinite().all() for own in layer.parameters())
    with torch.no_grad():
        assert float(torch.linalg.matrix_norm(layer.operators[0](), 2)) < 0.951


def test_anderson_needs_fewer_iterations_than_picard() -> None:
    layer = dense(width=40)
    system = single(layer, torch.randn(3, 5))
    product, c = system.gram(), system.c.detach()

    def step(u: Tensor) -> Tensor:
        return system.inner.function(product(u) + c)

    limits = Limits(1e-10, 1000)
    slow, fast = picard(step, torch.zeros(3, 40), limits), anderson(step, torch.zeros(3, 40), limits)
    assert torch.allclose(slow.value, fast.value, atol=1e-7) and fast.iterations < slow.iterations


def test_a_row_does_not_depend_on_the_others_of_its_batch() -> None:
    for solver in ("picard", "anderson"):
        layer = dense(settings=EXACT._replace(solver=solver, eval_tolerance=1e-10))
        x = torch.randn(8, 5)
        assert torch.allclose(layer(x)[3:4], layer(x[3:4]), atol=1e-8)


@pytest.mark.parametrize("bound", [0.5, 0.95])
def test_the_norm_of_the_convolution_as_an_operator_is_held_below_its_bound(bound: float) -> None:
    operator = BoundedConvolution(3, 3, (5, 6), bound, iterations=5)
    with torch.no_grad():
        operator.weight.mul_(4)
        for _ in range(20):  # training goes on
            operator()
    weight = operator.eval()().detach()
    matrix = torch.autograd.functional.jacobian(
        lambda z: operator.apply_weight(weight, z[None])[0], torch.zeros(3, 5, 6)
    )
    matrix = matrix.reshape(90, 90)
    assert bound * (1 - 1e-2) <= torch.linalg.matrix_norm(matrix, 2) <= bound * (1 + 1e-2)
    assert torch.linalg.matrix_norm(weight.reshape(3, -1), 2) < 0.9 * bound  # which torch's spectral_norm would bound
    u, z = torch.randn(2, 1, 3, 5, 6)
    forth, back = operator.apply_weight(weight, z), operator.apply_adjoint(weight, u)
    assert (forth * u).sum() == pytest.approx((back * z).sum())


def test_weights_below_the_bound_stay_as_they_are() -> None:
    operator = BoundedLinear(4, 0.95, 5)
    with torch.no_grad():
        operator.weight.mul_(0.1)
    assert torch.equal(operator(), operator.weight)


def test_vectors_move_in_training_only_and_are_saved() -> None:
    layer = dense_equilibrium(5, 6, Settings())
    with torch.no_grad():
        cast(Any, layer.operators[0]).weight.add_(torch.randn(6, 6))
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    layer.eval()(torch.randn(2, 5))
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())
    layer.train()(torch.randn(2, 5))
    assert "operators.0.direction" in before
    assert not torch.equal(cast(Any, layer.operators[0]).direction, before["operators.0.direction"])


def test_what_does_not_converge_is_counted() -> None:
    layer = dense(settings=EXACT._replace(max_iterations=3))
    layer(torch.randn(2, 5, requires_grad=True)).sum().backward()
    seen = layer.statistics.evaluate
    assert (seen.solves, seen.iterations, seen.unconverged) == (1, 3, 1) and seen.residual > 1e-13
    layer(torch.full((2, 5), torch.nan))
    assert seen.unconverged == 2 and seen.residual == float("inf")


@pytest.mark.parametrize("name", ["selu", "gelu", "silu"])
def test_activations_with_other_slopes_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"slopes lie in .0, 1., but got {name}, whose slopes are"):
        dense(settings=Settings(inner_activation=name))


def test_a_fresh_copy_has_weights_and_vectors_of_its_own() -> None:
    from mgu.layers.weight_init import fresh_copy

    layer: Any = convolutional_equilibrium(torch.nn.Conv2d(1, 4, 3, 2, 1), 3, (4, 4), Settings(), input_norm=True)
    twin: Any = fresh_copy(layer)
    assert not torch.equal(twin.operators[0].direction, layer.operators[0].direction)
    assert twin.statistics is not layer.statistics
