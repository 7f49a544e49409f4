"""Folded blocks compute what the blocks compute, in double precision, with fewer parts."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from mgu import MultiGatedUnit
from mgu.layers.block import NORMS, Block
from mgu.layers.normalization import BatchNorm
from mgu.prune.fold import fold, fold_into_next
from mgu.prune.pruned_unit import PrunedUnit, prune_unit
from mgu.unit.wiring import BYPASS_KINDS, WIRINGS, BypassKind, Gate
from tests.prune.test_pruned_unit import LAYERS, lived_in


def live(module: nn.Module) -> nn.Module:
    for name, tensor in module.double().eval().state_dict().items():
        if name.startswith(("pre", "post")):
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    return module


def norms_in(module: nn.Module) -> int:
    return sum(isinstance(part, BatchNorm) for part in module.modules())


@pytest.mark.parametrize(("norm", "residual"), [*product(NORMS, (False, True))])
@pytest.mark.parametrize("kind", LAYERS)
def test_batch_norms_fold_into_what_is_before_and_after(norm: str, residual: bool, kind: str) -> None:
    layer, shape = LAYERS[kind]
    following = nn.Linear(4, 3) if kind == "linear" else nn.Conv2d(4, 3, 2)
    block, plain_after = (
        live(Block(layer, norm, residual=residual)),
        Block(following.double(), "no_norm", residual=True),
    )
    x = torch.randn(shape, dtype=torch.float64)
    expected = plain_after.double()(block(x))
    folded = fold(block)
    then = fold_into_next(folded, fold(plain_after))
    torch.testing.assert_close(then(folded(x)), expected, rtol=1e-12, atol=1e-12)
    assert norms_in(folded) == int(norm == "bn_post" and residual)  # there the residual stands between


def test_a_padded_layer_takes_no_shift() -> None:
    block = live(Block(nn.Conv2d(2, 4, 3), "bn_post"))
    folded, padded = fold(block), nn.Conv2d(4, 3, 3, padding=1).double()
    assert fold_into_next(folded, padded) is padded and norms_in(folded) == 1


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("residual_gate", [True, False])
@pytest.mark.parametrize("kind", [*LAYERS, "same shape"])
@pytest.mark.parametrize("bypass", BYPASS_KINDS)
def test_channels_that_go_different_ways_become_one_layer(
    wiring: str, residual_gate: bool, kind: str, bypass: BypassKind
) -> None:
    layer, shape = {**LAYERS, "same shape": (nn.Conv2d(4, 4, 3, padding=1), (3, 4, 6, 5))}[kind]
    if kind == "linear" and bypass == "padded":
        layer, shape = nn.Linear(3, 4), (6, 3)  # padding does not narrow
    unit = lived_in(MultiGatedUnit(layer, wiring=wiring, residual_gate=residual_gate, bypass=bypass))
    constants: dict[Gate, Tensor | float] = {gate: torch.randint(2, (4,)).double() for gate in unit.gate_names}
    constants["bn_or_ln"] = 1.0
    constants["skip"] = torch.tensor([0.0, 1.0, 0.0, 1.0])
    pruned = prune_unit(unit, constants)
    assert isinstance(pruned, PrunedUnit)
    x = torch.randn(shape, dtype=torch.float64)
    folded = fold(pruned)
    assert type(folded) is Block
    torch.testing.assert_close(folded(x), pruned(x), rtol=1e-12, atol=1e-12)
    if residual_gate:  # for all channels, the bypass is added as it is
        always = constants | {"residual": 0.0}
        folded, pruned = fold(prune_unit(unit, always)), prune_unit(unit, always)
        torch.testing.assert_close(folded(x), pruned(x), rtol=1e-12, atol=1e-12)


def test_what_mixes_or_has_gates_stays() -> None:
    unit = lived_in(MultiGatedUnit(nn.Linear(5, 4), residual_gate=False))
    for constants in ({"skip": 0.5, "norm_or_none": 0.0}, {"skip": 1.0, "bn_or_ln": 1.0}):
        pruned = prune_unit(unit, constants)
        folded, x = fold(pruned), torch.randn(3, 5, dtype=torch.float64)
        assert isinstance(folded, PrunedUnit) and folded is not pruned
        torch.testing.assert_close(folded(x), pruned(x))
