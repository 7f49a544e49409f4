"""Runs are found by the names that people see, and messages about names can be acted on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mgu.errors import UserError
from mgu.results.on_disk.files import find_folders
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.find import find_run
from tests.examples import example_config, example_result, example_unit


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGU_RUNS", str(tmp_path))
    return tmp_path


def leave(runs: Path, identity: str, make: Any = example_unit, **changes: Any) -> Path:
    result = make(identity=identity, **changes)
    folder = runs / result.experiment_name / f"{result.name}-{identity}"
    folder.mkdir(parents=True)
    write_result(folder, result)
    return folder


def test_the_names_of_a_report_name_runs(runs: Path) -> None:
    slow, fast = (
        leave(runs, own * 8, config=example_config(optimizer={"lr": lr}), experiment_name="lr")
        for own, lr in (("a", 0.1), ("b", 1))
    )
    assert find_run("digits_2-mgu-reference-lr0.1-s0") == slow and find_run("lr/digits_2-mgu-reference-lr1") == fast
    lean = leave(runs, "c" * 8, name="digits_2-mgu-equations-gate-channel-bypass-padded-norm_or_none+5-s0")
    assert find_run("digits_2-mgu-lean-s0") == lean


def test_runs_of_one_name_are_listed_with_what_tells_them_apart(runs: Path) -> None:
    for own, lr in (("a", 0.1), ("b", 1)):
        leave(runs, own * 8, config=example_config(optimizer={"lr": lr}), dataset=f"data_{own}")
    with pytest.raises(UserError) as raised:
        find_run("digits_2-mgu-reference-s0")
    shown = "trial/digits_2-mgu-reference-s0-aaaaaaaa (data_a, optimizer.lr=0.1)"
    assert f"fits 2: {shown}, trial/" in str(raised.value)
    assert find_run(shown.partition(" ")[0]).name.endswith("aaaaaaaa")


def test_a_suggestion_for_a_unit_is_a_unit_and_names_one_run(runs: Path) -> None:
    leave(runs, "a" * 8, example_result, name="digits_2-ln-s0")
    leave(runs, "b" * 8, name="digits_2-mgu-equations-s0")
    for own in "cd":
        leave(runs, own * 8, name="digits_2-mgu-s0")
    with pytest.raises(UserError) as raised:
        find_run("digits_2-mgu-s1")
    suggested = str(raised.value).partition("Did you mean ")[2].rstrip("?")
    assert "-mgu-" in find_run(suggested).name


def test_folders_are_found_by_their_names_below_the_runs_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """explain and diff took such names, report and pack did not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "all"))
    (tmp_path / "all" / "digits").mkdir(parents=True)
    assert find_folders([Path("digits"), Path("nosuch")]) == [tmp_path / "all" / "digits", Path("nosuch")]
    (tmp_path / "digits").mkdir()
    assert find_folders([Path("digits")]) == [Path("digits")] and find_folders([]) == [tmp_path / "all"]
    assert find_folders([Path("x" * 300)]) == [Path("x" * 300)]
