"""`mgu-run prune`: from a trained unit to a plain network on disk, and what it refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import cast

import pytest
import torch
from rich.console import Console
from torch import nn

from mgu import MultiGatedUnit
from mgu.cli.conf import conf_dir
from mgu.config.prune import PruneConfig, read_settings
from mgu.data.images.images import Images
from mgu.errors import RunsFailed, UserError
from mgu.factory.learner import build_optimizer
from mgu.factory.trained import load_trained
from mgu.layers.block import Block
from mgu.models.convnet import ConvNet
from mgu.prune import load_pruned
from mgu.prune.benchmark import InferenceCost, Latency
from mgu.prune.choose import accuracy_of, choose
from mgu.prune.convert import TOLERANCE, check_equivalent, convert_network, logits_of
from mgu.prune.distill import Distillation, TaughtData
from mgu.prune.export import Format, export_network
from mgu.prune.fine_tune import FineTuner
from mgu.prune.fix_gates import Candidate, fix_by_threshold, round_near
from mgu.prune.inputs import choosing_splits
from mgu.prune.network import Decisions, Place, decisions_from_json, decisions_to_json, prune, undecided_gates
from mgu.prune.outcome import OUTCOME_FILE, ModelRow, PruneOutcome
from mgu.prune.pipeline import run_pruning
from mgu.prune.terminal import print_outcome
from mgu.results.result import PRUNE_FOLDER
from mgu.tasks.classification import Classification
from mgu.unit.wiring import GATES, Gate
from tests.prune.test_fold import norms_in
from tests.prune.test_pruned_unit import lived_in

SETTINGS = conf_dir() / "prune.yaml"
QUICK = ("batches=2", "epochs=1", "tries=1", "max_loss=100")


def quick(*overrides: str) -> PruneConfig:
    return read_settings(SETTINGS, [*QUICK, *overrides])


def network() -> tuple[ConvNet, Decisions]:
    """Three units for digits, and gates that make them: bn_post; a skip; channels this way and that."""
    layers = [nn.Conv2d(1, 4, 3), nn.Conv2d(4, 6, 3), nn.Conv2d(6, 5, 3)]
    model = ConvNet([lived_in(MultiGatedUnit(layer, wiring="reference")) for layer in layers], 5, 10, dropout=0.3)
    always: dict[Gate, float] = {"bn_or_ln": 1.0, "norm_or_none": 1.0, "residual": 1.0, "skip": 0.0}
    decisions: Decisions = {Place(block, gate): value for block in range(3) for gate, value in always.items()}
    decisions |= {Place(0, "bn_order"): 0.0, Place(1, "bn_order"): 1.0, Place(1, "skip"): 1.0}
    decisions[Place(2, "bn_order")] = torch.tensor([1.0, 0.0, 1.0, 0.0, 1.0])
    decisions[Place(2, "norm_or_none")] = torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0])
    return model.float().eval(), decisions


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


@pytest.mark.parametrize("form", ["torch", "onnx"])
def test_what_is_exported_computes_the_same_for_any_number_of_images(form: Format) -> None:
    model, decisions = network()
    decisions[Place(2, "skip")] = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0])
    converted = convert_network(prune(model, decisions))
    _, infer = export_network(converted, torch.rand(1, 1, 8, 8), form)
    for count in (1, 2, 7):
        images = torch.rand(count, 1, 8, 8)
        with torch.inference_mode():
            check_equivalent("exported", infer(images), converted(images))


def test_a_conversion_that_is_not_exact_is_refused() -> None:
    logits = torch.randn(5, 10)
    assert check_equivalent("converted", logits * (1 + 1e-7), logits) < TOLERANCE
    for wrong in (logits + 1e-3, logits * float("nan")):
        with pytest.raises(RunsFailed, match="the converted model must equal"):
            check_equivalent("converted", wrong, logits)


def test_constants_by_rule() -> None:
    found = round_near(torch.tensor([0.0, 0.05, 0.2, 0.93, 0.5]), 0.1)
    torch.testing.assert_close(found, torch.tensor([0.0, 0.0, 0.2, 1.0, 0.5]))


def test_thresholds_fix_what_hardly_varies(trained_unit: Path) -> None:
    trained = load_trained(trained_unit)
    model, images = trained.model, trained.splits.val
    assert isinstance(model, ConvNet)
    with torch.no_grad():  # one gate that does not see its input; all others vary
        model.blocks[0].gate_transforms["skip"].weight.zero_()
    config = quick("thresholds=[0.0, 0.001, 0.5]")
    first, last = list(fix_by_threshold(model, images, config))  # the second threshold fixes no more than the first
    assert list(first.decisions) == [Place(0, "skip")]
    assert len(last.decisions) == 2 * len(GATES)
    torch.testing.assert_close(logits_of(first.model.eval(), images), logits_of(model, images), rtol=1e-4, atol=1e-4)
    assert not [*fix_by_threshold(load_trained(trained_unit).model, images, quick("thresholds=[0.0]"))]  # type: ignore[arg-type]


def test_learning_from_labels_and_from_the_teacher() -> None:
    """By the definitions of cross-entropy and divergence."""
    model, teacher = torch.randn(2, 6, 4, dtype=torch.float64)
    images = Images(torch.zeros(9, 1, 2, 2, dtype=torch.uint8), torch.arange(9) % 4)
    logits = torch.randn(9, 4, dtype=torch.float64)
    index = torch.tensor([8, 3, 1, 0, 5, 2])
    logits[index] = teacher
    task = Distillation(4, weight=0.75, temperature=3.0)
    taught = TaughtData(images, logits).subset(torch.arange(9)).to(torch.device("cpu"))
    _, targets = taught.batch(index)
    labels = images.labels[index]
    q, p = (model / 3).softmax(dim=1), (teacher / 3).softmax(dim=1)
    by_labels = -model.softmax(dim=1)[torch.arange(6), labels].log().mean()
    divergence = (p * (p / q).log()).sum(dim=1).mean()
    torch.testing.assert_close(task.loss(model, targets), 0.25 * by_labels + 0.75 * 9 * divergence)
    torch.testing.assert_close(task.loss(model, labels), by_labels)  # as validation images have them
    plain = Classification(4)
    for given in (targets, labels):
        confusion, expected = task.totals(), plain.totals()
        task.count(confusion, model, given)
        plain.count(expected, model, labels)
        assert torch.equal(confusion, expected)
        assert torch.equal(task.correct(model, given), plain.correct(model, labels))


def test_schedules_of_fine_tuning(trained_unit: Path) -> None:
    """The rate goes on at step 200 of lr / (1 + decay s), or starts over; without a teacher targets are labels."""
    trained = load_trained(trained_unit)
    rates = {}
    for schedule in ("fresh", "continued"):
        pruning = quick(f"schedule={schedule}", "distill=0")
        tuning = FineTuner(trained.config, trained.splits, 200, pruning, trained.model)  # type: ignore[arg-type]
        assert tuning.splits is trained.splits and type(tuning.task) is Classification
        optimizer, decay = build_optimizer(tuning.last, nn.Linear(2, 2))
        for _ in range(100):
            optimizer.step()
            decay.step()
        rates[schedule] = decay.get_last_lr()[0]
    assert rates == pytest.approx({"fresh": 0.01 / 1.01, "continued": 0.01 / 1.03})


@pytest.mark.parametrize(("given", "expected"), [("null", 3), ("2", 2)])
def test_fine_tuning_has_the_run_s_patience_or_its_own(trained_unit: Path, given: str, expected: int) -> None:
    """A rate that changes no weight makes no epoch better than the first: as many follow it as are waited for."""
    trained = load_trained(trained_unit)
    still = {
        "optimizer": trained.config.optimizer.model_copy(update={"lr": 1e-30}),
        "training": trained.config.training.model_copy(update={"patience": 3}),
    }
    told: list[tuple[str, int]] = []
    tuning = FineTuner(
        trained.config.model_copy(update=still),
        trained.splits,
        200,
        quick(f"patience={given}"),
        trained.model,  # type: ignore[arg-type]
        on_epoch=lambda name, fit: told.append((name, len(fit.history))),
    )
    tuning.epochs(
        ConvNet([Block(nn.Conv2d(1, 4, 3), "no_norm")], 4, 10, 0.3), 9, "plain"
    )  # no statistics that go on moving
    assert told == [("plain", epoch) for epoch in range(1, 2 + expected)]


@pytest.mark.parametrize("either", ["true", "false"])
def test_the_whole_way(trained_unit: Path, either: str) -> None:
    trained = load_trained(trained_unit)
    before = {name: tensor.clone() for name, tensor in trained.model.state_dict().items()}
    outcome, folder = run_pruning(
        trained, quick(f"by_channel={either}", f"layer_norm={either}"), "torch", lambda line: None
    )
    torch.testing.assert_close(trained.model.state_dict(), before)  # the unit itself is left as it was
    rows = {row.name: row for row in outcome.rows}
    unit, converted, plain = (rows[name].cost for name in ("unit", "converted", "baseline no_norm, not trained"))
    assert unit.params_keras == trained.result.params_keras and unit.flops == trained.result.flops_per_sample
    assert plain.params_keras <= converted.params_keras < unit.params_keras
    assert outcome.gates == 2 * len(GATES) and outcome.within
    each_channel = {name for name, value in outcome.decisions.items() if isinstance(value, list)}
    assert bool(each_channel) == (either == "true")
    to_ln = [value for name, value in outcome.decisions.items() if name.endswith("bn_or_ln")]
    assert to_ln and set(to_ln) <= ({0.0, 1.0} if either == "true" else {1.0})  # never channel by channel
    assert [point.cost.params_keras for point in outcome.points] == sorted(
        (point.cost.params_keras for point in outcome.points), reverse=True
    )
    reloaded = load_pruned(trained_unit)
    splits, _ = choosing_splits(trained)
    assert splits.test is trained.splits.val  # which validated the run, and is not chosen by
    found = float((logits_of(reloaded, splits.val).argmax(1) == splits.val.labels).double().mean())
    assert found == rows["pruned"].accuracy == rows["converted"].accuracy
    written = {file.name for file in folder.iterdir()}
    assert written == {"prune.json", "pruned.safetensors", "converted.safetensors", "converted.pt2", "prune.png"}


@pytest.mark.parametrize("width", [80, 120, 240])
def test_the_table_leaves_columns_out_rather_than_figures(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    latency = Latency(median_ms=76.5, lower_ms=51.25, upper_ms=90.125)
    cost = InferenceCost(params_keras=586_602, flops=9_363_136, latency={1: latency, 256: latency},
                joules_per_1000=2.25, energy_method="model")  # fmt: skip
    names = ("unit", "pruned", "converted", "baseline no_norm, not trained")
    rows = [ModelRow(name=name, accuracy=0.9913, test=0.9914, cost=cost, difference=6e-7) for name in names]
    outcome = PruneOutcome(
        run="r", identity="i", settings={"max_loss": 0.1}, chosen_on="images", gates=16, chosen="9 gates fixed",
        within=True, decisions={}, rows=rows, points=[], search_s=1.0, tune_s=2.0, energy=None, train_s=3.0,
        energy_of_training=None, contended=False, device="cpu", kept=("1.skip", "4.bn_order"),
    )  # fmt: skip
    monkeypatch.setattr("mgu.prune.terminal.table_console", lambda: Console(width=width))
    print_outcome(outcome)
    printed = capsys.readouterr().out
    assert "…" not in printed and max(map(len, printed.splitlines())) <= width
    assert printed.count("586,602") == len(names)
    assert ("51.250-90.125" in printed) == (width == 240) == ("Columns hidden to fit the terminal" not in printed)
    assert "256 images [ms]" in printed and "Its remaining gates are: 1.skip, 4.bn_order." in printed


def test_an_interrupted_call_leaves_what_was_there(trained_unit: Path) -> None:
    earlier = trained_unit / PRUNE_FOLDER / OUTCOME_FILE
    earlier.parent.mkdir()
    earlier.write_text("{}")

    def interrupt(line: str) -> None:
        if "measuring" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_pruning(load_trained(trained_unit), quick("method=threshold", "epochs=0"), None, interrupt)
    assert earlier.read_text() == "{}"


def test_decisions_survive_json() -> None:
    _, decisions = network()
    read = decisions_from_json(json.loads(json.dumps(decisions_to_json(decisions))))
    assert read.keys() == decisions.keys()
    assert all(torch.equal(torch.as_tensor(read[p]).double(), torch.as_tensor(decisions[p]).double()) for p in read)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["epoch=3"], "epoch must be one of .* Did you mean epochs"),
        (["epochs"], "arguments after RUN must be key=value, but got 'epochs'"),
        (["epochs=-1"], "epochs must be greater than or equal to 0, but got -1"),
        (["distill=1"], "distill must be less than 1, but got 1"),
        (["thresholds=[0.7]"], "thresholds.0 must be less than or equal to 0.5"),
        (["method=guess"], "method must be 'stepwise' or 'threshold'|method must be stepwise or threshold"),
    ],
)
def test_values_that_are_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_settings(SETTINGS, overrides)


def test_runs_that_are_refused(trained_unit: Path) -> None:
    trained = load_trained(trained_unit)
    baseline = trained._replace(model=ConvNet([Block(nn.Conv2d(1, 4, 3), "bn_pre")], 4, 10, 0.3))
    with pytest.raises(UserError, match=r"RUN must be of a unit, but .* is a baseline"):
        run_pruning(baseline, quick(), None, lambda line: None)
    with pytest.raises(UserError, match="RUN must have been pruned"):
        load_pruned(trained_unit)


class Spoiling:
    """Fine-tuning that ruins what it is given."""

    def epochs(self, model: ConvNet, epochs: int, name: str) -> None:
        for parameter in model.parameters():
            parameter.data.fill_(math.nan)


def test_what_fine_tuning_spoils_stays_as_it_was_and_what_is_enough_without_it_is_found() -> None:
    model, decisions = network()
    smaller = Candidate("small", decisions, prune(model, decisions))
    fewer = dict(list(decisions.items())[:4])
    larger = Candidate("large", fewer, prune(model, fewer))
    pixels = torch.rand(200, 1, 8, 8)
    images = Images((pixels * 255).to(torch.uint8), torch.zeros(200, dtype=torch.long))
    answers = [logits_of(each.model.eval(), images).argmax(1) for each in (larger, smaller)]
    images = Images(images.pixels, torch.where(torch.arange(200) < 150, *answers))
    found = [accuracy_of(each.model, images) for each in (larger, smaller)]
    assert found[0] > found[1] > 0.2
    tuning, image = cast(FineTuner, Spoiling()), images.batch(slice(0, 1))[0]
    choice = choose([larger, smaller], found, found[0], images, image, quick("max_loss=0"), tuning)
    assert choice.candidate is larger and choice.within and choice.tuned["small"] < found[1]
    choice = choose([larger, smaller], found, found[1], images, image, quick("max_loss=0"), tuning)
    assert choice.candidate is smaller and choice.within


def test_the_same_call_gives_the_same_network(trained_unit: Path) -> None:
    """Dropout draws anew in every training."""
    found = []
    for _ in range(2):
        _, folder = run_pruning(load_trained(trained_unit), quick(), None, lambda line: None)
        found.append((folder / "pruned.safetensors").read_bytes())
    assert found[0] == found[1]
