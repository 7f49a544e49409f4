"""A unit with gates at constants, pruned, is what the unit computes with its gates saturated: exactly, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from mgu import MultiGatedUnit
from mgu.layers.block import NORMS, Block
from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.prune.pruned_unit import PrunedUnit, find_active_branches, prune_unit
from mgu.unit.wiring import BYPASS_KINDS, GATE_KINDS, WIRINGS, BypassKind, Gate, GateKind

LAYERS = {"linear": (nn.Linear(5, 4), (6, 5)), "conv2d": (nn.Conv2d(2, 4, 3, stride=2), (3, 2, 9, 8))}
GRID = [*product(NORMS, (False, True)), ("skip", False)]
OPEN_FOR = {"reference": {"bn_pre": 1.0, "bn_post": 0.0}, "equations": {"bn_pre": 0.0, "bn_post": 1.0}}


def gates_of(wiring: str, norm: str, residual: bool) -> dict[Gate, float]:
    """The corner of the unit that is one model of the grid; gates that do not matter there are half open."""
    skips = 1.0 if wiring == "reference" else 0.0
    if norm == "skip":
        return {"bn_order": 0.5, "bn_or_ln": 0.5, "norm_or_none": 0.5, "residual": 0.5, "skip": skips}
    return {
        "bn_order": OPEN_FOR[wiring].get(norm, 0.5),
        "bn_or_ln": 0.5 if norm == "no_norm" else float(norm != "ln"),
        "norm_or_none": float(norm != "no_norm"),
        "residual": float(not residual),
        "skip": 1 - skips,
    }


def lived_in(unit: MultiGatedUnit) -> MultiGatedUnit:
    """With norms that have seen data and learnt something, in double precision."""
    for norm in unit.double().modules():
        for tensor in norm.state_dict().values() if isinstance(norm, (BatchNorm, LayerNorm)) else ():
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    return unit.eval()


def saturate(unit: MultiGatedUnit, constants: Mapping[Gate, float | Tensor]) -> MultiGatedUnit:
    """The same by hand: no weights, and biases whose sigmoid is the constant."""
    with torch.no_grad():
        for gate, constant in constants.items():
            transform = unit.gate_transforms[gate]
            for parameter in transform.parameters():
                parameter.zero_()
            cast(Tensor, transform.bias).copy_(
                torch.logit(torch.as_tensor(constant, dtype=torch.float64)).clamp(-800, 800)
            )
    return unit


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize(("norm", "residual"), GRID)
def test_saturated_gates_leave_the_plain_block(wiring: str, kind: str, norm: str, residual: bool) -> None:
    layer, shape = LAYERS[kind]
    unit = lived_in(MultiGatedUnit(layer, wiring=wiring))
    constants = gates_of(wiring, norm, residual)
    x = torch.randn(shape, dtype=torch.float64)
    expected = saturate(unit, constants)(x)
    pruned = prune_unit(unit, constants)
    torch.testing.assert_close(pruned(x), expected, rtol=1e-12, atol=1e-12)

    if norm == "skip":
        assert pruned is unit.bypass
        return
    assert type(pruned) is Block
    plain = Block(layer, norm, residual=residual)
    is_ln_before = norm == "ln" and wiring == "equations"  # the one block that the grid does not have
    assert is_ln_before or pruned.state_dict().keys() == plain.state_dict().keys()
    assert "gate" not in str(pruned) + "".join(pruned.state_dict())


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("residual_gate", [True, False])
@pytest.mark.parametrize("kind", LAYERS)
def test_every_mix_of_constants_and_gates(wiring: str, residual_gate: bool, kind: str) -> None:
    layer, shape = LAYERS[kind]
    choices = [None, 0.0, 1.0, 0.25, torch.tensor([0.0, 1.0, 0.0, 1.0]), torch.tensor([1.0, 0.5, 0.25, 0.0])]
    names = MultiGatedUnit(layer, residual_gate=residual_gate).gate_names
    generator = torch.Generator().manual_seed(1)
    for _ in range(30):
        drawn = [choices[int(i)] for i in torch.randint(len(choices), (len(names),), generator=generator)]
        constants: dict[Gate, Tensor | float] = {
            gate: choice for gate, choice in zip(names, drawn, strict=True) if choice is not None
        }
        unit = lived_in(MultiGatedUnit(layer, wiring=wiring, residual_gate=residual_gate))
        x = torch.randn(shape, dtype=torch.float64)
        expected = saturate(unit, constants)(x)
        pruned = prune_unit(unit, constants)
        torch.testing.assert_close(pruned(x), expected, rtol=1e-10, atol=1e-10)
        assert sum(p.numel() for p in pruned.parameters()) <= sum(p.numel() for p in unit.parameters())


@pytest.mark.parametrize(("gate", "bypass"), [*product(GATE_KINDS, BYPASS_KINDS)])
def test_every_kind_of_gate_and_bypass(gate: GateKind, bypass: BypassKind) -> None:
    """Two gates are kept; in the last turn, the bypass is all that is left."""
    one_for_all = gate in ("spatial", "scalar")
    mixed = 0.25 if one_for_all else torch.tensor([0.0, 1.0, 0.25, 1.0])
    for layer, size in ((nn.Conv2d(2, 4, 3, stride=2), (3, 2, 9, 8)), (nn.Conv2d(4, 4, 3, padding=1), (3, 4, 6, 5))):
        for constants in ({"skip": mixed, "residual": 0.0}, {"bn_order": mixed, "norm_or_none": 1.0}, {"skip": 0.0}):
            unit = lived_in(MultiGatedUnit(layer, gate=gate, bypass=bypass))
            x = torch.randn(size, dtype=torch.float64)
            expected = saturate(unit, constants)(x)
            torch.testing.assert_close(prune_unit(unit, constants)(x), expected, rtol=1e-10, atol=1e-10)


def test_what_decides_by_input_stays_whole() -> None:
    unit = MultiGatedUnit(nn.Conv2d(2, 4, 3))
    assert prune_unit(unit, {}) is unit
    assert find_active_branches(unit, {}).mixed == unit.gate_names


def test_only_what_is_reached_is_kept() -> None:
    """Channels 0 and 1 are skipped, 2 and 3 are not: gates and norms that only the skipped ones would use, go."""
    unit = MultiGatedUnit(nn.Linear(3, 4), wiring="reference", residual_gate=False)
    skip, ln_for_skipped = torch.tensor([1.0, 1.0, 0.0, 0.0]), torch.tensor([0.0, 0.0, 1.0, 1.0])
    pruned = prune_unit(unit, {"skip": skip, "bn_or_ln": ln_for_skipped, "norm_or_none": 1.0})
    assert isinstance(pruned, PrunedUnit)
    assert not hasattr(pruned, "ln") and set(pruned.gate_transforms) == {"bn_order"}
    assert set(dict(pruned.named_buffers())) >= {"share_skip"}


def test_the_pruned_unit_trains_as_a_module() -> None:
    unit = MultiGatedUnit(nn.Linear(3, 4))
    pruned = prune_unit(unit, {"skip": 1.0, "norm_or_none": torch.tensor([0.25, 1, 0, 1])})
    pruned.train()(torch.randn(8, 3)).square().sum().backward()
    missing = [name for name, parameter in pruned.named_parameters() if parameter.grad is None]
    assert not missing
