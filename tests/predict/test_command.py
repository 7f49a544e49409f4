"""`mgu-run predict`: what is wrong is named one line each, what is good is predicted, and nothing is half written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import mgu
from mgu.cli.predict import main
from mgu.errors import RunsFailed, UserError
from tests.conftest import Command
from tests.factory.matrix import BASELINES, Matrix

pytestmark = pytest.mark.usefixtures("decoded_apart")


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("predict_command"))


def run_of(matrix: Matrix, data: str) -> str:
    return str(matrix.train(matrix.config(data, BASELINES["ln" if data != "own ratings" else "no_norm"])))


def predicted(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, str]], list[str]]:
    printed = capsys.readouterr()
    return list(csv.DictReader(io.StringIO(printed.out))), printed.err.splitlines()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two cases with an image each, a broken one, one of a single shade and an icon; and a text beside them."""
    random = np.random.default_rng(0)
    for name, size in (("a/one.png", 8), ("b/deep/two.png", 20), ("b/three.png", 8), ("icon.png", 1)):
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (size, size, 3), dtype=np.uint8)).save(file)
    (tmp_path / "photos" / "broken.png").write_bytes(b"\x89PNG torn")
    (tmp_path / "photos" / "notes.txt").write_text("no image")
    Image.new("RGB", (8, 8), "white").save(tmp_path / "photos" / "white.png")
    return tmp_path / "photos"


def test_images_of_a_folder_vote_and_broken_ones_are_named(
    matrix: Matrix, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RunsFailed, match=r"^3 predicted; 4 inputs could not be: see above\.$"):
        main([run_of(matrix, "cases"), str(photos), "nowhere.png", "--probabilities"])
    rows, told = predicted(capsys)
    assert {Path(row["file"]).name for row in rows} == {"one.png", "two.png", "three.png"}
    assert [row["case"] for row in rows] == ["a", "b", "b"]
    by_case = {row["case"]: row["case_prediction"] for row in rows}
    assert by_case["a"] == next(row["prediction"] for row in rows if row["case"] == "a")
    for row in rows:
        shares = {key: float(value) for key, value in row.items() if key.startswith("p(")}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert max(shares, key=shares.__getitem__) == f"p({row['prediction']})"
    assert any(
        line.endswith("icon.png has 1x1 pixels, too few for 8x8: its shorter side must have at least 2")
        for line in told
    )
    assert any(line.endswith("broken.png cannot be decoded (cannot identify image file)") for line in told)
    assert len(told) == 4 and {line.split()[0].split("/")[-1] for line in told} == {
        "nowhere.png", "broken.png", "white.png", "icon.png",
    }  # fmt: skip


