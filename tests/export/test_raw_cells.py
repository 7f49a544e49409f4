"""An exported file of a table takes cells as they stand in the user's file, or says what is to be done with them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from mgu.data.splits import hold_out
from mgu.data.tables.spellings import CategoryCodes
from mgu.errors import RunsFailed
from mgu.export.held_out import take_held_out
from mgu.export.network import Format
from mgu.predict.export_run import export_run
from mgu.predict.model import Model, load
from tests.factory.matrix import BASELINES, Matrix

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("decoded_apart")]

onnxruntime = pytest.importorskip("onnxruntime")

ROWS = 120


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("raw_cells"))


def train(matrix: Matrix, name: str, columns: dict[str, list[str]], *overrides: str) -> tuple[Model, Path]:
    """Trains on a CSV whose class is told by its column `paid`."""
    file = matrix.folder / f"{name}.csv"
    said = ["yes" if text.strip().lower() == "true" else "no" for text in columns["paid"]]
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened, delimiter=";")
        writer.writerow([*columns, "bought"])
        writer.writerows(zip(*columns.values(), said, strict=True))
    of_file = (f"dataset.path={file}", "dataset.target=bought", "dataset.separator=';'", "training.epochs=6")
    return load(matrix.train(matrix.config("classification", BASELINES["ln"], *of_file, *overrides))), file


def drawn(*texts: str) -> list[str]:
    return [str(text) for text in np.random.default_rng(len(texts)).choice(texts, ROWS)]


def read(file: Path) -> dict[str, list[str]]:
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter=";"))
    return {name: [row[name] for row in rows] for name in rows[0]}


def session_of(content: bytes) -> Any:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("texts", [("true", "false"), ("TRUE", "FALSE"), ("True", "TRUE", "true", "false", "")])
def test_truth_values_of_a_csv_mean_the_same_in_onnx(texts: tuple[str, ...], matrix: Matrix) -> None:
    """The right value is what `predict` says: the graph knew True and False alone, and the run was at chance in it."""
    model, file = train(matrix, f"flags_{'_'.join(texts)}", {"size": drawn("1", "2", "3"), "paid": drawn(*texts)})
    content, lines = export_run(model, "onnx")
    cells, session = read(file), session_of(content)
    feed = {"size": np.array(cells["size"], np.float64), "paid": np.array(cells["paid"], object)}
    (logits,) = session.run(None, feed)
    np.testing.assert_allclose(logits, model.outputs(file).numpy(), rtol=1e-5, atol=1e-5)
    kinds = len({text.lower() for text in texts})
    assert len({tuple(row) for row in logits.round(4)}) == 3 * kinds  # sizes, and what differs in `paid`
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["categories"]) == {"paid": [*[""][: kinds - 2], "False", "True"]}
    spellings = json.loads(about["spellings"])["paid"]
    assert spellings["TRUE"] == spellings["true"] == spellings["tRuE"] == "True" and spellings["FALSE"] == "False"
    assert len(lines) == 2 and lines[1].endswith("of raw inputs, as the run itself")


def test_the_check_gives_the_file_cells_as_they_stand(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that knew the parsed spellings alone was found equal to the run: it was given what had been parsed."""
    columns = {"size": drawn("1", "2", "3"), "paid": drawn("true", "false"), "code": drawn("007", "12", "")}
    model, _ = train(matrix, "checked", columns)
    held_out = take_held_out(model.trained, model.trained.model)
    assert {"true", "false"} == set(held_out.raw["paid"]) and {"1", "2", "3"} == set(held_out.raw["size"])
    texts = CategoryCodes.texts

    def only_own(self: CategoryCodes) -> dict[str, str]:
        return {text: known for text, known in texts(self).items() if text == known}

    monkeypatch.setattr(CategoryCodes, "texts", only_own)
    with pytest.raises(RunsFailed, match="the ONNX model must equal the one it was derived from"):
        export_run(model, "onnx")


