"""FLOPs of what is pruned are those of result.json, with one number of iterations for every network compared."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mgu.factory.model import count_flops, count_flops_of
from mgu.factory.resolved_run import resolve
from mgu.factory.trained import TrainedRun, load_trained
from mgu.layers.block import Block
from mgu.models.convnet import ConvNet
from mgu.prune.convert import convert_network
from mgu.prune.flops import flop_counter_of
from mgu.prune.network import prune
from mgu.prune.outcome import OUTCOME_FILE, read_outcome
from mgu.prune.pipeline import run_pruning
from mgu.prune.terminal import print_outcome
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from tests.conftest import Configure
from tests.prune.networks import network, quick

KINDS = {
    "convolutional": ("layout=digits_2", "layout.scale_filters=0.25", "mgu=reference"),
    "dense": ("layout=dense_2", "layout.width=20", "mgu=reference"),
    "recurrent": ("layout=recurrent_relu", "layout.width=20", "dataset.sequence=16", "mgu=lean"),
    "equilibrium": ("layout=equilibrium_digits", "layout.width=12", "layout.max_iterations=30", "mgu=lean"),
}


def trained_on(configure: Configure, *words: str) -> TrainedRun:
    config = configure("dataset=digits", *words, "training.epochs=1")
    run_folder(config).mkdir(parents=True)
    run(config)
    return load_trained(run_folder(config))


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        *("recurrent", "equilibrium"),
        *(pytest.param(own, marks=pytest.mark.long) for own in ("convolutional", "dense")),  # tests elsewhere do, too
    ],
)
def test_prune_json_and_result_json_agree_on_the_unit(
    kind: str, configure: Configure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By torch's counter a recurrent unit lacked products with its first state, and an equilibrium had W W^T, too."""
    monkeypatch.setattr("mgu.prune.benchmark.REPEATS", {1: 3, 256: 3})
    monkeypatch.setattr("mgu.prune.pipeline.draw_curve", lambda outcome, path: path.touch())
    trained = trained_on(configure, *KINDS[kind])
    _, folder = run_pruning(trained, quick("method=threshold", "epochs=0", "thresholds=[0.5]"), None, lambda line: None)
    outcome = read_outcome(folder)
    rows = {row.name: row.cost.flops for row in outcome.rows}
    assert (folder / OUTCOME_FILE).exists() and rows["unit"] == trained.result.flops_per_sample
    iterations = trained.result.solver.eval_iterations if trained.result.solver else None
    plain = resolve(configure("dataset=digits", *KINDS[kind][:-1], "norm=no_norm", "residual=without"))
    assert rows["baseline no_norm, not trained"] == count_flops(plain, iterations)
    assert {point.cost.flops for point in outcome.points} == {rows["converted"]}
    assert rows["converted"] and rows["unit"] and rows["converted"] <= rows["unit"]
    print_outcome(outcome)
    assert outcome.iterations == iterations
    assert ("iterations of an equilibrium" in capsys.readouterr().out) == (kind == "equilibrium")


def test_a_converted_network_by_hand(configure: Configure) -> None:
    """Two operations a multiplication: 3x3 kernels, from 1 to 4, 6 and 5 channels at 6x6, 4x4 and 2x2, then 5 x 10."""
    resolved = resolve(configure("layout=digits_2", "mgu=reference"))
    model, decisions = network()
    converted = convert_network(prune(model, decisions))
    weights = {name: own.clone() for name, own in converted.state_dict().items()}
    by_hand = 2 * 9 * (36 * 1 * 4 + 16 * 4 * 6 + 4 * 6 * 5) + 2 * 5 * 10
    assert count_flops_of(converted, resolved) == by_hand
    torch.testing.assert_close(converted.state_dict(), weights)  # it is left as it was
    with_residual = ConvNet([Block(nn.Conv2d(1, 3, 3), "bn_post", residual=True)], 3, 10, dropout=0.0)
    assert count_flops_of(with_residual, resolved) == 2 * (2 * 9 * 36 * 1 * 3) + 2 * 3 * 10


def test_a_pruned_equilibrium_by_hand(configure: Configure) -> None:
    """U x once; W W^T u for each iteration as one matrix, and W^T u at the end: W W^T and its norm are left out."""
    trained = trained_on(configure, "layout=equilibrium_digits", "layout.width=12", "norm=no_norm")
    iterations = trained.result.solver.eval_iterations  # type: ignore[union-attr]
    by_hand = 2 * (64 * 12 + 12 * 10) + round(2 * 12 * 12 * (iterations + 1))
    assert flop_counter_of(trained)(trained.model) == trained.result.flops_per_sample == by_hand
