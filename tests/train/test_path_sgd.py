"""Path-SGD against its definitions: paths one by one, second derivatives, and networks that rescaling leaves alone."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from mgu.config.optimizers import PathSGDConfig
from mgu.errors import UserError
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.layers.recurrent import Recurrent
from mgu.models.mlp import MLP
from mgu.train.path_norm import PathNorm
from mgu.train.path_sgd import PathSGD, build_path_sgd, describe_skipped
from mgu.train.path_summary import describe_kappas
from tests.conftest import Configure
from tests.run.test_resume import evidence, train

WIDTH, STEPS = 3, 4
BASE = ("dataset=digits", "dataset.sequence=16", "layout=recurrent_relu", "norm=no_norm", "optimizer=path_sgd")


def network(steps: int = STEPS, width: int = WIDTH, depth: int = 1) -> MLP:
    """A recurrent network of random weights, of all signs, in double precision."""
    sizes = [2, *[width] * (depth - 1)]
    layers = [Recurrent(size, width, returns_all=index < depth - 1) for index, size in enumerate(sizes)]
    model = MLP(layers, width, 2, 0.0, reads_steps=True).double()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.6)
    return model


def paths_of(model: MLP) -> Iterator[list[tuple[str, tuple[int, ...]]]]:
    """Yields every path of the unrolled network, from an input or a bias to an output, as the weights that it uses."""
    for output in range(2):
        yield [("readout.bias", (output,))]
        for last in range(WIDTH):
            end = ("readout.weight", (output, last))
            for entered in range(STEPS):
                for within in product(range(WIDTH), repeat=STEPS - 1 - entered):
                    units = [*within, last]
                    moves = [("recurrent_weight", (to, of)) for of, to in pairwise(units)]
                    starts = [("input_weight", (units[0], feature)) for feature in range(2)]
                    for start in (*starts, ("bias", (units[0],))):
                        yield [("blocks.0." + name, index) for name, index in (start, *moves)] + [end]


def test_gamma_and_kappa_are_sums_over_paths() -> None:
    model = network()
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    gamma, expected = 0.0, {name: torch.zeros(2, *weight.shape) for name, weight in weights.items()}
    expected = {name: part.double() for name, part in expected.items()}
    for path in paths_of(model):
        value = 1.0
        for name, index in path:
            value *= weights[name][index].item() ** 2
        gamma += value
        for name, index in set(path):
            uses, square = path.count((name, index)), weights[name][index].item() ** 2
            expected[name][(0, *index)] += uses * value / square
            # Half the second derivative of w^(2 n) is n (2 n - 1) w^(2 n - 2), of which the first part is n.
            expected[name][(1, *index)] += (uses * (2 * uses - 1) - uses) * value / square
    paths = PathNorm(model, (STEPS, 2))
    assert paths.gamma_squared().item() == pytest.approx(gamma, rel=1e-12)
    for name, kappa in zip(weights, paths.kappas(is_full=True), strict=True):
        second = torch.zeros_like(kappa.first) if kappa.second is None else kappa.second
        torch.testing.assert_close(kappa.first, expected[name][0], rtol=1e-12, atol=0)
        torch.testing.assert_close(second, expected[name][1], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("depth", [1, 2])
def test_kappa_is_half_the_diagonal_of_the_hessian(depth: int) -> None:
    model = network(depth=depth)
    names, values = zip(*model.named_parameters(), strict=True)
    twin = PathNorm(model, (STEPS, 2)).squared  # whose loop has no second derivative: the same by operations
    for layer in twin.modules():
        if isinstance(layer, Recurrent):
            layer.forward = _by_operations.__get__(layer)  # type: ignore[method-assign]

    def gamma(*weights: Tensor) -> Tensor:
        squares = {name: weight.square() for name, weight in zip(names, weights, strict=True)}
        total: Tensor = torch.func.functional_call(twin, squares, torch.ones(1, STEPS, 2).double()).sum()
        return total

    hessian = torch.autograd.functional.hessian(gamma, tuple(value.detach() for value in values))
    for index, kappa in enumerate(PathNorm(model, (STEPS, 2)).kappas(is_full=True)):
        size = kappa.first.numel()
        half = hessian[index][index].reshape(size, size).diagonal().reshape(kappa.first.shape) / 2
        torch.testing.assert_close(kappa.total, half, rtol=1e-10, atol=1e-12)


def _by_operations(self: Recurrent, x: Tensor) -> Tensor:
    state, states = x.new_zeros(len(x), self.out_features), []
    for step in x.unbind(dim=1):
        state = step @ self.input_weight.T + state @ self.recurrent_weight.T + self.bias
        states.append(state)
    return torch.stack(states, dim=1) if self.returns_all else state


def test_kappa_of_the_weights_is_a_central_difference() -> None:
    model, epsilon = network(), 1e-4
    paths = PathNorm(model, (STEPS, 2))
    for parameter, kappa in zip(model.parameters(), paths.kappas(), strict=True):
        for place in range(0, parameter.numel(), 3):
            flat, gammas = parameter.detach().view(-1), []
            square = flat[place].item() ** 2
            for change in (epsilon * square, -epsilon * square):
                flat[place] = (square + change) ** 0.5
                gammas.append(paths.gamma_squared().item())
            flat[place] = square**0.5
            found = (gammas[0] - gammas[1]) / (2 * epsilon * square)
            assert kappa.first.view(-1)[place].item() == pytest.approx(found, rel=1e-6)


def rescale_(model: MLP, factors: Tensor) -> None:
    """Multiplies what enters each unit by its factor and divides what leaves it: the same function."""
    layer: Any = model.blocks[0]
    with torch.no_grad():
        layer.input_weight.mul_(factors[:, None])
        layer.bias.mul_(factors)
        layer.recurrent_weight.mul_(factors[:, None]).div_(factors)
        model.readout.weight.div_(factors)


def ten_steps(model: MLP, optimizer: Optimizer, x: Tensor, y: Tensor, clip_norm: float | None = None) -> None:
    for _ in range(10):
        optimizer.zero_grad()
        (model(x) - y).square().mean().backward()
        if clip_norm:
            nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        optimizer.step()


@pytest.mark.parametrize(
    ("kappa", "floor", "rescale_every", "clip_norm", "is_same"),
    [
        ("first", 0.0, 0, None, True),
        ("full", 0.0, 0, None, True),
        ("first", 0.0, None, None, False),
        ("first", 0.1, 0, None, False),
        ("first", 0.0, 0, 0.1, False),
    ],
)
def test_rescaling_a_unit_changes_nothing_without_ratio_floor_and_clipping(
    kappa: str, floor: float, rescale_every: Any, clip_norm: float | None, is_same: bool
) -> None:
    """Of the optimizer as it is built; plain SGD moves a rescaled network elsewhere."""
    torch.manual_seed(0)
    one = network(width=5)
    other = copy.deepcopy(one)
    rescale_(other, torch.tensor([0.1, 3.0, 1.0, 20.0, 0.5]).double())
    x, y = torch.rand(8, STEPS, 2).double(), torch.rand(8, 2).double()
    torch.testing.assert_close(one(x), other(x), rtol=1e-12, atol=1e-12)
    values = {"name": "path_sgd", "lr": 0.003, "kappa": kappa, "every": 1}
    config = PathSGDConfig(**values, floor=floor, rescale_every=rescale_every)  # type: ignore[arg-type]
    moved, by_sgd = [], []
    for model in (one, other):
        before = model(x)
        own = copy.deepcopy(model)
        ten_steps(own, SGD(own.parameters(), 1e-3), x, y)
        by_sgd.append(own(x) - before)
        ten_steps(model, build_path_sgd(config, model, (STEPS, 2)), x, y, clip_norm)
        moved.append(model(x) - before)
    assert moved[0].abs().max() > 1e-3
    assert torch.allclose(moved[0], moved[1], rtol=1e-10, atol=1e-10) is is_same
    assert is_same or (moved[0] - moved[1]).abs().max() > 0.05 * moved[0].abs().max()
    assert (by_sgd[0] - by_sgd[1]).abs().max() > 0.1 * by_sgd[0].abs().max()


def test_a_chain_of_weights_is_known() -> None:
    """y = a b x: kappa of a is b^2, so that a step divides by it; the authors' released code left gradients alone."""
    model = MLP([nn.Linear(1, 1, bias=False)], 1, 1, 0.0).double()
    values = [2.0, 3.0, 0.0]
    for parameter, value in zip(model.parameters(), values, strict=True):
        nn.init.constant_(parameter, value)
    optimizer = PathSGD(PathNorm(model, (1,)), 0.1, False, 0.0, None, 1)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    ratio = optimizer.param_groups[0]["ratio"]
    assert ratio == pytest.approx((3 / (1 / 81 + 1 / 16 + 1)) ** 0.5)
    expected = [2 - 0.1 * ratio / 9, 3 - 0.1 * ratio / 4, -0.1 * ratio]
    found = [parameter.item() for parameter in model.parameters()]
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    "words",
    [
        "dataset=digits layout=digits_2 layout.activation=relu residual=with",
        "dataset=digits layout=dense_3 layout.activation=relu residual=with",
        "dataset=digits dataset.sequence=16 layout=recurrent_relu layout.depth=2 residual=with",
    ],
)
def test_the_general_way_is_the_derivative_by_squares(words: str, configure: Configure) -> None:
    """Of networks of this package: squared weights, linear, in the place of the real ones, by central differences."""
    resolved = resolve(configure(*words.split(), "norm=no_norm", "optimizer=path_sgd"))
    model = build_model(resolved).double()
    paths = PathNorm(model, resolved.shapes.inputs)
    kappas = paths.kappas()
    assert all((kappa.first >= 0).all() and kappa.first.max() > 0 for kappa in kappas)
    for parameter, kappa in zip(model.parameters(), kappas, strict=True):
        if parameter.dim() < 2:
            continue
        values, square = parameter.detach(), parameter.detach().square()
        direction = torch.rand_like(square) * square
        before, gammas = values.clone(), []
        for sign in (1, -1):
            values.copy_((square + sign * 1e-5 * direction).sqrt())
            gammas.append(paths.gamma_squared().item())
        values.copy_(before)
        slope = (gammas[0] - gammas[1]) / 2e-5
        assert (kappa.first * direction).sum().item() == pytest.approx(slope, rel=1e-6)


