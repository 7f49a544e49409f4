"""Differences between two runs, or two folders of runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from scipy.stats import binomtest, ttest_1samp, ttest_rel

from mgu.cli.diff import main
from mgu.errors import UserError
from mgu.results.on_disk.correct import write_correct
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.load import Run
from tests.examples import example_config, example_result
from tests.report.runs import Trained


def save(folder: Path, runs: list[Run], **changes: Any) -> Path:
    """Writes runs with their bits below a folder, as an experiment has them."""
    for run in runs:
        own = folder / run.folder.name
        shutil.copytree(run.folder, own)
        write_result(own, structs.replace(run.result, **changes))
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    main([*map(str, arguments)])
    return capsys.readouterr().out


def test_two_runs_are_compared_by_images_whatever_their_seeds(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (a,) = trained("a", [0.90], config=example_config(optimizer={"lr": 0.1}))
    (b,) = trained("b", [0.95])
    first, second = save(tmp_path / "x", [a]) / "a-0", save(tmp_path / "y", [b], seed=7, name="b-s7") / "b-0"
    text = told(capsys, first, second, "--format", "md")
    p = binomtest(20, 20).pvalue
    assert p < 0.001 and "+5.00 points, 1 seed, p &lt; 0.001 over 400 images (exact McNemar test)" in text
    assert "| optimizer.lr | 0.1 | 0.01 |" in text and "CPU energy [Wh] | 1 (model, estimated)" in text
    assert told(capsys, first, second).splitlines()[1] == f"B: {second}"


@pytest.mark.parametrize(
    ("name", "sizes", "said"),
    [
        ("images", (6,) * 6, "p = 0.24 over 6 groups (Student's t over their shares of right answers)"),
        ("images", (1,) * 36, "p = 0.011 over 36 groups (exact McNemar test)"),
        ("table", (6,) * 6, "p = 0.24 over 6 groups (Student's t over their shares of right answers)"),
    ],
)
def test_groups_are_compared_by_their_shares_and_not_by_which_are_better(
    name: str, sizes: tuple[int, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Groups that differ by -4, -1, 6, 6, 3 and 3 of 6 images: the signs alone, 4 against 2, have p = 0.69."""
    rights = {"a": [4, 3, 0, 0, 0, 1], "b": [0, 2, 6, 6, 3, 4]}
    for model, of_groups in rights.items():
        (tmp_path / model).mkdir()
        right = np.array([number < hits for hits in of_groups for number in range(6)])
        write_correct(tmp_path / model, 36, np.packbits(right).tobytes(), sizes)
        config = example_config(dataset={"name": name, "groups": "patient"})
        write_result(tmp_path / model, example_result(f"{model}-s0", val_accuracy=float(right.mean()), config=config))
    shares = [(b - a) / 6 for a, b in zip(*rights.values(), strict=True)]
    assert ttest_1samp(shares, 0).pvalue == pytest.approx(0.2389, abs=1e-4)
    assert binomtest(18, 18 + 5).pvalue == pytest.approx(0.0106, abs=1e-4)
    text = told(capsys, tmp_path / "a", tmp_path / "b", "--format", "json")
    assert f"+36.11 points, 1 seed, {said}." in text and "not kept" not in text
    if name == "table":
        write_correct(tmp_path / "a", 36, bytes(5))  # of an earlier version
        text = told(capsys, tmp_path / "a", tmp_path / "b", "--format", "json")
        assert "+36.11 points, 1 seed." in text and "1 of 2 runs has not kept the groups of the test rows" in text


def test_folders_are_paired_by_the_names_of_models_and_by_seed(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = [0.90, 0.92, 0.91], [0.95, 0.96, 0.94]
    both = [structs.replace(run.result, name=f"m-s{run.result.seed}") for run in trained("m", ours)]
    old = save(tmp_path / "old", [Run(r, run.folder) for r, run in zip(both, trained("k", ours), strict=True)])
    new = save(tmp_path / "new", [Run(structs.replace(run.result, name=f"m-s{run.result.seed}"), run.folder)
                                  for run in trained("n", theirs)], versions={"torch": "3.0"})  # fmt: skip
    save(new, trained("alone", [0.5]))
    found = json.loads(told(capsys, old, new, "--format", "json"))
    assert "1 model has the same name; without a partner are 0 of 1 in A and 1 of 2 in B." in found["notes"]
    (scores,) = (own for title, own in found["tables"].items() if title.startswith("Scores"))
    assert scores[0]["model"] == "m" and scores[0]["p over seeds"] == pytest.approx(ttest_rel(theirs, ours).pvalue)
    assert {"what": "torch", "A": "2.15.0", "B": "2.15.0, 3.0"} in found["tables"]["Environment"]


def test_other_data_are_said_first_and_not_compared_by_images(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (a,), (b,) = trained("a", [0.90]), trained("b", [0.95])
    first = save(tmp_path / "x", [a], config=example_config(dataset={"sha256": "0" * 64})) / "a-0"
    second = save(tmp_path / "y", [b], config=example_config(dataset={"sha256": "1" * 64})) / "b-0"
    found = json.loads(told(capsys, first, second, "--format", "json"))
    assert found["notes"][0].startswith("The data differ (digest: 0000") and "over 400" not in found["notes"][1]


def test_what_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="RUN must be the folder of a finished run, but there is no nothing"):
        main(["nothing", "nothing"])
    (tmp_path / "result.json").write_text("torn")
    with pytest.raises(UserError, match=r"A and B must be finished runs or folders of such, but .* has none"):
        main([str(tmp_path), str(tmp_path)])
