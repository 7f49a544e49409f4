"""Every kind of run is exported, and its file computes of raw inputs what the run does: by value and by score."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import torch
from msgspec import structs

from mgu.data.splits import Data, Splits
from mgu.data.tables.files import read_table
from mgu.errors import RunsFailed, UserError
from mgu.export.checks import TOLERANCE
from mgu.export.description import describe_export
from mgu.export.held_out import take_held_out, take_training
from mgu.export.network import Format
from mgu.factory.trained import TrainedRun, load_trained
from mgu.predict import export_run as exporting
from mgu.predict.export_run import describe_size, export_run
from mgu.predict.model import load
from mgu.prune import benchmark
from mgu.prune.pipeline import run_pruning
from tests.factory.matrix import BASELINES, UNITS, Matrix
from tests.prune.networks import quick

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("decoded_apart")]

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

RUNS = {  # a model for each kind of data
    "named images": UNITS["lean"],
    "cases": BASELINES["ln"],
    "own images": UNITS["squeeze_excitation"],
    "images held out": UNITS["switchable_norm"],
    "regression": UNITS["reference"],
    "classification": BASELINES["bn_post"],
    "ratings": BASELINES["ln"],
    "ranking": UNITS["lean"],
    "own ratings": BASELINES["no_norm"],
    "factors, ratings": (),
    "factors, ranking": (),
    "dense images": UNITS["paths"],
    "images of a function": BASELINES["bn_pre residual"],
    "classes of a function": UNITS["highway"],
    "quantities of a function": UNITS["equations"],
}
USUAL = {("classification", "onnx"), ("own ratings", "onnx"), ("quantities of a function", "torch")}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("every_run"))


def folder_of(matrix: Matrix, data: str, *overrides: str) -> Path:
    return matrix.train(matrix.config(data, RUNS[data], *overrides))


@pytest.mark.parametrize(
    ("data", "form"),
    [
        pytest.param(data, form, marks=[] if (data, form) in USUAL else [pytest.mark.long])
        for data in RUNS
        for form in ("torch", "onnx")
    ],
)
def test_every_kind_of_run_is_exported(data: str, form: Format, matrix: Matrix) -> None:
    model = load(folder_of(matrix, data))
    content, lines = export_run(model, form)
    assert lines[0].startswith("equal to the run to ") and float(lines[0].split()[5]) <= TOLERANCE
    assert "held-out examples" in lines[0] and lines[1].endswith("of raw inputs, as the run itself")
    if form == "onnx":
        file = onnx.load_from_string(content)
        onnx.checker.check_model(file, full_check=True)
        about = {own.key: own.value for own in file.metadata_props}
        assert file.graph.output[0].name == about["output"]
        assert file.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
        assert str(Path.cwd()).encode() not in content and b"site-packages" not in content
    else:
        extra = {"mgu.json": ""}
        torch.export.load(io.BytesIO(content), extra_files=extra)
        about = json.loads(extra["mgu.json"])
    assert about["identity"] == model.trained.result.identity and about["task"] == model.trained.result.task
    assert json.loads(about.get("classes", "[]")) == [str(name) for name in model.classes]


def test_a_ranking_is_scored_by_what_it_was_trained_for(matrix: Matrix) -> None:
    model = load(folder_of(matrix, "ranking", "training.score=recall_at_10"))
    metrics = model.trained.result.test or model.trained.result.val
    assert metrics and metrics.recall_at_10 != metrics.ndcg_at_10
    _, lines = export_run(model, "torch")
    assert lines[1] == f"{metrics.recall_at_10:.4g} recall_at_10 of raw inputs, as the run itself"


def test_a_table_goes_in_column_by_column(matrix: Matrix) -> None:
    """As another program would call the file: a DataFrame as it is read, with a gap and a city of its own."""
    model = load(folder_of(matrix, "classification"))
    session = onnxruntime.InferenceSession(export_run(model, "onnx").content, providers=["CPUExecutionProvider"])
    rows = pd.read_csv(matrix.folder / "houses.csv")[:9]
    names = {own.name for own in session.get_inputs()}
    assert names == set(model.preprocessing.inputs.names) and "city" not in names  # type: ignore[union-attr]
    feed = {
        name: (
            rows[name].fillna("").astype(str).to_numpy(object)
            if kind == "tensor(string)"
            else rows[name].to_numpy(float)
        )
        for name, kind in ((own.name, own.type) for own in session.get_inputs())
    }
    (logits,) = session.run(["logits"], feed)
    np.testing.assert_allclose(logits, model.outputs(rows).numpy(), rtol=1e-5, atol=1e-5)
    for number in model.preprocessing.inputs.numbers:  # type: ignore[union-attr]
        feed[number.name] = np.full(9, np.nan)
    (gaps,) = session.run(["logits"], feed)
    assert np.isfinite(gaps).all() and not np.allclose(gaps, logits)


def test_users_and_items_go_in_by_name_and_unknown_ones_come_last(matrix: Matrix) -> None:
    model = load(folder_of(matrix, "own ratings"))
    session = onnxruntime.InferenceSession(export_run(model, "onnx").content, providers=["CPUExecutionProvider"])
    pairs: Any = model.preprocessing.inputs
    users, items = pairs.users, pairs.items
    kind = {own.name: own.type for own in session.get_inputs()}
    assert set(kind) == {users.column, items.column}

    def cells(names: list[str], column: str) -> Any:
        return np.array([int(name) for name in names]) if kind[column] == "tensor(int64)" else np.array(names, object)

    given = {users.column: [users.names[0]] * 2, items.column: items.names[:2]}
    (scores,) = session.run(["score"], {column: cells(names, column) for column, names in given.items()})
    np.testing.assert_allclose(scores, model.predict(given), rtol=1e-5, atol=1e-6)
    unknown = {users.column: cells(["99999999"], users.column), items.column: cells(items.names[:1], items.column)}
    assert session.run(None, unknown)[0].tolist() == [-np.inf]


def test_a_torch_file_says_which_names_stand_for_one_item(matrix: Matrix) -> None:
    """Joined films have several; predict and ONNX take each, and the lists of the metadata have one."""
    trained = load_trained(folder_of(matrix, "own ratings"))
    pairs: Any = trained.preprocessing.inputs
    items = structs.replace(pairs.items, aliases={"another": pairs.items.names[0]})
    joined = structs.replace(trained.preprocessing, inputs=structs.replace(pairs, items=items))
    assert "spellings" not in describe_export(trained, "torch")
    trained.__dict__["preprocessing"] = joined  # where the cached property keeps it
    about = describe_export(trained, "torch")
    assert json.loads(about["spellings"]) == {"items": {"another": json.loads(about["items"])[0]}}
    assert "without blanks at its ends" in about["input_type"] and "blanks" in describe_export(trained)["input_type"]


@pytest.mark.long
def test_columns_may_be_called_like_parts_of_the_graph(matrix: Matrix) -> None:
    rows = pd.read_csv(matrix.folder / "houses.csv")
    names = ["numbers", "add", "logits", "categories"]
    renamed = rows.rename(columns=dict(zip([name for name in rows if name != "city"], names, strict=False)))
    renamed.to_csv(matrix.folder / "odd_names.csv", index=False)
    config = matrix.config("classification", BASELINES["ln"], f"dataset.path={matrix.folder / 'odd_names.csv'}")
    content, lines = export_run(load(matrix.train(config)), "onnx")
    inputs = {own.name for own in onnx.load_from_string(content).graph.input}
    assert {"numbers", "add", "logits (column)"} <= inputs and "equal to the run" in lines[0]


@pytest.mark.long
def test_a_quantized_file_that_is_larger_says_what_to_do() -> None:
    assert describe_size(70_300, 280_500) == "int8: 70.3 kB instead of 280.5 kB"
    assert describe_size(70_300, 47_700) == (
        "int8: 70.3 kB instead of 47.7 kB in float32: this file saves nothing. Leave --quantize out, and export again"
    )


@pytest.mark.parametrize("form", ["torch", "onnx"])
@pytest.mark.parametrize("data", ["named images", "classification"])
def test_int8_is_smaller_and_about_as_good(data: str, form: Format, matrix: Matrix) -> None:
    model = load(folder_of(matrix, data, "training.epochs=6"))
    plain, small = export_run(model, form), export_run(model, form, int8=True)
    assert small.lines[:2] == plain.lines and small.lines[2].startswith("int8: ") and "instead of" in small.lines[3]
    if form == "onnx":
        kept = {own.key: own.value for own in onnx.load_from_string(small.content).metadata_props}
        assert kept["identity"] == model.trained.result.identity
        assert any(
            own.data_type == onnx.TensorProto.INT8 for own in onnx.load_from_string(small.content).graph.initializer
        )


def test_a_file_that_computes_something_else_is_not_written(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(folder_of(matrix, "quantities of a function"))
    monkeypatch.setattr(exporting, "_run", lambda *_: take_held_out(model.trained, model.trained.model).expected * 1.01)
    with pytest.raises(RunsFailed, match=r"the torch\.export model must equal the one it was derived from"):
        export_run(model, "torch")


@pytest.mark.long
def test_without_its_data_a_run_is_compared_on_made_up_examples(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folder_of(matrix, "regression"))

    def refuse(*_: object) -> None:
        raise UserError("its table must be there, but is not. Put it back.")

    monkeypatch.setattr(exporting, "take_held_out", refuse)
    compared, why = export_run(model, "onnx").lines
    assert "on 64 made-up examples, for its data cannot be had; its accuracy was not compared" in compared
    assert why == "its data: its table must be there, but is not. Put it back."
    with pytest.raises(UserError, match="must have training data, which show the ranges of activations"):
        export_run(model, "onnx", int8=True)


def test_a_kind_of_data_that_cannot_give_its_files_is_told_what_it_lacks(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bare:  # by docs/guide/extending.md, but without what exports ask for
        def __init__(self, data: Data) -> None:
            self.device, self.batch, self.num = data.device, data.batch, len(data)

        def __len__(self) -> int:
            return self.num

    model = load(folder_of(matrix, "quantities of a function"))
    train, val = (cast(Data, Bare(own)) for own in (model.trained.splits.train, model.trained.splits.val))
    monkeypatch.setattr(TrainedRun, "splits", Splits(train, val))
    missing = r"the examples of dataset=python must have `raw\(index\)`.* but Bare has none"
    for take in (lambda: take_held_out(model.trained, model.trained.model), lambda: take_training(model.trained, 9)):
        with pytest.raises(UserError, match=missing):
            take()
    compared, why = export_run(model, "torch").lines
    assert "made-up examples" in compared and re.match(f"its data: {missing}", why)


@pytest.mark.parametrize(
    ("data", "file"),
    [
        ("quantities of a function", "own_code.py"),
        ("regression", "houses.csv"),
        pytest.param("classes of a function", "own_code.py", marks=pytest.mark.long),
        pytest.param("classification", "houses.csv", marks=pytest.mark.long),
        pytest.param("ranking", "ml-100k", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("change", ["edited", "moved"])
def test_what_gave_the_data_need_not_be_there(
    data: str, file: str, change: str, matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor may a copy be found that another test has imported from its own folder."""
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if not Path(entry, file).exists()])
    folder = folder_of(matrix, data)
    before = load(folder)
    kept = Path(getattr(before.trained.config.dataset, "folder", matrix.folder), file)  # or that of another test's copy
    asked = (
        np.ones((3, 4), np.float32) if "function" in data else take_held_out(before.trained, before.trained.model).raw
    )
    expected = before.outputs(asked)
    away = kept.rename(kept.with_name("away"))
    if change == "edited" and away.is_file():
        kept.write_bytes(away.read_bytes() + b"\n")
    read_table.cache_clear()
    try:
        model = load(folder)
        assert torch.equal(model.outputs(asked), expected)
        line, reason = export_run(model, "torch").lines
        assert "on 64 made-up examples, for its data cannot be had" in line and reason.startswith("its data: ")
    finally:
        away.rename(kept)


@pytest.mark.long
def test_a_pruned_run_is_exported_and_predicts(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "REPEATS", {1: 3, 256: 3})
    folder = matrix.train(matrix.config("classification", UNITS["reference"]))
    with pytest.raises(UserError, match="must have been pruned"):
        load(folder, pruned=True)
    run_pruning(load_trained(folder), quick("method=threshold", "epochs=0"), None, lambda line: None)
    model = load(folder, pruned=True)
    rows = pd.read_csv(matrix.folder / "houses.csv")[:20]
    content, lines = export_run(model, "onnx")
    assert b"mgu-run prune replaced gates by constants" in content
    assert b"mgu-run prune" not in export_run(load(folder), "onnx").content
    assert "made" not in lines[0] and len(model.predict(rows)) == 20
    assert lines[0].startswith("equal to the pruned network to") and lines[1].endswith("as the pruned network itself")
