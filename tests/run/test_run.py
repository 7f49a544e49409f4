"""One run, in this process: its phases, its status, what it leaves on disk."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from mgu.augment.data import AugmentedData
from mgu.augment.pipeline import build_augment
from mgu.config.augment import RandAugmentConfig
from mgu.config.datasets import TableConfig
from mgu.config.images import ImagesConfig
from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.python.examples import Examples
from mgu.errors import UserError
from mgu.explain.explanation import read_explanation
from mgu.factory.augment import augment_training
from mgu.factory.resolved_run import resolve
from mgu.isolation import Send, call
from mgu.measure import energy, slot
from mgu.report.card.card import to_card
from mgu.results.on_disk.correct import read_correct
from mgu.results.on_disk.folder import find_state, run_folder
from mgu.results.on_disk.preprocessing import Classes
from mgu.results.on_disk.result_file import read_result
from mgu.results.schema.result import Result
from mgu.run import execute, training
from mgu.run.evaluate_splits import name_classes
from mgu.run.execute import run
from mgu.train import loop
from tests.by_hand import ByHand
from tests.conftest import Configure
from tests.examples import ranked

pytestmark = pytest.mark.slow

QUICK = ("layout=digits_2", "training.epochs=2", "norm=ln")


def train(config: RunConfig) -> Result:
    run_folder(config).mkdir(parents=True, exist_ok=True)
    return run(config)


def test_energy_is_tracked_over_the_time_to_solution_and_checkpoints_and_not_the_set_up(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ByHand()
    clock.rule(monkeypatch, (energy, slot))
    for module, function, seconds in (
        *((execute, "set_up", 100.0), (execute, "begin_or_continue", 1.0), (execute, "evaluate_splits", 5.0)),
        *((loop, "train_epoch", 10.0), (loop, "evaluate", 2.0), (training, "save_checkpoint", 0.5)),
    ):
        clock.charge(monkeypatch, module, function, seconds)
    result = train(configure(*QUICK, "energy.enabled=true"))
    assert result.seconds and result.energy and result.energy.phases
    spent = result.seconds
    assert (spent.setup, spent.build, spent.train, spent.checkpoint, spent.evaluate) == (100.0, 1.0, 24.0, 1.0, 5.0)
    assert result.energy.tracked_s == spent.to_solution + spent.checkpoint == 31.0
    phases = result.energy.phases
    assert (phases.setup.seconds, phases.train.seconds, phases.evaluate.seconds) == (100.0, 26.0, 5.0)


def test_the_data_that_judge_a_run_have_a_confusion_matrix(configure: Configure) -> None:
    result = train(configure(*QUICK, "dataset.split=holdout", "training.epochs=1"))
    assert result.classes == list("0123456789") and result.test and result.test.confusion and result.test.accuracy
    counts = np.array(result.test.confusion)
    assert counts.sum() == 360 and counts.trace() == round(360 * result.test.accuracy)
    assert result.val and result.val.confusion is None and result.train and result.train.confusion is None
    assert 0 < (result.val.macro_f1 or 0) < 1 and result.train.macro_f1 and result.test.macro_f1


@pytest.mark.parametrize(
    ("has_units", "kind", "called"), [(True, "block", "network with"), (False, "baseline", "grid")]
)
def test_a_network_of_the_user_s_with_units_is_no_baseline_of_the_grid(
    has_units: bool, kind: str, called: str, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reports took it for the best of the grid, and its cost for the grid's."""
    layer = "MultiGatedUnit(nn.Linear(64, 6))" if has_units else "nn.Linear(64, 6)"
    source = "from torch import nn\nfrom mgu import MultiGatedUnit\ndef net():\n    return nn.Sequential("
    (tmp_path / f"net_{kind}.py").write_text(f"{source}nn.Flatten(), {layer}, nn.Linear(6, 10))\n")
    monkeypatch.chdir(tmp_path)
    words = ("layout=python", f"layout.target=net_{kind}:net", "training.epochs=1", "energy.enabled=false")
    result = train(configure(*words))
    assert result.status == "ok" and result.kind == kind and called in to_card(tmp_path, result)
    (table,) = ranked([result])
    assert len(table.baselines) == (not has_units)


