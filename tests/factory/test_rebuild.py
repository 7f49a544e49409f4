"""Whatever rebuilds a trained model is tried on every kind of data and of model: see tests/factory/matrix.py.

The short form tries each unit of conf/ on one kind of images and one of other data, and every other model on one kind
of data, in turns, so that every kind of data is tried by many models; the long form (`--long`) tries all of them.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.explain.explanation import can_explain, explain_model, to_json
from mgu.factory.trained import TrainedRun, load_trained
from mgu.measure.estimate import ModelSize
from mgu.prune import benchmark, pipeline
from mgu.prune.convert import logits_of
from mgu.prune.inputs import choosing_splits
from mgu.prune.load import load_pruned
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.result_file import read_result
from mgu.run.evaluate_splits import evaluate_splits
from mgu.run.worker import run_together
from mgu.sweep.seed_groups import lockstep_obstacle
from mgu.train.learner import Learner
from mgu.unit.wiring import GATES
from tests.conftest import compose_run
from tests.factory.matrix import (
    BASELINES,
    CONVOLUTIONAL,
    DENSE_DATA,
    FACTORS_DATA,
    IMAGE_DATA,
    OPTIONS,
    OWN_DATA,
    OWN_LAYERS,
    UNITS,
    Matrix,
)
from tests.prune.networks import quick
from tests.run.test_resume import evidence, train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("decoded_apart")]

MODELS = BASELINES | UNITS | OPTIONS | CONVOLUTIONAL
WITH_STATE = ("bn_pre", "paths", "dropout step", "settling by channel", "penalty", "switchable_norm", "lean")
SETTLING_PAIRS = [  # of the product of kinds of gates and of what settles, so many that each kind is tried
    f"settling {over} of gate {kind}"
    for over, kind in (("gate", "scalar"), ("channel", "squeeze"), ("channel", "channel"), ("element", "spatial"))
]
PRUNED = ("equations", "reference", "lean", "settling by channel", "gate spatial", "bypass padded")


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("matrix"))


def data_for(name: str, long_form: bool) -> list[str]:
    """Kinds of data that a model is tried on."""
    if long_form:
        return [*IMAGE_DATA, *DENSE_DATA]
    number = list(MODELS).index(name)
    if name.startswith("settling") and " of gate " in name and name not in SETTLING_PAIRS:
        return []
    chosen = [IMAGE_DATA[number % len(IMAGE_DATA)], DENSE_DATA[number % len(DENSE_DATA)]]
    return chosen if name in CONVOLUTIONAL else [chosen[number % 2]]


def fitting(matrix: Matrix, name: str, data: str, *overrides: str) -> RunConfig | None:
    """The configuration; None for a pair that must be refused."""
    if data in DENSE_DATA and name == "gate depthwise":
        return None
    return matrix.config(data, MODELS[name], *overrides)


def check_rebuilt(folder: Path) -> TrainedRun:
    """Every metric has every bit that was recorded, and every tensor has values."""
    trained, recorded = load_trained(folder), read_result(folder / "result.json")
    learner: Any = Learner(trained.model, trained.resolved.task, None, None)  # type: ignore[arg-type]
    assert not any(tensor.is_meta for tensor in (*trained.model.parameters(), *trained.model.buffers()))
    batch_size = trained.config.training.eval_batch_size
    scores, correct = evaluate_splits(learner, trained.model.state_dict(), trained.splits, batch_size)
    # The candidates of a ranking are sampled anew whenever training data are evaluated.
    splits = ("val", "test") if trained.config.dataset.task == "ranking" else ("train", "val", "test")
    for split in splits:
        assert scores[split] == getattr(recorded, split), split
    if correct:
        before = (folder / "correct.bits").read_bytes()
        correct.write(folder)
        assert (folder / "correct.bits").read_bytes() == before
    return trained


def check_explained(trained: TrainedRun) -> None:
    """The explanation is the file that the run left, to the bit; what has none is told in one line."""
    if can_explain(trained.config):
        explanation = explain_model(trained.resolved, trained.model, trained.splits.val)
        assert to_json(explanation) == (trained.folder / "explain.json").read_text()
        assert len(explanation.units) == 2 and explanation.units[0].gates
        return
    with pytest.raises(UserError, match=r"^RUN must be of a unit.*, but .*\. Name .*\.$"):
        explain_model(trained.resolved, trained.model, trained.splits.val)
    assert not (trained.folder / "explain.json").exists()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (not data_for(name, long_form=False))) for name in MODELS]
)
def test_a_model_from_its_folder_is_the_one_that_was_trained(name: str, matrix: Matrix, long_form: bool) -> None:
    for data in data_for(name, long_form):
        config = fitting(matrix, name, data)
        if config is None:
            with pytest.raises(UserError, match=r"^mgu: gate=depthwise must be around a convolution .*, but got Lin.*"):
                matrix.train(matrix.config(data, MODELS[name]))
            continue
        check_explained(check_rebuilt(matrix.train(config)))


@pytest.mark.parametrize("data", OWN_DATA)
@pytest.mark.parametrize("name", ["bn_post residual", "reference", "lean"])
def test_data_from_a_function_are_read_again(name: str, data: str, matrix: Matrix) -> None:
    check_explained(check_rebuilt(matrix.train(matrix.config(data, MODELS[name]))))


@pytest.mark.parametrize("model", OWN_LAYERS)
@pytest.mark.parametrize(
    ("data", "layer"), [("named images", "Conv"), ("images of a function", "Conv"), ("regression", "Linear")]
)
def test_layers_of_the_users_are_rebuilt(data: str, layer: str, model: str, matrix: Matrix) -> None:
    words = (*OWN_LAYERS[model], f"layout.layer={{target: own_code:{layer}, folder: {matrix.folder}}}")
    check_explained(check_rebuilt(matrix.train(matrix.config(data, words))))


@pytest.mark.parametrize(
    "data", ["named images", "images of a function", "quantities of a function", "own images", "classification"]
)
def test_a_network_of_the_users_is_rebuilt_and_continued(data: str, matrix: Matrix) -> None:
    words = [word for word in matrix.kinds_of_data()[data] if not word.startswith("layout")]
    network = ("layout=python", "layout.target=own_code:Net", f"layout.folder={matrix.folder}", "training.epochs=2")
    once = compose_run(matrix.folder / "runs", *words, *network, "threads=1", "experiment_name=once")
    twice = once.model_copy(update={"experiment_name": "twice"})
    undisturbed, continued = train(once), train(twice, 1)
    assert undisturbed.status == "ok" and (undisturbed.resumed, continued.resumed) == (0, 1)
    assert evidence(once) == evidence(twice) and undisturbed.config["layout"]["sha256"]
    check_explained(check_rebuilt(run_folder(once)))


@pytest.mark.parametrize("data", FACTORS_DATA)
def test_factors_from_their_folder_are_those_that_were_trained(data: str, matrix: Matrix) -> None:
    check_explained(check_rebuilt(matrix.train(matrix.config(data, ()))))


@pytest.mark.long  # its 48,842 rows take a while
def test_adult_is_rebuilt_like_any_other_table(matrix: Matrix, data_root: str) -> None:
    for model in (BASELINES["ln"], UNITS["reference"]):
        check_explained(check_rebuilt(matrix.train(matrix.config("adult", model, f"dataset.root={data_root}"))))


@pytest.mark.parametrize("name", WITH_STATE)
def test_a_continued_run_is_the_same_to_the_bit(name: str, matrix: Matrix, long_form: bool) -> None:
    number = WITH_STATE.index(name)
    kinds = [*IMAGE_DATA, *DENSE_DATA]
    for data in kinds if long_form else (kinds[(number + 2) % len(kinds)],):
        once = fitting(matrix, name, data, "training.epochs=2", "experiment_name=once")
        assert once
        twice = once.model_copy(update={"experiment_name": "twice"})
        undisturbed, continued = train(once), train(twice, 1)
        assert undisturbed.status == "ok" and (undisturbed.resumed, continued.resumed) == (0, 1)
        assert evidence(once) == evidence(twice)
        for split in ("train", "val", "test"):
            assert getattr(undisturbed, split) == getattr(continued, split)
        if can_explain(once):
            files = [run_folder(config) / "explain.json" for config in (once, twice)]
            assert files[0].read_text() == files[1].read_text()


@pytest.mark.parametrize("name", PRUNED)
def test_units_that_classify_are_pruned_whatever_their_layers(
    name: str, matrix: Matrix, long_form: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "REPEATS", {1: 3, 256: 3})
    monkeypatch.setattr(pipeline, "draw_curve", lambda outcome, path: path.touch())  # it is slow
    kinds = ("cases", "classification", "dense images", "named images")
    methods = (("method=threshold", "epochs=0"), ("by_channel=true",))
    number = PRUNED.index(name)
    for data in kinds if long_form else (kinds[number % 3],):
        for method in methods if long_form else (methods[number % 2],):
            trained = load_trained(matrix.train(matrix.config(data, MODELS[name])))
            outcome, _ = pipeline.run_pruning(trained, quick(*method), None, lambda line: None)
            rows = {row.name: row for row in outcome.rows}
            assert outcome.gates == 2 * len(GATES)
            assert rows["unit"].cost.flops == trained.result.flops_per_sample
            pruned, splits = load_pruned(trained.folder), choosing_splits(trained)[0]
            hits = logits_of(pruned, splits.val).argmax(dim=1) == splits.val.batch(slice(None))[1]
            assert float(hits.double().mean()) == rows["pruned"].val == rows["converted"].val
            if "method=threshold" not in method:
                assert not outcome.kept and rows["converted"].cost.params_keras < rows["unit"].cost.params_keras


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("bn_pre", "classification", r"RUN must be of a unit, but .* is a baseline"),
        ("highway", "cases", r"RUN must be of the paper's unit, but .* has other paths \(highway"),
        ("squeeze_excitation", "ranking", r"RUN must be of the paper's unit, but .* has other paths"),
        ("no skip", "named images", r"RUN must be of the paper's unit, but .* has other paths"),
        ("reference", "regression", r"RUN must classify, but .* is of regression"),
        ("lean", "ranking", r"RUN must classify, but .* is of ranking"),
        ("equations", "ratings", r"RUN must classify, but .* is of regression"),
    ],
)
def test_what_is_not_pruned_is_told_in_one_line(name: str, data: str, message: str, matrix: Matrix) -> None:
    trained = load_trained(matrix.train(matrix.config(data, MODELS[name])))
    with pytest.raises(UserError, match=message) as caught:
        pipeline.run_pruning(trained, quick(), "onnx", lambda line: None)
    assert "\n" not in str(caught.value) and "Name " in str(caught.value) and not (trained.folder / "prune").exists()


@pytest.mark.parametrize("data", IMAGE_DATA)
def test_seeds_together_come_out_as_alone_but_for_rounding(data: str, matrix: Matrix, long_form: bool) -> None:
    number = IMAGE_DATA.index(data)
    for name in BASELINES if long_form else [*BASELINES][number :: len(IMAGE_DATA)][:1]:
        solo = matrix.config(data, BASELINES[name])
        seeds = [solo.model_copy(update={"seed": seed, "experiment_name": "joint"}) for seed in (0, 1)]
        for config in seeds:
            run_folder(config).mkdir(parents=True)
        together = run_together(seeds)
        for seed, joint in enumerate(together):
            alone = matrix.train(solo.model_copy(update={"seed": seed, "engine": "eager"}))  # as joint ones are
            assert joint.status == "ok" and joint.trained_together == 2
            losses = [float(_history(folder)["train_loss"]) for folder in (run_folder(seeds[seed]), alone)]
            assert losses[0] == pytest.approx(losses[1], rel=1e-3)
            # A bias before a batch norm has no gradient but rounding, of which Nadam makes steps.
            if BASELINES[name][0] != "norm=bn_pre":
                expected = read_result(alone / "result.json").val
                # Without a norm a step at this rate magnifies what sums of another order round otherwise.
                within = 1e-2 if "no_norm" in BASELINES[name][0] else 1e-3
                assert joint.val and expected and joint.val.loss == pytest.approx(expected.loss, rel=within)
            check_rebuilt(run_folder(seeds[seed]))


def _history(folder: Path) -> dict[str, str]:
    with (folder / "history.csv").open() as file:
        return next(csv.DictReader(file))


@pytest.mark.parametrize("data", [*IMAGE_DATA, *DENSE_DATA])
def test_seeds_that_are_not_trained_together_are_told_why(data: str, matrix: Matrix) -> None:
    cpu = ModelSize("cpu (1 thread)", params_keras=100, flops=1000)
    baseline, unit = matrix.config(data, BASELINES["ln"]), matrix.config("named images", UNITS["lean"])
    assert (lockstep_obstacle(baseline, cpu) is None) == (data in IMAGE_DATA)
    assert lockstep_obstacle(baseline.model_copy(update={"mgu": unit.mgu}), cpu)
