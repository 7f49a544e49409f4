"""A run on a table with dates predicts new files and is exported: what is made of dates is the same everywhere."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mgu.errors import UserError
from mgu.export.network import Format
from mgu.predict import export_run as exporting
from mgu.predict.export_run import export_run
from mgu.predict.model import Model, load
from mgu.predict.score import score
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from tests.conftest import compose_run
from tests.data.test_dates import people


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("dates")
    people(500).to_csv(folder / "people.csv", index=False)
    words = ("dataset=table", f"dataset.path={folder / 'people.csv'}", "dataset.target=warm", "layout=dense_2")
    more = ("norm=ln", "dataset.dates=[signed,seen]", "training.epochs=25", "threads=1")
    config = compose_run(folder / "runs", *words, *more)
    run_folder(config).mkdir(parents=True)
    run(config)
    return load(run_folder(config))


def later(rows: int = 60) -> pd.DataFrame:
    """Rows four years after those of training, some without dates."""
    frame = people(rows, seed=1)
    frame[["signed", "seen"]] += pd.Timedelta(days=1461)
    frame.loc[:3, "signed"] = pd.NaT
    return frame


def test_new_files_are_predicted(model: Model, tmp_path: Path) -> None:
    later().to_csv(tmp_path / "new.csv", index=False)
    later().to_parquet(tmp_path / "new.parquet")
    by_file = [model.probabilities(tmp_path / name) for name in ("new.csv", "new.parquet")]
    assert (by_file[0] == by_file[1]).all() and (by_file[0] == model.probabilities(later())).all()
    row = {"signed": "2024-02-29", "seen": None, "age": 40, "plan": "a"}
    (answer,) = model.probabilities(row)
    for same in (np.datetime64("2024-02-29", "ns"), pd.Timestamp("2024-02-29 01:00+01:00")):
        assert (model.probabilities(row | {"signed": same}) == answer).all()
    assert (model.probabilities(row | {"signed": "2024-08-29"}) != answer).all()


def test_the_month_is_learned_and_scored(model: Model, tmp_path: Path) -> None:
    later().to_csv(tmp_path / "new.csv", index=False)
    found = model.predict_files([tmp_path / "new.csv"], with_truth=True)
    assert not found.faults and len(found.rows) == 60
    assert score(found.rows, model.preprocessing.outputs).metrics["accuracy"] > 0.85  # 0.58 by the larger class


def test_what_is_no_date_is_a_fault_of_its_row(model: Model, tmp_path: Path) -> None:
    frame = later().astype({"signed": object, "seen": object})
    frame.loc[5, "signed"], frame.loc[6, "seen"] = "soon", "NA"
    frame.to_csv(tmp_path / "new.csv", index=False)
    found = model.predict_files([tmp_path / "new.csv"])
    (fault,) = found.faults
    assert fault.endswith("row 6: 'signed' must be a date written as 2024-02-29 or 2024-02-29 17:45, but is 'soon'")
    assert len(found.rows) == 59
    with pytest.raises(UserError, match=r"'signed' must be a date .* but is 2024"):
        model.predict({"signed": 2024, "seen": None, "age": 40, "plan": "a"})


@pytest.mark.parametrize("form", ["torch", "onnx"])
def test_an_exported_file_takes_days(form: Format, model: Model) -> None:
    content, (line, *_) = export_run(model, form)
    assert float(line.split()[5]) < 1e-5 and "held-out examples" in line
    if form == "torch":
        return
    onnx, onnxruntime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    about = {entry.key: entry.value for entry in onnx.load(BytesIO(content)).metadata_props}
    assert json.loads(about["columns"])["signed"] == "float64 days since 1970-01-01 00:00 UTC, NaN where missing"
    assert "of their places in cycles: signed (year, week); seen (year, week, day)" in about["preprocessing"]
    rows = later()
    since = {name: (rows[name] - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1) for name in ("signed", "seen")}
    fed = {name: days.to_numpy(float) for name, days in since.items()}
    fed |= {"age": rows["age"].to_numpy(float), "plan": rows["plan"].to_numpy(object)}
    (logits,) = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, fed)
    np.testing.assert_allclose(logits, model.outputs(rows).numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("form", ["torch", "onnx"])
def test_made_up_dates_stand_in_for_a_file_that_is_gone(
    form: Format, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "take_held_out", lambda *_: (_ for _ in ()).throw(UserError("gone")))
    _, (line, *_) = export_run(model, form)
    assert "64 made-up examples" in line and float(line.split()[5]) < 1e-5