def test_classes_have_names_where_they_have_a_confusion_matrix() -> None:
    """Own images have a matrix of all classes, but beyond 100 it had no names."""

    def named(section: type[Any], count: int) -> list[str] | None:
        outputs = Classes(names=[f"c{k}" for k in range(count)])
        dataset = SimpleNamespace(preprocessing=SimpleNamespace(outputs=outputs))
        resolved: Any = SimpleNamespace(dataset=dataset, config=SimpleNamespace(dataset=section.model_construct()))
        return name_classes(resolved)

    assert [len(named(ImagesConfig, count) or ()) for count in (100, 101)] == [100, 101]
    assert [len(named(TableConfig, count) or ()) for count in (100, 101)] == [100, 0]


@pytest.mark.parametrize("score", ["recall", "macro_f1"])
def test_the_best_epoch_goes_by_what_is_trained_for(score: str, configure: Configure) -> None:
    few = ("dataset=digits", "mgu=reference", "layout=digits_2", "training.epochs=4", f"training.score={score}")
    config = configure(*few, "optimizer.lr=0.03", "training.batch_size=256")
    result = train(config)
    with open(run_folder(config) / "history.csv", encoding="utf-8") as file:
        history = [float(row[f"val_{score}"]) for row in csv.DictReader(file)]
    assert result.score.metric == score and result.val_score == max(history)
    assert result.best_epoch == 1 + history.index(max(history)) and result.val and result.val.accuracy != max(history)
    assert read_explanation(run_folder(config) / "explain.json").metric == score


def test_a_diverged_run_is_a_result(configure: Configure) -> None:
    config = configure(*QUICK, "optimizer.lr=1e30")
    result = train(config)
    assert result.status == "diverged" and result.epochs == 1 and result.best_epoch is None and result.val is None
    assert read_result(run_folder(config) / "result.json") == result
    assert find_state(config) == "done"  # it stands: it is not trained again


def test_force_leaves_nothing_of_the_first_time(configure: Configure) -> None:
    config = configure(*QUICK, "force=true")
    train(config)
    stale = run_folder(config) / "weights.safetensors"
    assert stale.exists()
    stale.write_text("stale")
    assert train(config).status == "ok" and stale.stat().st_size > 1000


def test_a_failure_is_recorded_with_its_traceback(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*arguments: object, **keywords: object) -> None:
        raise RuntimeError("the GPU is on fire")

    config = configure(*QUICK)
    with monkeypatch.context() as patch:
        patch.setattr(training, "fit", explode)
        result = train(config)
    assert result.status == "failed" and result.error == "RuntimeError: the GPU is on fire"
    assert result.seconds and result.seconds.train > 0  # a search pays for it, too
    assert "Traceback" in (run_folder(config) / "log.txt").read_text()
    assert find_state(config) == "failed"
    assert train(config).status == "ok" and find_state(config) == "done"


@pytest.mark.parametrize(("broken", "ended"), [("evaluate", 1), ("evaluate_splits", 2), ("save_best", 2)])
def test_a_failed_run_has_the_epochs_that_ended(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, broken: str, ended: int
) -> None:
    """In its second epoch, in the evaluation after all of them, or while what was trained is saved."""
    module: Any = loop if broken == "evaluate" else execute
    own, calls = getattr(module, broken), count()

    def explode(*arguments: Any, **keywords: Any) -> Any:
        if next(calls) == 1 or module is execute:
            raise RuntimeError("the GPU is on fire")
        return own(*arguments, **keywords)

    monkeypatch.setattr(module, broken, explode)
    result = train(configure(*QUICK))
    assert (result.status, result.epochs) == ("failed", ended) and result.seconds and result.seconds.train > 0


