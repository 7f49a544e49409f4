"""The unit against the equations of Damian and Piciu (2020), written out with tensor arithmetic alone, in float64."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from mgu import MultiGatedUnit

EPS = 1e-3
ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017


def selu(z: Tensor) -> Tensor:
    return SCALE * torch.where(z > 0, z, ALPHA * (z.exp() - 1))


def standardise(z: Tensor, dims: tuple[int, ...]) -> Tensor:
    centred = z - z.mean(dims, keepdim=True)
    return centred / (centred.pow(2).mean(dims, keepdim=True) + EPS).sqrt()


class ByHand:
    """Transforms as closures over the unit's parameters; channels at axis 1 for images, -1 for features."""

    def __init__(self, unit: MultiGatedUnit) -> None:
        self.weights = dict(unit.named_parameters())
        self.is_linear = isinstance(unit.layer, nn.Linear)
        self.axis = -1 if self.is_linear else 1

    def t(self, name: str, x: Tensor) -> Tensor:
        prefix = name if name in ("layer", "bypass") else f"gate_transforms.{name}"
        weight, bias = self.weights[f"{prefix}.weight"], self.weights[f"{prefix}.bias"]
        if self.is_linear:
            return torch.einsum("...i,oi->...o", x, weight) + bias
        patches = x.unfold(2, 3, 1).unfold(3, 3, 1)  # (B, C, H', W', 3, 3)
        return torch.einsum("bchwij,ocij->bohw", patches, weight) + bias[:, None, None]

    def g(self, name: str, x: Tensor) -> Tensor:
        return 1 / (1 + torch.exp(-self.t(name, x)))

    def affine(self, name: str, z: Tensor) -> Tensor:
        shape = [1] * z.dim()
        shape[self.axis] = -1
        return z * self.weights[f"{name}.weight"].view(shape) + self.weights[f"{name}.bias"].view(shape)

    def bn(self, name: str, z: Tensor) -> Tensor:
        return self.affine(name, standardise(z, tuple(d for d in range(z.dim()) if d != self.axis % z.dim())))

    def ln(self, z: Tensor) -> Tensor:
        return self.affine("ln", standardise(z, (self.axis,)))


def equations(by: ByHand, x: Tensor, residual_gate: bool) -> Tensor:
    """Eq. 1-19 of Damian and Piciu (2020)."""
    layer, t = by.t("layer", x), by.t("bypass", x)
    f_bn1, f_bn2 = by.bn("bn_after_activation", selu(layer)), selu(by.bn("bn_before_activation", layer))
    g = by.g("bn_order", x)
    f_bnpp = g * f_bn1 + (1 - g) * f_bn2
    g = by.g("bn_or_ln", x)
    f_bnln = g * f_bnpp + (1 - g) * selu(by.ln(layer))
    g = by.g("norm_or_none", x)
    f_ron = f_non = g * f_bnln + (1 - g) * selu(layer)
    if residual_gate:
        g = by.g("residual", x)
        f_ron = g * f_non + (1 - g) * (f_non + t)
    g = by.g("skip", x)
    return g * f_ron + (1 - g) * t


def reference(by: ByHand, x: Tensor, residual_gate: bool) -> Tensor:
    """The snippet of section 4.2, with the polarities of the diagnosis printed in section 6.2."""
    bypass, layer = by.t("bypass", x), by.t("layer", x)
    act = selu(layer)
    bn_act, act_bn, act_ln = selu(by.bn("bn_before_activation", layer)), by.bn("bn_after_activation", act), by.ln(act)
    bpre_bpos = by.g("bn_order", x) * bn_act + (1 - by.g("bn_order", x)) * act_bn
    bn_ln = by.g("bn_or_ln", x) * bpre_bpos + (1 - by.g("bn_or_ln", x)) * act_ln
    processed = by.g("norm_or_none", x) * bn_ln + (1 - by.g("norm_or_none", x)) * act
    if residual_gate:
        processed = by.g("residual", x) * processed + (1 - by.g("residual", x)) * (processed + bypass)
    return by.g("skip", x) * bypass + (1 - by.g("skip", x)) * processed


