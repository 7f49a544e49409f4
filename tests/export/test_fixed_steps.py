"""Networks that iterate are exported as steps: a graph cannot stop by a residual."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from mgu.directed.names import Graph
from mgu.directed.network import DirectedNetwork, Dynamics
from mgu.equilibrium.layer import Equilibrium, dense_equilibrium
from mgu.equilibrium.settings import Settings
from mgu.errors import RunsFailed, UserError
from mgu.export.fixed_steps import LOOSE, SPARE, FixedSteps, check_fixed_steps, fix_steps
from mgu.export.int8 import Int8Weights
from mgu.predict.export_run import export_run
from mgu.predict.model import load
from mgu.results.on_disk.folder import run_folder
from tests.conftest import Configure

X = torch.linspace(-2, 2, 60).view(12, 5)


SETTINGS = (
    Settings(),
    Settings(solver="anderson"),
    Settings(sublayers=2, averaging=2.0),
    Settings(prior="viscosity"),
    Settings(prior="l1", prior_weight=0.05),
)


@pytest.mark.parametrize("settings", SETTINGS)
def test_steps_end_where_the_iteration_does_whatever_finds_it(settings: Settings) -> None:
    network = nn.Sequential(dense_equilibrium(5, 8, settings._replace(max_iterations=1000)), nn.Linear(8, 3)).eval()
    fixed = fix_steps(network, lambda own: own(X))
    assert not any(isinstance(module, Equilibrium) for module in fixed.network.modules())
    assert torch.allclose(fixed.network(X), network(X), atol=1e-4) and 10 < fixed.steps < 1000
    assert isinstance(network[0], Equilibrium) and network[0].statistics.evaluate.solves == 1  # of the line above


@pytest.mark.parametrize(
    ("graph", "hidden", "among"), [("layered", [6], 2 * 18), ("layered", [4, 6], 2 * (24 + 18)), ("complete", [6], 81)]
)
def test_a_directed_network_is_its_own_whole(graph: Graph, hidden: list[int], among: int) -> None:
    """Its steps multiply by weights between neighbouring layers only, where the graph has layers."""
    network = DirectedNetwork(5, hidden, 3, graph, Dynamics(tolerance=1e-7, start=0.4)).eval()
    fixed = fix_steps(network, lambda own: own(X))
    assert torch.allclose(fixed.network(X), network(X), atol=1e-5)
    assert sum(own.numel() for own in fixed.network.parameters()) == 6 * (sum(hidden) + 3) + among
    assert fixed.steps == network.statistics.evaluate.most + SPARE


NETWORKS = {
    "directed": DirectedNetwork(5, [6], 3, "layered", Dynamics(tolerance=1e-5)),
    "equilibrium": nn.Sequential(dense_equilibrium(5, 8, Settings(sublayers=2, averaging=2.0)), nn.Linear(8, 3)),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_weights_of_what_iterates_are_rounded_to_int8(kind: str) -> None:
    fixed = fix_steps(NETWORKS[kind].eval(), lambda own: own(X))
    rounded = Int8Weights(fixed.network)
    program = torch.export.export(rounded, (X,))
    kept = {name: own for name, own in program.state_dict.items() if own.dim() > 1 and "scale" not in name}
    assert kept and all(own.dtype == torch.int8 for own in kept.values())
    assert not program.constants  # nor does a weight hide there
    assert torch.allclose(program.module()(X), fixed.network(X), atol=0.05)


def test_what_has_no_weights_is_not_called_int8() -> None:
    with pytest.raises(UserError, match="--quantize int8 must have weights to round"):
        Int8Weights(nn.Sequential(nn.BatchNorm1d(5)))


def test_what_does_not_iterate_is_left_alone() -> None:
    network = nn.Linear(5, 3)
    assert fix_steps(network, lambda own: 1 / 0) == FixedSteps(network)


def test_an_iteration_that_does_not_come_to_rest_is_named() -> None:
    expected = torch.ones(3, 2)
    assert check_fixed_steps(expected + LOOSE / 2, expected, FixedSteps(nn.Identity(), 9, 1e-6)) > 0
    with pytest.raises(RunsFailed, match=r"ends at a residual of 5.0e-01, and after 9 steps the outputs differ by 1"):
        check_fixed_steps(expected * 2, expected, FixedSteps(nn.Identity(), 9, 0.5))


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("layout=equilibrium_digits", "norm=ln", "layout.width=8"), marks=pytest.mark.long),
        ("layout=directed_digits", "learning=equilibrium", "layout.hidden=[8]"),
    ],
)
def test_runs_that_iterate_are_exported(words: tuple[str, ...], configure: Configure) -> None:
    from mgu.run.execute import run

    config = configure("dataset=digits", "training.epochs=1", *words)
    folder: Path = run_folder(config)
    folder.mkdir(parents=True)
    run(config)
    model = load(folder)
    content, lines = export_run(model, "torch")
    assert lines[0].startswith("equal to the run to ") and float(lines[0].split()[5]) <= LOOSE
    assert "steps in the file, 5 more than the slowest" in lines[1] and lines[2].endswith("as the run itself")
    if "directed" in words[0]:  # states are shares of their sum, and not logits
        pixels = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
        pixels[:, :, 2:6, 3:5] = 16
        states = model.network(pixels).detach().double().clamp(min=1e-6)
        assert model.probabilities(pixels) == pytest.approx((states / states.sum(dim=1, keepdim=True)).numpy())
        assert b'"output": "states"' in content


@pytest.mark.long
def test_an_lstm_is_exported_without_the_warnings_of_torchs_own_code(
    configure: Configure, recwarn: pytest.WarningsRecorder
) -> None:
    from mgu.run.execute import run

    config = configure("dataset=digits", "dataset.sequence=4", "layout=recurrent_lstm", "norm=ln", "training.epochs=1")
    run_folder(config).mkdir(parents=True)
    run(config)
    _, lines = export_run(load(run_folder(config)), "torch")
    assert lines[0].startswith("equal to the run to ") and not [str(warning.message) for warning in recwarn]
