"""Recurrent layers: the loop equals torch's own and the formula written out, and each start is what its paper says."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from mgu.layers.recurrent import LSTM, LastStep, Recurrent
from mgu.layers.recurrent_loop import Cell, Weights, run_loop, run_steps
from mgu.unit.unit import MultiGatedUnit


def draw(*shapes: tuple[int, ...]) -> list[Tensor]:
    return [torch.randn(*shape, dtype=torch.float64).requires_grad_() for shape in shapes]


@pytest.mark.parametrize("returns_all", [True, False])
@pytest.mark.parametrize("cell", ["relu", "tanh", "linear"])
def test_the_loop_is_the_formula_with_its_gradients(cell: Cell, returns_all: bool) -> None:
    x, *weights = draw((3, 5, 2), (4, 2), (4, 4), (4,))
    found = run_loop(x, Weights(*weights), cell, returns_all)
    expected = run_steps(x, Weights(*weights), cell, returns_all)
    assert found.shape == ((3, 5, 4) if returns_all else (3, 4))
    toward = torch.randn_like(found)
    grads = (torch.autograd.grad((out * toward).sum(), [x, *weights]) for out in (found, expected))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(*grads)


@pytest.mark.parametrize("cell", ["relu", "tanh"])
def test_it_is_torch_s_own(cell: Cell) -> None:
    layer, theirs = Recurrent(2, 6, cell), cast(Any, nn.RNN(2, 6, nonlinearity=cell, batch_first=True))
    nn.init.normal_(layer.bias)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(layer.input_weight)
        theirs.weight_hh_l0.copy_(layer.recurrent_weight)
        theirs.bias_ih_l0.copy_(layer.bias)
        theirs.bias_hh_l0.zero_()
    x = torch.rand(4, 7, 2)
    torch.testing.assert_close(layer(x), theirs(x)[0][:, -1])


def test_gradients_are_central_differences() -> None:
    layer = Recurrent(2, 4, "tanh").double()
    x = torch.rand(3, 6, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, (x,), eps=1e-6, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("returns_all", [False, True])
def test_products_are_of_half_precision_where_training_is(returns_all: bool) -> None:
    torch.manual_seed(0)
    layer, x = Recurrent(3, 8, "tanh", returns_all=returns_all), torch.randn(4, 5, 3, requires_grad=True)
    expected = layer(x)
    expected.sum().backward()
    gradients = [weight.grad.clone() for weight in layer.parameters() if weight.grad is not None]
    layer.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        states = layer(x)
    states.float().sum().backward()
    assert states.dtype == torch.bfloat16
    torch.testing.assert_close(states.float(), expected, rtol=0, atol=0.03)
    for weight, gradient in zip(layer.parameters(), gradients, strict=True):
        assert weight.grad is not None and weight.grad.dtype == torch.float32
        torch.testing.assert_close(weight.grad, gradient, rtol=0.05, atol=0.05 * float(gradient.abs().max()))


def test_starts() -> None:
    irnn, np_rnn = Recurrent(2, 50, start="identity"), Recurrent(2, 50, start="positive_definite")
    assert torch.equal(irnn.recurrent_weight, torch.eye(50)) and irnn.input_weight.std() < 0.002
    values = torch.linalg.eigvalsh(np_rnn.recurrent_weight.detach())
    assert values[-1] == pytest.approx(1, abs=1e-5) and values[0] > 0.1
    assert torch.equal(np_rnn.recurrent_weight, np_rnn.recurrent_weight.T)
    assert Recurrent(2, 50, start="uniform").recurrent_weight.abs().max() <= 50**-0.5
    assert Recurrent(2, 50, start="identity", input_std=1.0).input_weight.std() > 0.5


def test_an_lstm_starts_by_remembering() -> None:
    layer = LSTM(2, 5)
    for _ in range(2):
        bias = cast(Tensor, layer.lstm.bias_ih_l0) + cast(Tensor, layer.lstm.bias_hh_l0)
        assert torch.equal(bias[5:10], torch.ones(5)) and bias[:5].abs().max() > 0
        layer.reset_parameters()
    assert layer(torch.rand(3, 4, 2)).shape == (3, 5)


@pytest.mark.parametrize("returns_all", [True, False])
def test_the_padded_bypass_is_the_step_that_the_state_is_of(returns_all: bool) -> None:
    x, layer = torch.rand(3, 4, 2), Recurrent(2, 5, returns_all=returns_all)
    out = LastStep(layer)(x)
    assert out.shape == layer(x).shape and out[..., 2:].abs().max() == 0
    assert torch.equal(out[..., :2], x if returns_all else x[:, -1])
    with pytest.raises(TypeError, match="keeps or adds features"):
        LastStep(Recurrent(5, 2))


@pytest.mark.parametrize("layer", [Recurrent(2, 5, returns_all=True), Recurrent(2, 5), LSTM(2, 5)])
def test_a_unit_wraps_it_as_a_whole(layer: nn.Module) -> None:
    unit = MultiGatedUnit(layer, "relu", gate="channel", bypass="padded")
    x = torch.rand(6, 4, 2)
    branches = unit.eval().branches(x)
    torch.testing.assert_close(branches["layer"], layer(x))
    torch.testing.assert_close(branches["bypass"], LastStep(layer)(x))  # type: ignore[arg-type]
    unit.engine = "eager"
    torch.testing.assert_close(unit(x), branches["skip"])