def test_a_mistake_with_force_keeps_what_was_done(configure: Configure) -> None:
    done = train(configure(*QUICK))
    with pytest.raises(UserError, match=r"energy\.country"):
        train(configure(*QUICK, "force=true", "energy.enabled=true", "energy.country=XXX"))
    folder = run_folder(configure(*QUICK))
    assert read_result(folder / "result.json") == done and (folder / "weights.safetensors").exists()


def test_an_engine_that_cannot_be_had_is_a_mistake_of_input(configure: Configure) -> None:
    with pytest.raises(UserError, match="engine must be auto, eager or packed for this run, but got native"):
        train(configure("layout=digits_2", "mgu=reference", "layout.activation=gelu", "engine=native"))
    assert train(configure("layout=digits_2", "mgu=reference", "engine=packed", "training.epochs=1")).status == "ok"


def test_a_run_without_energy_is_not_done_when_energy_is_wanted(configure: Configure) -> None:
    train(configure(*QUICK))
    wanted = configure(*QUICK, "energy.enabled=true")
    assert find_state(configure(*QUICK)) == "done" and find_state(wanted) == "pending"
    assert train(wanted).energy is not None and find_state(wanted) == "done"


def test_the_weights_are_those_that_were_reported(configure: Configure) -> None:
    from safetensors.torch import load_file

    from mgu.factory.model import build_model
    from mgu.tasks.classification import Classification
    from mgu.train.loop import evaluate

    config = configure(*QUICK)
    result = train(config)
    model = build_model(resolve(config))
    model.load_state_dict(load_file(Path(run_folder(config), "weights.safetensors")))
    assert result.val and evaluate(model, open_dataset(config.dataset).splits.val, Classification(10), 1000)[
        "accuracy"
    ] == pytest.approx(result.val.accuracy)


@pytest.mark.parametrize("split", ["paper", "holdout"])
def test_every_official_test_image_has_a_bit(split: str, configure: Configure) -> None:
    config = configure(*QUICK, f"dataset.split={split}")
    result, read = train(config), read_correct(run_folder(config))
    metrics = result.val if split == "paper" else result.test
    assert read and metrics
    num_images, bits, _ = read
    correct = np.unpackbits(np.frombuffer(bits, np.uint8), count=num_images)
    assert num_images == 360 and correct.mean() == pytest.approx(metrics.accuracy)


def test_deterministic_reaches_the_process_that_trains(configure: Configure) -> None:
    config = configure(*QUICK, "deterministic=true", "training.epochs=1")
    run_folder(config).mkdir(parents=True)
    assert call("tests.run.test_run:train_and_look", config) == (True, "ok")
    assert config.identity != configure(*QUICK, "training.epochs=1").identity


def train_and_look(send: Send, config: RunConfig) -> tuple[bool, str]:
    status = run(config).status
    return torch.are_deterministic_algorithms_enabled(), status


def test_a_run_that_stops_before_its_gates_are_decided_has_a_score(configure: Configure) -> None:
    words = ("layout=digits_2", "mgu=lean", "mgu.decisive.gates=settling", "training.epochs=6")
    stopped = train(configure(*words, "training.stop_after=2"))
    assert (stopped.status, stopped.epochs, stopped.best_epoch) == ("ok", 2, 2) and stopped.val
    whole = train(configure(*words))
    assert whole.best_epoch and whole.best_epoch > 4  # gates are decided at the end of the fifth


def test_operations_on_colours_are_refused_where_they_would_clip_own_images() -> None:
    augment = build_augment(RandAugmentConfig(name="randaugment", padding=0.1, flip=0.5, num_ops=2, magnitude=9), 0, 3)
    images = Examples(torch.randn(4, 3, 8, 8), torch.zeros(4, dtype=torch.long))
    with pytest.raises(UserError, match=r"augment must be none, flip_crop or mixup .* but got randaugment"):
        augment_training(images, augment)
    assert isinstance(augment_training(replace(images, inputs=images.inputs.sigmoid()), augment), AugmentedData)