def test_images_of_a_published_set_must_have_its_size(
    matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    for size in (8, 9):
        Image.fromarray(random.integers(0, 256, (size, size), dtype=np.uint8)).save(tmp_path / f"{size}.png")
    with pytest.raises(RunsFailed):
        main([run_of(matrix, "dense images"), str(tmp_path / "8.png"), str(tmp_path / "9.png")])
    rows, told = predicted(capsys)
    assert len(rows) == 1 and told == [f"{tmp_path / '9.png'} has 9x9 pixels, and not 8x8 as in training"]


def test_rows_that_are_wrong_are_named_and_the_others_predicted(
    matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(matrix, "classification")
    good = pd.read_csv(matrix.folder / "houses.csv")[:4]
    columns = json.loads((Path(run) / "preprocessing.json").read_text())["inputs"]
    number = columns["numbers"][0]["name"]
    file = tmp_path / "rows.csv"
    text = good.drop(columns="city").to_csv(index=False).splitlines()
    place = text[0].split(",").index(number)
    bad = text[1].split(",")
    bad[place] = "much"
    file.write_text("\n".join([*text, ",".join(bad), "1,2"]) + "\n")
    with pytest.raises(RunsFailed, match=r"^4 predicted; 2 inputs could not be"):
        main([run, str(file), "--output", str(tmp_path / "answers.csv")])
    _, told = predicted(capsys)
    assert told == [
        f"{file} row 6 has 2 fields, and the header {len(bad)}",
        f"{file} row 5: {number!r} must be a finite number, but is 'much'",
    ]
    with (tmp_path / "answers.csv").open() as opened:
        rows = list(csv.DictReader(opened))
    assert [row["row"] for row in rows] == ["1", "2", "3", "4"] and set(rows[0]) == {
        "file", "row", "prediction", "probability",
    }  # fmt: skip
    file.write_text("a,b\n1,2\n")
    with pytest.raises(RunsFailed, match=r"^nothing predicted, and nothing written; 1 input could not be"):
        main([run, str(file), "--output", str(tmp_path / "none.csv")])
    assert (
        not (tmp_path / "none.csv").exists()
        and "must have the columns of training, but lacks" in predicted(capsys)[1][0]
    )
    file.write_text(text[0] + "\n")
    for form in ("csv", "json"):
        with pytest.raises(RunsFailed, match=r"^nothing predicted, and nothing written; 1 input could not be"):
            main([run, str(file), "--format", form, "--output", str(tmp_path / "none")])
        assert predicted(capsys) == ([], [f"{file} has no rows to predict"]) and not (tmp_path / "none").exists()
    file.write_text("\n".join(text[1:]))
    with pytest.raises(RunsFailed):
        main([run, str(file)])
    assert "The first line looks like data: write a line" in predicted(capsys)[1][0]
    file.write_text(good.to_csv(index=False, sep=";"))
    with pytest.raises(RunsFailed):
        main([run, str(file)])
    hint = " Its columns are separated by ';', and those of training by ',': save it so."
    assert predicted(capsys)[1][0].endswith(hint)
    file.write_text(good.assign(city="Atlantis").to_csv(index=False))
    with pytest.raises(RunsFailed, match=r"^4 predicted; 4 have what training never saw"):
        main([run, str(file)])
    assert predicted(capsys)[1][0] == f"{file} row 1: 'city' is 'Atlantis', a class that training never saw"
    with pytest.raises(RunsFailed):
        main([run, str(tmp_path / "gone.csv"), str(tmp_path)])
    assert len(predicted(capsys)[1]) == 2


@pytest.mark.parametrize("data", ["classification", "regression"])
def test_a_row_far_from_training_has_no_answer(
    data: str, matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1e300 is a number in float64 and infinite in the network, whose outputs are then NaN: the first class."""
    run = run_of(matrix, data)
    columns = json.loads((Path(run) / "preprocessing.json").read_text())["inputs"]
    rows = pd.read_csv(matrix.folder / "houses.csv")[:4]
    rows[columns["numbers"][0]["name"]] = [1.0, 1e300, 2.0, 3.0]
    file = tmp_path / "rows.csv"
    rows.to_csv(file, index=False)
    with pytest.raises(RunsFailed, match=r"^3 predicted; 1 input could not be"):
        main([run, str(file)])
    answers, told = predicted(capsys)
    assert [row["row"] for row in answers] == ["1", "3", "4"]
    far = "its numbers are so far from those of training that the network computes "
    assert [line for line in told if "row 2" in line] == [f"{file} row 2: {far}nan"]
    with pytest.raises(UserError, match=f"row 2: {far}"):
        mgu.load(run).predict(rows)


def test_pairs_of_the_unknown_are_named_and_json_has_all(
    matrix: Matrix, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(matrix, "own ratings")
    pairs = json.loads((Path(run) / "preprocessing.json").read_text())["inputs"]
    user, item = pairs["users"]["column"], pairs["items"]["column"]
    file = tmp_path / "pairs.csv"
    first, second = pairs["users"]["names"][0], pairs["items"]["names"][0]
    file.write_text(f"{item},{user}\n{second},{first}\n{second},nobody\n,{first}\n")
    with pytest.raises(RunsFailed, match=r"^1 predicted; 2 inputs could not be"):
        main([run, str(file), "--format", "json"])
    printed = capsys.readouterr()
    (row,) = json.loads(printed.out)
    assert (row["row"], row["user"], row["item"]) == (1, first, second) and isinstance(row["score"], float)
    assert printed.err.splitlines() == [
        f"{file} row 2: {user!r} 'nobody' is none that training knew",
        f"{file} row 3: {item!r} must name one item, but is empty",
    ]


def test_an_output_that_cannot_be_is_told_first(trained_unit: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--output must be a file in a folder that is there"):
        main([str(trained_unit), "x.png", "--output", str(tmp_path / "no" / "out.csv")])
    (trained_unit / "weights.safetensors").unlink()
    with pytest.raises(UserError, match="RUN must have weights, but"):
        main([str(trained_unit), "x.png"])


@pytest.mark.slow
def test_the_command_predicts_and_says_by_its_exit_code_whether_all_was_well(
    mgu_run: Command, kept_unit: Path, tmp_path: Path
) -> None:
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) * 3).save(tmp_path / "digit.png")
    done = mgu_run("predict", str(kept_unit), "digit.png", "nowhere.png")
    assert done.returncode == 1 and done.stdout.startswith("file,prediction,probability\ndigit.png,")
    assert done.stderr.splitlines()[0] == "nowhere.png does not exist" and "Traceback" not in done.stderr