ORACLES: dict[str, Callable[[ByHand, Tensor, bool], Tensor]] = {"equations": equations, "reference": reference}


def random_unit(kind: str, wiring: str, residual_gate: bool) -> tuple[MultiGatedUnit, Tensor]:
    """A float64 unit whose every parameter is random, norms and biases included, and an input for it."""
    torch.manual_seed(0)
    layer, shape = {
        "linear": (nn.Linear(5, 4), (7, 5)),
        "linear_sequence": (nn.Linear(5, 4), (3, 6, 5)),
        "conv2d": (nn.Conv2d(3, 4, 3), (2, 3, 6, 5)),
    }[kind]
    unit = MultiGatedUnit(layer, wiring=wiring, residual_gate=residual_gate).double()
    for parameter in unit.parameters():
        nn.init.normal_(parameter, std=0.5)
    return unit, torch.randn(shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("residual_gate", [True, False])
@pytest.mark.parametrize("wiring", ORACLES)
@pytest.mark.parametrize("kind", ["linear", "linear_sequence", "conv2d"])
def test_outputs_and_gradients_are_those_of_the_equations(kind: str, wiring: str, residual_gate: bool) -> None:
    unit, x = random_unit(kind, wiring, residual_gate)
    inputs = [x, *unit.parameters()]
    ours, by_hand = unit(x), ORACLES[wiring](ByHand(unit), x, residual_gate)
    torch.testing.assert_close(ours, by_hand, rtol=1e-10, atol=1e-10)
    direction = torch.randn_like(ours)
    theirs = torch.autograd.grad(by_hand, inputs, direction)
    for mine, hand in zip(torch.autograd.grad(ours, inputs, direction), theirs, strict=True):
        torch.testing.assert_close(mine, hand, rtol=1e-9, atol=1e-9)


def test_the_two_wirings_are_not_the_same_function() -> None:
    unit, x = random_unit("conv2d", "equations", True)
    other = MultiGatedUnit(nn.Conv2d(3, 4, 3), wiring="reference").double()
    other.load_state_dict(unit.state_dict())
    assert not torch.allclose(unit(x), other(x), atol=1e-3)


@pytest.mark.parametrize("wiring", ORACLES)
def test_gates_and_branches_explain_the_output(wiring: str) -> None:
    unit, x = random_unit("conv2d", wiring, True)
    gates, branches = unit.eval().gates(x), unit.branches(x)
    assert list(gates) == ["bn_order", "bn_or_ln", "norm_or_none", "residual", "skip"]
    torch.testing.assert_close(branches["skip"], unit(x))
    for name, gate in gates.items():
        assert gate.shape == branches[name].shape and gate.min() > 0 and gate.max() < 1
        choice = unit.wiring.choices[name]
        mixed = gate * branches[choice.when_open] + (1 - gate) * branches[choice.when_closed]
        torch.testing.assert_close(branches[name], mixed)


@pytest.mark.parametrize("wiring", ORACLES)
@pytest.mark.parametrize("bias", [-40.0, 40.0])
def test_a_saturated_gate_passes_the_branch_it_is_labelled_with(wiring: str, bias: float) -> None:
    """The words of the diagnosis must be true: shut or open all gates, and follow the labels by hand."""
    layer = nn.Linear(5, 4)
    unit = MultiGatedUnit(layer, wiring=wiring, gate_bias=bias).eval()
    x = torch.randn(6, 5)
    branches = unit.branches(x)
    skip = unit.wiring.choices["skip"]
    passed = branches[skip.when_open if bias > 0 else skip.when_closed]
    torch.testing.assert_close(unit(x), passed)
    is_skipped = (wiring == "equations") == (bias < 0)
    torch.testing.assert_close(passed, branches["bypass" if is_skipped else "residual"])
