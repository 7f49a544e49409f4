"""`mgu-run predict --score`: how good predictions are, by the truth in the same files."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import t
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
from mgu.errors import RunsFailed, UserError
from mgu.predict.folder_labels import describe_unknown_folders, label_images
from mgu.predict.score import score
from mgu.predict.score_text import print_scores
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.preprocessing import Classes, Quantity, RankingScore
from mgu.run.execute import run
from tests.conftest import Configure
from tests.data.test_folds import visits
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


def test_csv_is_nothing_but_csv(matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--format csv --score printed sentences and a drawn table."""
    run, table = run_of(matrix, "classification"), pd.read_csv(matrix.folder / "houses.csv")
    table.to_csv(tmp_path / "new.csv", index=False)
    main([run, str(tmp_path / "new.csv"), "--score", "--format", "csv"])
    told = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert list(told.columns) == ["metric", "class", "value"]
    record = scored(capsys, run, str(tmp_path / "new.csv"))
    whole = told[told["class"].isna()].set_index("metric")["value"]
    assert whole["examples"] == len(table) and whole["accuracy_high"] == record["interval"]["high"]
    assert {name: whole[name] for name in record["metrics"]} == record["metrics"]
    recalls = told[told["metric"] == "recall"].dropna().set_index("class")["value"]
    assert dict(recalls) == {each["name"]: each["recall"] for each in record["classes"]}
    main([run, str(tmp_path / "new.csv"), "--score", "--format", "csv", "--output", str(tmp_path / "score.csv")])
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "score.csv"), told)


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
    with pytest.raises(UserError, match="--score must be printed, or go to a file as --format csv or json"):
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
    assert record["interval"] is None or record["interval"]["method"].endswith("over 3 groups of examples")
    counts = {each["name"]: each["examples"] for each in record["classes"]}
    assert counts[first] == 6 and counts[second] == 3 and record["case_accuracy"] in (0, 1 / 3, 2 / 3, 1)
    shutil.move(tmp_path / "new" / str(first), tmp_path / "new" / "others")
    with pytest.raises(RunsFailed, match="1 has what training never saw"):
        main([run, str(tmp_path / "new"), "--score", "--format", "json"])
    told = capsys.readouterr()
    assert json.loads(told.out)["unknown"] == 6
    assert f"{tmp_path}/new/others is called like no class of the run: 6 of its images have no truth" in told.err
    with pytest.raises(UserError, match="--score must have the classes as the names of folders of images, but no"):
        main([run, str(tmp_path / "new" / "others"), "--score"])


