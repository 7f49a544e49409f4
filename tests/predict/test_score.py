"""`mgu-run predict --score`: how good predictions are, by the truth in the same files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
)

import mgu
from mgu.cli.predict import main
from mgu.errors import UserError
from mgu.predict.score import score
from mgu.results.on_disk.preprocessing import Classes, Quantity, RankingScore
from tests.factory.matrix import BASELINES, Matrix

pytestmark = pytest.mark.usefixtures("decoded_apart")


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("predict_score"))


def run_of(matrix: Matrix, data: str) -> str:
    return str(matrix.train(matrix.config(data, BASELINES["ln"])))


def scored(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    main([*words, "--score", "--format", "json"])
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    return record


def test_classes_of_a_table(matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, table = run_of(matrix, "classification"), pd.read_csv(matrix.folder / "houses.csv")
    table.loc[3:5, "city"] = None
    table.to_csv(tmp_path / "new.csv", index=False)
    record, known = scored(capsys, run, str(tmp_path / "new.csv")), table["city"].notna()
    said, truth = mgu.load(run).predict(table)[known], table["city"][known]
    assert record["examples"] == known.sum() and record["unknown"] == 3
    assert record["metrics"]["accuracy"] == pytest.approx((said == truth).mean())
    assert record["metrics"]["recall"] == pytest.approx(balanced_accuracy_score(truth, said))
    assert record["metrics"]["macro_f1"] == pytest.approx(
        f1_score(truth, said, labels=truth.unique(), average="macro", zero_division=0)
    )
    names = [each["name"] for each in record["classes"]]
    matrix_ = confusion_matrix(truth, said, labels=names)
    assert [each["recall"] for each in record["classes"]] == pytest.approx(matrix_.diagonal() / matrix_.sum(axis=1))
    shares = dict(zip(map(str, mgu.load(run).classes), mgu.load(run).probabilities(table)[known].T, strict=True))
    for each in record["classes"]:
        assert each["auc"] == pytest.approx(roc_auc_score(truth == each["name"], shares[each["name"]]), abs=1e-6)
    main([run, str(tmp_path / "new.csv"), "--score"])
    text = capsys.readouterr().out
    assert f"{known.sum()} examples with their truth, 3 without are left out" in text and "worst F1 first" in text
    assert f"accuracy: {(said == truth).mean():.2%}, 95 % interval" in text


def test_numbers_of_a_table(matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, table = run_of(matrix, "regression"), pd.read_csv(matrix.folder / "houses.csv")
    table.to_csv(tmp_path / "new.csv", index=False)
    record, target = scored(capsys, run, str(tmp_path / "new.csv")), mgu.load(run).preprocessing.outputs
    assert isinstance(target, Quantity)
    said, truth = mgu.load(run).predict(table), table[target.target]
    assert record["examples"] == len(table) and not record["classes"] and record["interval"] is None
    assert record["metrics"]["mae"] == pytest.approx(mean_absolute_error(truth, said))
    assert record["metrics"]["r2"] == pytest.approx(r2_score(truth, said))
    table.drop(columns=target.target).to_csv(tmp_path / "bare.csv", index=False)
    with pytest.raises(UserError, match="--score must have the true numbers in a column"):
        main([run, str(tmp_path / "bare.csv"), "--score"])
    with pytest.raises(UserError, match="--score must be printed, or go to a file as --format json"):
        main([run, str(tmp_path / "new.csv"), "--score", "--output", "x.csv"])


def test_images_in_folders_of_their_classes_and_cases(
    matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(matrix, "cases")
    first, second, *_ = mgu.load(run).classes
    random = np.random.default_rng(0)
    for folder in (f"{first}/p1", f"{first}/p2", f"{second}/p3"):
        for k in range(3):
            file = tmp_path / "new" / folder / f"{k}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(file)
    record = scored(capsys, run, str(tmp_path / "new"))
    assert record["examples"] == 9 and record["unknown"] == 0 and record["cases"] == 3
    counts = {each["name"]: each["examples"] for each in record["classes"]}
    assert counts[first] == 6 and counts[second] == 3 and record["case_accuracy"] in (0, 1 / 3, 2 / 3, 1)
    shutil.move(tmp_path / "new" / str(first), tmp_path / "new" / "others")
    assert scored(capsys, run, str(tmp_path / "new"))["unknown"] == 6
    with pytest.raises(UserError, match="--score must have the classes as the names of folders of images, but no"):
        main([run, str(tmp_path / "new" / "others"), "--score"])


@pytest.mark.parametrize(
    ("names", "cells", "decimal", "known"),
    [
        ([1, 2], ["1", "2.0", "3", ""], ".", [0, 1, None, None]),
        ([0.5, 1.5], ["0,5", "1,50", "x", "NA"], ",", [0, 1, None, None]),
        ([True, False], ["TRUE", "false", "True", "yes"], ".", [0, 1, 0, None]),
        (["01", "1"], ["01", "1", " 1", None], ".", [0, 1, 1, None]),
        (["no", " no"], [" no", "no", "No", "no "], ".", [1, 0, None, None]),
        (["NA", "x"], ["NA", "x", "", "-"], ".", [0, 1, None, None]),
    ],
)
def test_classes_are_known_however_they_are_written(
    names: list[Any], cells: list[Any], decimal: str, known: list[int | None]
) -> None:
    shares = {str(name): 1 / len(names) for name in names}
    rows = [{"prediction": names[0], "probabilities": shares, "truth": cell} for cell in cells]
    scores = score(rows, Classes(names=names, target="y"), decimal)
    assert scores.examples == sum(index is not None for index in known)
    assert scores.metrics["accuracy"] == pytest.approx(known.count(0) / scores.examples)


def test_what_ranks_has_no_truth() -> None:
    with pytest.raises(UserError, match="but this one ranks items"):
        score([{"score": 1.0}], RankingScore())
