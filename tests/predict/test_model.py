"""A run predicts from its folder alone what it predicted in training, of inputs as they are in the user's files."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from msgspec.structs import replace

import mgu
from mgu.data.tables.files import read_table
from mgu.errors import UserError
from mgu.export.held_out import take_held_out
from mgu.factory.trained import load_trained
from mgu.predict.model import Model, load
from mgu.results.on_disk.result_file import read_result, write_result
from tests.factory.matrix import BASELINES, UNITS, Matrix

CHOICES = {  # a model for each kind of data
    "named images": UNITS["lean"],
    "cases": BASELINES["ln"],
    "own images": BASELINES["bn_pre"],
    "regression": UNITS["reference"],
    "classification": BASELINES["bn_post"],
    "ratings": BASELINES["ln"],
    "ranking": UNITS["lean"],
    "own ratings": BASELINES["no_norm"],
    "factors, ratings": (),
    "dense images": BASELINES["ln"],
    "images of a function": BASELINES["ln"],
    "classes of a function": BASELINES["ln"],
    "quantities of a function": UNITS["lean"],
}


pytestmark = pytest.mark.usefixtures("decoded_apart")


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("predict"))


def trained(matrix: Matrix, data: str) -> Path:
    return matrix.train(matrix.config(data, CHOICES[data]))


USUAL = ("named images", "cases", "regression", "classification", "own ratings", "images of a function")


@pytest.mark.parametrize(
    "data", [pytest.param(data, marks=[] if data in USUAL else [pytest.mark.long]) for data in CHOICES]
)
def test_predictions_of_raw_inputs_are_those_of_training(
    data: str, matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained(matrix, data)
    run = load_trained(folder)
    held_out = take_held_out(run, run.model)
    with monkeypatch.context() as patch:  # no data are read
        patch.setattr("mgu.factory.without_data.open_dataset", _unread(type(run.resolved.dataset)))
        model = load(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # users of whom nothing is known
            found = model.outputs(held_out.raw)
    assert found.shape == held_out.expected.shape and torch.isfinite(found).all()
    size = held_out.expected.abs().max()
    torch.testing.assert_close(found / size, held_out.expected / size, rtol=0, atol=1e-6)
    recorded = run.result.test or run.result.val
    score = held_out.score(found)
    if held_out.num_scored == len(run.splits.test or run.splits.val):
        assert recorded and score == pytest.approx(recorded.of(run.result.score), rel=1e-5)
    again = json.loads((folder / "preprocessing.json").read_text())
    assert again["version"] == 1 and len(again["sha256"]) == 64


def _unread(kind: Any) -> Any:
    def open_unread(config: Any) -> Any:
        dataset = kind(config)
        assert not {"splits", "table", "ratings", "loaded"} & set(vars(dataset))
        return dataset

    return open_unread


@pytest.mark.parametrize(("data", "file"), [("regression", "houses.csv"), ("own ratings", "bought.csv")])
def test_no_training_data_need_be_there(data: str, file: str, matrix: Matrix) -> None:
    folder, kept = trained(matrix, data), matrix.folder / file
    moved = kept.rename(kept.with_name(f"moved {file}"))
    read_table.cache_clear()
    try:
        model = load(folder)
        inputs: Any = model.preprocessing.inputs
        pair = {own.column: own.names[:1] for own in (inputs.users, inputs.items)} if data == "own ratings" else None
        rows = pair or pd.read_csv(moved)[:3]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # users of whom nothing is known
            assert np.isfinite(model.predict(rows)).all()
    finally:
        moved.rename(kept)


def test_arrays_tensors_and_files_are_one(matrix: Matrix, tmp_path: Path) -> None:
    model = mgu.load(trained(matrix, "cases"))
    file = next((matrix.folder / "cases").rglob("*.png"))
    by_file = model.probabilities(str(file))
    assert (
        by_file.shape == (1, 3)
        and by_file.sum() == pytest.approx(1)
        and model.classes == ["cancer", "normal", "type_1"]
    )
    pixels = torch.randint(0, 256, (5, 3, 8, 8), dtype=torch.uint8)
    np.save(tmp_path / "raw.npy", pixels[:1].numpy())
    mixed = model.probabilities([str(file), str(tmp_path / "raw.npy"), str(file)])  # in the order of the paths
    assert mixed == pytest.approx(np.concatenate([by_file, model.probabilities(pixels[:1]), by_file]))
    expected = model.predict(pixels)
    for form in (pixels.numpy(), pixels.permute(0, 2, 3, 1).numpy(), pixels.float(), pixels.numpy().astype(int)):
        assert (model.predict(form) == expected).all()
    assert model.predict(pixels[0])[0] == expected[0] and set(expected) <= set(model.classes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((2, 3, 9, 8), np.uint8), r"must be of shape \(N, 3, 8, 8\), but got \(2, 3, 9, 8\)"),
        (np.full((1, 3, 8, 8), 0.5), r"the largest is 0\.5 and some have fractions\. Scaled ones must be multiplied"),
        (np.full((1, 3, 8, 8), 256), "must be from 0 to 255 as in training, but go from 256 to 256"),
        (np.full((1, 3, 8, 8), np.nan), "must be from 0 to 255"),
        (np.full((1, 3, 8, 8), "a"), "inputs must be numbers"),
        (np.zeros((0, 3, 8, 8), np.uint8), "must be at least one"),
        ("nowhere.png", "nowhere.png does not exist"),
        (["nowhere.png", "elsewhere.png"], r"nowhere.png does not exist\nelsewhere.png does not exist"),
    ],
)
def test_images_that_are_none_are_told(given: Any, message: str, matrix: Matrix) -> None:
    with pytest.raises(UserError, match=message):
        load(trained(matrix, "cases")).predict(given)


def test_rows_go_by_the_names_of_their_columns(matrix: Matrix) -> None:
    model = load(trained(matrix, "regression"))
    rows = pd.read_csv(matrix.folder / "houses.csv")[:7]
    expected = model.predict(rows)
    assert expected.dtype == np.float64 and len(expected) == 7
    assert (model.predict(rows[rows.columns[::-1]].assign(more=1)) == expected).all()
    assert (model.predict({name: rows[name].tolist() for name in rows}) == expected).all()
    with pytest.raises(UserError, match=r"^the table must have the columns of training, but lacks 'city'"):
        model.predict(rows.drop(columns="city"))
    with pytest.raises(
        UserError, match="must be a DataFrame, or a dict of columns or of the cells of one row, but got nd"
    ):
        model.predict(rows.to_numpy())
    with pytest.raises(UserError, match="must be of classes"):
        model.probabilities(rows)
    with pytest.warns(UserWarning, match=r"row 1: 'city' is 'Atlantis', which training never saw"):
        model.predict(rows.assign(city="Atlantis"))


def test_a_dict_of_single_cells_is_one_row(matrix: Matrix) -> None:
    model = load(trained(matrix, "regression"))
    rows = pd.read_csv(matrix.folder / "houses.csv")[2:4]
    expected, row = model.predict(rows)[:1], rows.iloc[0].to_dict()
    expected = pytest.approx(expected, rel=1e-6)  # in another batch sums are rounded otherwise
    assert len(model.predict(row)) == 1 and model.predict(row) == expected
    assert model.predict({name: np.array(own) for name, own in row.items()}) == expected
    assert (model.predict(rows.to_dict()) == model.predict(rows)).all()  # whose rows are numbered from 2
    number = next(name for name in model.preprocessing.inputs.names if name != "city")  # type: ignore[union-attr]
    with pytest.raises(UserError, match=rf"'{number}' is a column and 'city' the cell 'Atlantis'\. Write .* \['Atl"):
        model.predict(row | {name: [own] for name, own in row.items()} | {"city": "Atlantis"})
    with pytest.raises(UserError, match=r"but got Series\. .* pass row\.to_dict\(\)"):
        model.predict(rows.iloc[0])


def test_a_user_that_training_never_saw_is_told(matrix: Matrix) -> None:
    model = load(trained(matrix, "own ratings"))
    users = model.preprocessing.inputs.users  # type: ignore[union-attr]
    items = model.preprocessing.inputs.items  # type: ignore[union-attr]
    assert len(model.predict({users.column: users.names[0], items.column: items.names[0]})) == 1
    pairs = {users.column: [users.names[0], "nobody"], items.column: items.names[:2]}
    with pytest.raises(UserError, match=rf"row 2: '{users.column}' 'nobody' is none that training knew"):
        model.predict(pairs)


def test_a_run_of_an_earlier_version_predicts_where_its_data_are(matrix: Matrix, tmp_path: Path) -> None:
    data = "classification"
    folder = Path(shutil.copytree(trained(matrix, data), tmp_path / "old"))
    (folder / "preprocessing.json").unlink()
    with pytest.raises(UserError, match=r"must have its preprocessing\.json, but .* is missing\. Put it back"):
        load(folder)
    result = read_result(folder / "result.json")
    files = {name: own for name, own in result.files.items() if name != "preprocessing.json"}
    write_result(folder, replace(result, files=files))
    rows = pd.read_csv(matrix.folder / "houses.csv")[:3]
    assert (load(folder).predict(rows) == load(trained(matrix, data)).predict(rows)).all()
    table = matrix.folder / "houses.csv"
    moved = table.rename(table.with_name("moved.csv"))
    read_table.cache_clear()
    try:
        with pytest.raises(UserError) as caught:
            load(folder)
        assert "\n" not in str(caught.value) and "RUN must have the data" in str(caught.value)
    finally:
        moved.rename(table)


@pytest.mark.parametrize("content", [b"{", b"{}\n", None])
def test_a_damaged_preprocessing_is_told(content: bytes | None, matrix: Matrix, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained(matrix, "classification"), tmp_path / "damaged"))
    file = folder / "preprocessing.json"
    file.write_bytes(file.read_bytes().replace(b'"center": ', b'"center": 1') if content is None else content)
    with pytest.raises(UserError, match=r"preprocessing\.json must be as its run wrote it, but was changed"):
        load(folder)


def test_a_model_says_what_it_is(matrix: Matrix) -> None:
    model = Model(load_trained(trained(matrix, "classification"), without_data=True))
    assert repr(model).startswith("<mgu.Model dense_2-bn_post-s0: classification of houses.city@")