def test_the_interval_of_rows_of_patients_is_over_patients(
    configure: Configure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1,200 rows of 60 patients had the interval of 1,200 independent rows."""
    table = visits().assign(ill=lambda frame: np.where(frame["height"] + frame["pulse"] > 120, "yes", "no"))
    table.to_csv(tmp_path / "visits.csv", index=False)
    data = ("dataset=table", f"dataset.path={tmp_path / 'visits.csv'}", "dataset.target=ill", "dataset.groups=patient")
    config = configure(*data, "layout=dense_2", "training.epochs=1")
    run_folder(config).mkdir(parents=True)
    run(config)
    trained = str(run_folder(config))
    record = scored(capsys, trained, str(tmp_path / "visits.csv"))
    right = pd.Series(mgu.load(trained).predict(table) == table["ill"]).groupby(table["patient"]).mean()
    half = t.ppf(0.975, 39) * right.std() / np.sqrt(40)  # every patient has ten rows
    low, high, method = record["interval"].values()
    assert (low, high) == pytest.approx((max(0, right.mean() - half), min(1, right.mean() + half))) and half > 0
    assert method == "Student's t, linearised, over 40 groups of examples"

    table.drop(columns="patient").to_csv(tmp_path / "new.csv", index=False)
    method = scored(capsys, trained, str(tmp_path / "new.csv"))["interval"]["method"]
    assert method == "Wilson, over 400 examples, each for itself: too narrow where some are of one group"
    table.assign(patient=pd.Series([None, *table["patient"][1:]])).to_csv(tmp_path / "new.csv", index=False)
    assert scored(capsys, trained, str(tmp_path / "new.csv"))["interval"]["method"] == method
    table.drop_duplicates("patient").to_csv(tmp_path / "new.csv", index=False)  # a row of each
    assert scored(capsys, trained, str(tmp_path / "new.csv"))["interval"]["method"] == "Wilson, over 40 examples"
    table[table["patient"] == table["patient"][0]].to_csv(tmp_path / "new.csv", index=False)
    main([trained, str(tmp_path / "new.csv"), "--score"])
    assert "% (without an interval: there is one group, or all groups have" in capsys.readouterr().out


def test_the_class_of_an_image_is_the_first_folder_below_the_named_one(tmp_path: Path) -> None:
    """As in training; no folder above it counts, and the answer is the same however its path is written."""
    names = ["0/1/a.png", "1/0/b.png", "test/1/0/c.png", "d.png", "2/1/e.png"]
    (tmp_path / "1" / "photos").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "1" / "photos"):
        assert label_images(folder, names, {"0", "1"}) == ["0", "1", "1", None, "1"]
    assert label_images(tmp_path / "1" / "photos", ["7/a.png", "b.png"], {"0", "1"}) == [None, None]
    of_one_class = [
        label_images(path, ["7/a.png", "0/b.png", "c.png"], {"0", "1"}) for path in (tmp_path / "1", Path())
    ]
    assert of_one_class == [["1", "1", "1"], [None, "0", None]]
    (tmp_path / "1" / "0.png").touch()
    assert label_images(tmp_path / "1" / "0.png", ["0.png"], {"0", "1"}) == ["1"]
    told = describe_unknown_folders("W", ["cats/a.png", "cats/b.png", "c.png", "0/d.png"], [None, None, None, "0"])
    assert told == ["W/cats is called like no class of the run: 2 of its images have no truth"]


def test_a_target_that_is_no_number_is_named(
    matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To leave it out would flatter: it may be the largest ones that are written with a comma between thousands."""
    run, table = run_of(matrix, "regression"), pd.read_csv(matrix.folder / "houses.csv", dtype=str)[:6]
    target = mgu.load(run).preprocessing.outputs
    assert isinstance(target, Quantity)
    table[target.target] = ["1,234.5", "abc", "inf", "", "NA", "7"]
    table.to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(RunsFailed, match="3 predicted; 3 inputs could not be"):
        main([run, str(tmp_path / "new.csv"), "--score", "--format", "json"])
    told = capsys.readouterr()
    assert json.loads(told.out)["examples"] == 1 and json.loads(told.out)["unknown"] == 2
    assert json.loads(told.out)["metrics"]["r2"] is None  # of one number
    assert f"row 1: {target.target!r} must be a finite number or empty, but is '1,234.5'" in told.err
    with pytest.raises(RunsFailed):
        main([run, str(tmp_path / "new.csv"), "--score"])
    assert "R2: -\n" in capsys.readouterr().out


def test_a_column_twice_is_refused(matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, table = run_of(matrix, "classification"), pd.read_csv(matrix.folder / "houses.csv")
    for name in ("city", table.columns[0]):
        pd.concat([table, table[[name]]], axis=1).to_csv(tmp_path / "new.csv", index=False)
        with pytest.raises(RunsFailed, match="nothing predicted"):
            main([run, str(tmp_path / "new.csv"), "--score"])
        assert f"must have column {name!r} once, but has it 2 times" in capsys.readouterr().err


def test_a_few_lines_and_a_count_tell_of_classes_that_training_never_saw(
    matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There were 200 lines of the like."""
    run, table = run_of(matrix, "classification"), pd.read_csv(matrix.folder / "houses.csv")[:40]
    table.loc[5:, "city"] = "Atlantis"
    table.to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(RunsFailed, match="40 predicted; 35 have what training never saw"):
        main([run, str(tmp_path / "new.csv"), "--score"])
    told = capsys.readouterr().err.splitlines()
    assert sum("'Atlantis', a class that training never saw" in line for line in told) == 10
    assert told[-1] == "and 25 more"


def test_classes_that_training_never_saw_are_errors_that_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"prediction": "a", "probabilities": {"a": 0.9, "b": 0.1}, "truth": truth} for truth in "aacc"]
    scores = score([*rows, rows[0] | {"truth": ""}], Classes(names=["a", "b"], target="y"))
    assert (scores.examples, scores.unknown, scores.unseen) == (2, 3, 2)
    print_scores(scores)
    shown = capsys.readouterr().out
    assert "2 examples with their truth, 1 without is left out" in shown
    assert "2 more of classes that training never saw" in shown and "the accuracy is 50.00%" in shown
    with pytest.raises(UserError, match=r"classes that the run knows .*, but the column 'y' names others"):
        score(rows[2:], Classes(names=["a", "b"], target="y"))


def test_each_mean_says_which_classes_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    """That of precision has a class that only is predicted, with 0; those of recall and F1 have none that is absent."""
    shares = dict.fromkeys("abcd", 0.25)

    def told(truths: str, said: str) -> list[str]:
        rows = [
            {"prediction": one, "probabilities": shares, "truth": truth}
            for truth, one in zip(truths, said, strict=True)
        ]
        print_scores(score(rows, Classes(names=list("abcd"), target="y")))
        return [line for line in capsys.readouterr().out.splitlines() if line.startswith("mean")]

    assert told("aabb", "abbc") == [
        "mean precision of the 3 classes that occur or are predicted: 50.00%",  # 1, 1/2 and 0
        "mean recall of the 2 classes that occur: 50.00%",
        "mean F1 of the 2 classes that occur: 58.33%",  # 2/3 and 1/2
    ]
    assert told("aa", "aa") == [
        "mean precision of the 1 class that occurs or is predicted: 100.00%",
        "mean recall of the 1 class that occurs: 100.00%",
        "mean F1 of the 1 class that occurs: 100.00%",
    ]
    assert told("abcd", "abcd")[0] == "mean precision of the 4 classes: 100.00%"


@pytest.mark.parametrize(
    ("names", "cells", "decimal", "known"),
    [
        ([1, 2], ["1", "2.0", "3", ""], ".", [0, 1, None, None]),
        ([0.5, 1.5], ["0,5", "1,50", "x", "NA"], ",", [0, 1, None, None]),
        ([True, False], ["TRUE", "false", "True", "yes"], ".", [0, 1, 0, None]),
        (["01", "1"], ["01", "1", " 1", None], ".", [0, 1, 1, None]),
        (["no", " no"], [" no", "no", "No", "no "], ".", [1, 0, None, None]),
        (["NA", "x"], ["NA", "x", "", "-"], ".", [0, 1, None, None]),
        (["no", "yes"], ["no ", " yes", "\tno", "y es"], ".", [0, 1, 0, None]),  # blanks around a name are ignored
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
