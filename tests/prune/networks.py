"""Networks of units, and settings for quick pruning, for tests."""

from __future__ import annotations

import torch
from torch import nn

from mgu import MultiGatedUnit
from mgu.config.conf import conf_dir
from mgu.config.prune import PruneConfig, read_settings
from mgu.models.convnet import ConvNet
from mgu.prune.network import Decisions, GateId
from mgu.unit.wiring import Gate
from tests.prune.test_pruned_unit import lived_in

SETTINGS = conf_dir() / "prune.yaml"
QUICK = {"batches": "2", "epochs": "1", "tries": "1", "max_loss": "100"}


def quick(*overrides: str) -> PruneConfig:
    given = QUICK | dict(override.split("=", 1) for override in overrides)  # a key may be given once
    return read_settings(SETTINGS, [f"{key}={value}" for key, value in given.items()])


def network() -> tuple[ConvNet, Decisions]:
    """Three units for digits, and gates that make them: bn_post; a skip; channels this way and that."""
    layers = [nn.Conv2d(1, 4, 3), nn.Conv2d(4, 6, 3), nn.Conv2d(6, 5, 3)]
    model = ConvNet([lived_in(MultiGatedUnit(layer, wiring="reference")) for layer in layers], 5, 10, dropout=0.3)
    always: dict[Gate, float] = {"bn_or_ln": 1.0, "norm_or_none": 1.0, "residual": 1.0, "skip": 0.0}
    decisions: Decisions = {GateId(block, gate): value for block in range(3) for gate, value in always.items()}
    decisions |= {GateId(0, "bn_order"): 0.0, GateId(1, "bn_order"): 1.0, GateId(1, "skip"): 1.0}
    decisions[GateId(2, "bn_order")] = torch.tensor([1.0, 0.0, 1.0, 0.0, 1.0])
    decisions[GateId(2, "norm_or_none")] = torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0])
    return model.float().eval(), decisions