@pytest.mark.parametrize("form", ["torch", "onnx"])
def test_what_the_graph_does_not_know_is_told(form: Format, matrix: Matrix) -> None:
    """Decimal commas, exponents, words for missing numbers, dates with a zone, and codes between blanks."""
    columns = {
        "size": drawn("1,5", "1e3", "NA", "-", "12", " 7 "),
        "day": drawn("2024-02-29", "2024-03-01T17:45:00+02:00", "n/a", "NaT"),
        "paid": drawn("true", "false"),
        "code": drawn("007", " 007 ", "12", "12 ", ""),
    }
    model, file = train(matrix, f"raw_{form}", columns, "dataset.decimal=','", "dataset.dates=[day]")
    content, lines = export_run(model, form)
    cells, expected = read(file), model.outputs(file).numpy()
    missing = {"NA", "-", "n/a", "NaT", ""}
    sizes = [np.nan if text in missing else float(text.replace(",", ".")) for text in cells["size"]]
    moments = pd.to_datetime(
        pd.Series([None if text in missing else text for text in cells["day"]]), format="ISO8601", utc=True
    )
    days = (moments - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy() / 86_400
    if form == "onnx":
        codes = np.array([text.strip() for text in cells["code"]], object)
        feed = {"size": np.array(sizes), "day": days, "paid": np.array(cells["paid"], object), "code": codes}
        (logits,) = session_of(content).run(None, feed)
        about = session_of(content).get_modelmeta().custom_metadata_map
        assert lines[1].split(" cells were given to the file without blanks at the ends")[0].isdecimal()
        assert "in 'code' as '" in lines[1]
    else:
        extra = {"mgu.json": ""}
        program = torch.export.load(io.BytesIO(content), extra_files=extra).module()
        about = json.loads(extra["mgu.json"])
        values, others = json.loads(about["categories"]), json.loads(about["spellings"])
        numbers = {"size": sizes, "day": days}
        names = [*json.loads(about["columns"])]
        places = [
            [values[name].index(others.get(name, {}).get(text.strip(), text.strip())) for text in cells[name]]
            for name in values
        ]
        ordered = torch.tensor(np.array([numbers[name] for name in names if name in numbers])).T
        logits = program(ordered, torch.tensor(places).T).detach().numpy()
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-5)
    assert "a decimal comma and no mark of thousands" in about["cells"] and " NA " in about["cells"]
    assert "2024-02-29" in about["cells"] and "take blanks off the ends" in about["cells"]


@pytest.mark.parametrize("form", ["torch", "onnx"])
def test_held_out_rows_that_predictions_read_otherwise_are_not_compared(form: Format, matrix: Matrix) -> None:
    """No file was written: the score takes a category with a blank behind it for unseen, and predictions do not."""
    columns = {"size": drawn("1", "2"), "paid": drawn("true", "false"), "colour": drawn("red", "blue")}
    row = int(hold_out(ROWS, ROWS // 5)[1][0])
    columns["colour"][row] = "red "
    model, file = train(matrix, f"otherwise_{form}", columns)
    content, lines = export_run(model, form)
    assert " on 23 held-out examples" in lines[0]
    assert lines[1] == (
        "1 held-out row of 24 is not compared, for it has a category as no row to train on writes it: the score of the "
        "run takes 'red ' in 'colour' for unseen, and predictions and the file take it for 'red'"
    )
    if form == "onnx":
        cells = read(file)
        colours = np.array([text.strip() for text in cells["colour"]], object)
        feed = {"size": np.array(cells["size"], np.float64), "paid": np.array(cells["paid"], object), "colour": colours}
        np.testing.assert_allclose(
            session_of(content).run(None, feed)[0], model.outputs(file).numpy(), rtol=1e-5, atol=1e-5
        )


def test_the_text_nan_is_a_category_like_others(matrix: Matrix) -> None:
    """It was given to the graph as a missing one."""
    model, file = train(matrix, "nan", {"size": drawn("1", "2"), "paid": drawn("true", "nan", "")})
    cells = read(file)
    feed = {"size": np.array(cells["size"], np.float64), "paid": np.array(cells["paid"], object)}
    (logits,) = session_of(export_run(model, "onnx").content).run(None, feed)
    np.testing.assert_allclose(logits, model.outputs(file).numpy(), rtol=1e-5, atol=1e-5)