def test_the_floor_bounds_how_far_entries_differ() -> None:
    model = network()
    optimizer = PathSGD(PathNorm(model, (STEPS, 2)), 0.1, False, 0.1, None, 1)
    x, y = torch.rand(8, STEPS, 2).double(), torch.rand(8, 2).double()
    ten_steps(model, optimizer, x, y)
    for parameter in model.parameters():
        kappa = optimizer.state[parameter]["kappa"]
        assert kappa.max() / kappa.min() <= 1.1 / 0.1 + 1e-9


def test_what_overflows_is_left_out_and_counted() -> None:
    model = network(steps=3)
    nn.init.constant_(model.blocks[0].recurrent_weight, 1e160)  # type: ignore[arg-type]
    before = [parameter.detach().clone() for parameter in model.parameters()]
    optimizer = PathSGD(PathNorm(model, (STEPS, 2)), 0.1, False, 0.0, None, 1)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    assert optimizer.param_groups[0]["skipped"] == 1
    assert describe_skipped(optimizer).startswith("path-SGD left out 1 of 1 steps")
    assert all(map(torch.equal, before, model.parameters()))


def test_the_ratio_is_measured_anew_as_often_as_told() -> None:
    x, y = torch.rand(8, STEPS, 2).double(), torch.rand(8, 2).double()
    ratios = {}
    for rescale_every in (None, 4):
        torch.manual_seed(1)
        model = network()
        optimizer = PathSGD(PathNorm(model, (STEPS, 2)), 0.1, False, 0.1, rescale_every, 1)
        seen = []
        for _ in range(9):
            optimizer.zero_grad()
            (model(x) - y).square().mean().backward()
            optimizer.step()
            seen.append(optimizer.param_groups[0]["ratio"])
        ratios[rescale_every] = seen
    assert len(set(ratios[None])) == 1
    assert [len(set(ratios[4][start : start + 4])) for start in (0, 4, 8)] == [1, 1, 1] and len(set(ratios[4])) == 3


