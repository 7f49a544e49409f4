"""Sizes of networks: what a reader takes for parameters, and no buffers that are none."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mgu.directed.network import DirectedNetwork
from mgu.directed.sparsify import Sparsify, sparsify
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.models.convnet import count_keras, count_trainable
from mgu.models.masked import measure_sparsity
from mgu.prune.merge import MaskedBypass, PartialActivation
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from tests.conftest import Configure

DIGITS = ("layout=directed_digits", "dataset=digits")
XOR = ("layout=directed_gates", "dataset=gates", "dataset.gate=xor")
RULE = ("learning=equilibrium", "optimizer=sgd")


def built(configure: Configure, *words: str, device: str = "cpu") -> nn.Module:
    with torch.device(device):
        return build_model(resolve(configure(*words)))


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(("words", "connections"), [(DIGITS, 64 * 32 + 2 * 32 * 10 + 42), (XOR, 16 * 13 - 13)])
def test_parameters_of_a_directed_network_are_its_connections(
    words: tuple[str, ...], connections: int, device: str, configure: Configure
) -> None:
    """The zeros of the matrix and its mask were counted as well: 8,988 of digits, and 416 of XOR."""
    model = built(configure, *words, *RULE, device=device)
    assert isinstance(model, DirectedNetwork)
    assert count_keras(model) == count_trainable(model) == model.num_connections == connections
    if device == "cpu":
        sparsify(model, Sparsify("permanent", tolerance=10.0, temperature=0.1))
        assert connections > count_keras(model) == count_trainable(model) == int(model.mask.sum())


def test_the_result_of_a_directed_run_has_its_connections(configure: Configure) -> None:
    config = configure(*XOR, *RULE, "training.epochs=1")
    run_folder(config).mkdir(parents=True)
    result = run(config)
    found = result.params_keras, result.params_trainable, result.active_weights, result.dead_units
    assert found == (195, 195, 195, 0)


def test_hidden_neurons_without_a_way_in_or_out_are_dead(configure: Configure) -> None:
    model = built(configure, *XOR, *RULE)
    assert isinstance(model, DirectedNetwork)
    model.mask[:2, 0] = model.mask[model.num_inputs :, 0] = 0  # the bias alone leads there
    model.mask[model.num_inputs + 1] = 0
    assert model.count_dead() == 2


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_masked_weights_are_no_parameters(device: str, configure: Configure) -> None:
    words = ("layout=sparse_mlp", "layout.width=20", "layout.density=[0.2,0.4]", "norm=bn_pre")
    model = built(configure, *words, device=device)
    active = round(0.2 * 64 * 20) + round(0.4 * 20 * 10)
    assert count_trainable(model) == active + 20 + 10 + 2 * 20
    assert count_keras(model) == count_trainable(model) + 2 * 20  # of the batch norm's running statistics
    if device == "cpu":
        assert measure_sparsity(model).active_weights == active


def test_vectors_of_a_power_iteration_are_no_parameters(configure: Configure) -> None:
    model = built(configure, "layout=equilibrium_digits", "norm=no_norm")
    assert "direction" in {name.rpartition(".")[2] for name, _ in model.named_buffers()}
    assert count_keras(model) == count_trainable(model) == sum(own.numel() for own in model.parameters())


def test_counters_and_masks_of_pruned_layers_are_no_parameters() -> None:
    mask = torch.tensor([True, False, True]).view(3, 1, 1)
    parts = nn.BatchNorm2d(3), PartialActivation(torch.relu, mask), MaskedBypass(nn.Conv2d(1, 3, 3), mask)
    assert [count_keras(part) for part in parts] == [4 * 3, 0, 3 * 9 + 3]


def test_running_means_of_settling_gates_count(configure: Configure) -> None:
    words = ("layout=digits_2", "mgu=lean", "mgu.decisive.gates=settling")
    model = built(configure, *words)
    means = [own.numel() for name, own in model.named_buffers() if ".settling." in name]
    norms = [own.numel() for name, own in model.named_buffers() if ".running_" in name]
    assert means and count_keras(model) - count_trainable(model) == sum(means) + sum(norms)
