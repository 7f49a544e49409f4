"""Conversion and export compute the same as the pruned network, and what is not exact is refused."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from mgu.errors import RunsFailed
from mgu.export.checks import TOLERANCE, check_equivalent
from mgu.layers.block import Block
from mgu.models.convnet import ConvNet
from mgu.prune.convert import convert_network
from mgu.prune.network import decisions_from_json, decisions_to_json, prune, undecided_gates
from tests.prune.networks import network
from tests.prune.test_fold import norms_in


def test_a_decided_network_converts_to_layers_and_activations() -> None:
    model, decisions = network()
    pruned = prune(model, decisions)
    assert not undecided_gates(model, decisions)
    converted = convert_network(pruned)
    assert norms_in(pruned) == 3 and norms_in(converted) == 0
    kinds = {type(part) for part in converted.modules()} - {ConvNet, nn.Sequential, nn.Dropout, nn.Linear, Block}
    assert kinds <= {nn.Conv2d, nn.Identity}
    images = torch.rand(50, 1, 8, 8)
    assert check_equivalent("converted", converted(images), pruned(images)) < TOLERANCE


def test_a_conversion_that_is_not_exact_is_refused() -> None:
    logits = torch.randn(5, 10)
    assert check_equivalent("converted", logits * (1 + 1e-7), logits) < TOLERANCE
    for wrong in (logits + 1e-3, logits * float("nan")):
        with pytest.raises(RunsFailed, match="the converted model must equal"):
            check_equivalent("converted", wrong, logits)


def test_decisions_survive_json() -> None:
    _, decisions = network()
    read = decisions_from_json(json.loads(json.dumps(decisions_to_json(decisions))))
    assert read.keys() == decisions.keys()
    assert all(torch.equal(torch.as_tensor(read[p]).double(), torch.as_tensor(decisions[p]).double()) for p in read)