@pytest.mark.parametrize(
    "more",
    [
        "optimizer.kappa=full optimizer.every=7 optimizer.rescale_every=5",
        pytest.param("optimizer.kappa=first", marks=pytest.mark.long),
    ],
)
def test_a_run_goes_on_to_the_same_bits(more: str, configure: Configure) -> None:
    words = (*BASE, *more.split(), "layout.width=8", "training.epochs=4", "training.clip_norm=1", "threads=1")
    whole, broken = (configure(*words, f"experiment_name={name}") for name in ("whole", "broken"))
    train(whole)
    assert train(broken, 1, 3).resumed == 2
    assert evidence(whole) == evidence(broken)


REFUSED = {
    "mgu=lean": "mgu must be without",
    "norm=ln": "norm must be no_norm",
    "layout.cell=tanh": "layout.cell must be relu",
    "layout=recurrent_lstm": "layout.cell must be relu",
    "layout.activation=tanh": "layout.activation must be relu",
    "dataset.sequence=null layout=digits_2": "layout.activation must be relu",
    "layout=python layout.target=torch.nn:Linear": "layout must be a convolutional, dense or recurrent one",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_not_homogeneous_is_refused_by_name(words: str, configure: Configure) -> None:
    given = dict(word.split("=", 1) for word in (*BASE, *words.split()))
    if "mgu" in given:
        del given["norm"]
    with pytest.raises(UserError, match=REFUSED[words]) as refused:
        configure(*(f"{key}={value}" for key, value in given.items()))
    assert "\n" not in str(refused.value) and "optimizer=sgd" in str(refused.value)


def test_the_log_tells_the_ratio_of_both_parts() -> None:
    config = PathSGDConfig(name="path_sgd", lr=0.1, kappa="first", floor=0.1, rescale_every=None, every=1)
    torch.manual_seed(0)
    irnn = MLP([Recurrent(2, 100, start="identity")], 100, 1, 0.0, reads_steps=True)
    said = describe_kappas(build_path_sgd(config, irnn, (10, 2)).paths)
    ratio = float(said.rpartition(" ")[2])
    assert "gamma^2" in said and ratio == pytest.approx(1.0, abs=0.3)  # of the identity, by the size of the matrix
