"""Units by Triton's interpreter compute what the plain equations do: outputs, all gradients, statistics."""

from __future__ import annotations

import copy
import importlib
import itertools
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from mgu import MultiGatedUnit
from mgu.kernels.tiling import divide
from tests.unit.test_engines import assert_same, results, unit_of

pytestmark = pytest.mark.usefixtures("on_the_cpu")

PLACES = {  # of the channels; a dense layer, images, and what has one position
    "dense": (nn.Linear(3, 5), (7, 3)),
    "images": (nn.Conv2d(3, 5, 3), (2, 3, 5, 6)),
    "one position": (nn.Conv2d(3, 5, 3), (1, 3, 3, 3)),
}


def assert_alike(unit: MultiGatedUnit, x: Tensor) -> None:
    assert_same(results(unit, "native", x), results(unit, "eager", x))


@pytest.mark.parametrize("gate", ["replica", "channel"])
@pytest.mark.parametrize("wiring", ["equations", "reference"])
def test_the_same_numbers_in_double_precision(wiring: str, gate: str) -> None:
    unit = unit_of(nn.Conv2d(3, 5, 3), wiring=wiring, gate=gate).double()
    assert_alike(unit, torch.randn(2, 3, 5, 6, dtype=torch.float64))


@pytest.mark.parametrize(
    ("activation", "wiring"), [("relu", "reference"), ("silu", "equations"), ("tanh", "equations")]
)
def test_the_same_numbers_in_single_precision(activation: str, wiring: str) -> None:
    unit = unit_of(nn.Conv2d(3, 7, 3), activation=activation, wiring=wiring, residual_gate=False)
    unit.to(memory_format=torch.channels_last)
    assert_alike(unit, torch.randn(2, 3, 5, 6))


@pytest.mark.parametrize("gate", ["replica", "channel"])
def test_evaluation_normalises_by_running_statistics(gate: str) -> None:
    unit = unit_of(nn.Conv2d(3, 5, 3), gate=gate, residual_gate=gate == "replica").double().eval()
    assert_alike(unit, torch.randn(2, 3, 5, 6, dtype=torch.float64))


@pytest.mark.parametrize("place", PLACES)
def test_wherever_the_channels_are(place: str) -> None:
    layer, shape = PLACES[place]
    assert_alike(unit_of(layer).double(), torch.randn(shape, dtype=torch.float64))


def test_a_gradient_and_an_input_that_are_not_contiguous() -> None:
    unit, wide = unit_of(nn.Linear(3, 5)).double(), torch.randn(4, 6, 2, dtype=torch.float64)
    found = []
    for engine in ("native", "eager"):
        unit.zero_grad()
        unit.engine = engine
        unit.eval()(wide[:, ::2, 0]).mT[:, ::2].square().sum().backward()
        found.append([p.grad for p in unit.parameters()])
    torch.testing.assert_close(*found)


def few_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several tiles, and several of them for each partial sum, as large inputs have."""
    module = importlib.import_module("mgu.kernels.unit")
    monkeypatch.setattr(module, "divide", partial(divide, tile=16, most_parts=3))


@pytest.mark.parametrize("gate", ["replica", "channel"])
def test_sums_of_many_parts(gate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few_rows_at_once(monkeypatch)
    assert divide(19, 5, 16, 3)[2:] == (10, 3)
    assert_alike(unit_of(nn.Linear(3, 5), gate=gate).double(), torch.randn(19, 3, dtype=torch.float64))


def test_the_same_input_gives_the_same_bits() -> None:
    unit, x = unit_of(nn.Linear(3, 5)), torch.randn(19, 3)
    first, second = (results(unit, "native", x) for _ in "ab")
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.long
@pytest.mark.parametrize("activation", ["selu", "relu", "silu", "tanh"])
@pytest.mark.parametrize("gate", ["replica", "channel"])
@pytest.mark.parametrize("wiring", ["equations", "reference"])
def test_the_same_numbers_for_all_combinations(wiring: str, gate: str, activation: str) -> None:
    for residual_gate, training in itertools.product((True, False), (True, False)):
        unit = unit_of(nn.Conv2d(3, 5, 3), activation=activation, wiring=wiring, gate=gate, residual_gate=residual_gate)
        unit.train(training)
        single, x = copy.deepcopy(unit), torch.randn(2, 3, 5, 6)
        assert_alike(unit.double(), x.double())
        assert_as_exact(results(single, "native", x), results(single, "eager", x), results(unit, "eager", x.double()))


def assert_as_exact(ours: dict[str, Tensor], theirs: dict[str, Tensor], exact: dict[str, Tensor]) -> None:
    """In single precision: to 1e-5 of the largest value, or where sums cancel about as exact as plain torch."""
    for name, values in exact.items():
        error, allowed = ((each[name] - values).abs().max() for each in (ours, theirs))
        assert error <= max(1e-5 * values.abs().max(), 4 * allowed), name
