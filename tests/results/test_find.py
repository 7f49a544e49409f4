"""Runs are found by the names that people see, and messages about names can be acted on."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from mgu import load_runs
from mgu.cli import report
from mgu.errors import UserError
from mgu.report.diff.side import read_side
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


def test_names_of_a_report_stand_behind_the_folder_of_an_experiment_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`report kept/lr` of a sweep with runs_dir=kept showed names that only worked with the hash of their folders."""
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "runs"))
    name, kept = "digits_2-mgu-equations-gate-channel-bypass-padded-norm_or_none+5-s0", tmp_path / "kept"
    lean = leave(kept, "a" * 8, name=name, experiment_name="lr")
    leave(tmp_path / "runs", "b" * 8, name=name, experiment_name="lr")
    monkeypatch.chdir(tmp_path)
    for typed in (lean.name, name, "digits_2-mgu-lean-s0", "digits_2-mgu-lean"):
        assert find_run(kept / "lr" / typed) == lean, typed
        assert find_run(f"kept/lr/{typed}").resolve() == lean, typed
    with pytest.raises(
        UserError, match=r"no kept/lr/digits_2-mgu-lean-s1\. Did you mean kept/lr/digits_2-mgu-lean-s0\?"
    ):
        find_run("kept/lr/digits_2-mgu-lean-s1")
    with pytest.raises(UserError, match=r"no kept/lr/zzz\. mgu-run report kept/lr names those that are there"):
        find_run("kept/lr/zzz")
    monkeypatch.chdir(kept / "lr")
    assert find_run("digits_2-mgu-lean-s0").resolve() == lean


def test_runs_of_one_name_elsewhere_are_listed_by_what_leads_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were told as `trial/NAME-HASH`, which is where they would lie in the runs folder."""
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "runs"))
    kept, lean = tmp_path / "my kept", "digits_2-mgu-equations-gate-channel-bypass-padded-norm_or_none+5-s0"
    trial = [leave(kept, own * 8, config=example_config(optimizer={"lr": lr})) for own, lr in (("a", 1), ("b", 2))]
    named = [leave(kept, own * 8, name=lean, experiment_name="named") for own in "cd"]
    monkeypatch.chdir(tmp_path)
    for above in (Path("my kept"), kept):
        for typed, left in (("trial/digits_2-mgu-reference-s0", trial), ("named/digits_2-mgu-lean", named)):
            with pytest.raises(UserError, match="fits 2: ") as raised:
                find_run(above / typed)
            told = str(raised.value).partition("fits 2: ")[2].partition(". Name one")[0].split(", '")
            listed = [shlex.split("'" + each.removeprefix("'"))[0] for each in told]
            assert listed == [str(above / run.relative_to(kept)) for run in left]
            assert [find_run(each).resolve() for each in listed] == left


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


def test_a_folder_of_something_else_hides_no_experiment_and_no_run_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With images in ./photos, `mgu-run report photos` found no run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "all"))
    folder = leave(tmp_path / "all", "a" * 8, experiment_name="photos")
    for name in ("photos", folder.name):
        Path(name).mkdir()
        (Path(name) / "a.png").touch()
    assert find_folders([Path("photos")]) == [tmp_path / "all" / "photos"] and len(load_runs("photos")) == 1
    assert list(read_side("photos").models) == ["digits_2-mgu-reference"]
    assert find_run(folder.name) == folder and not caplog.messages
    with pytest.raises(UserError, match="all/photos is not"):
        find_run("photos")
    leave(tmp_path, "b" * 8, experiment_name="photos")
    assert find_folders([Path("photos")]) == [Path("photos")]  # both have runs
    (line,) = caplog.messages
    assert (
        line
        == f"photos is taken for {tmp_path}/photos; {tmp_path}/all/photos has runs, too: name the whole path for it"
    )


def test_the_runs_folder_is_called_runs_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout it is the checkout's, so that no command of the tutorial found what the one before had trained."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "all"))
    folder = leave(tmp_path / "all", "a" * 8, experiment_name="photos")
    assert find_folders([Path("runs/photos"), Path("runs")]) == [tmp_path / "all" / "photos", tmp_path / "all"]
    for name in (folder.name, folder.name.removesuffix("-aaaaaaaa"), f"{folder.name}/result.json"):
        assert find_run(f"runs/photos/{name}") == folder == find_run(tmp_path / "all" / "photos" / name)
    assert len(load_runs("runs/photos")) == 1 and list(read_side("runs/photos").models) == ["digits_2-mgu-reference"]
    with pytest.raises(FileNotFoundError, match=f"no runs/nosuch. Runs land in {tmp_path / 'all'}, which has photos."):
        load_runs("runs/nosuch")
    with pytest.raises(UserError, match=rf"does not exist\). Runs land in {tmp_path / 'all'}, which has photos. "):
        report.main(["runs/nosuch"])


def test_a_suggestion_is_of_the_experiment_that_was_typed(runs: Path) -> None:
    lean = "digits_2-mgu-equations-gate-channel-bypass-padded-norm_or_none+5-s0"
    leave(runs, "a" * 8, experiment_name="single")
    leave(runs, "b" * 8, experiment_name="klinik", name=lean)
    leave(runs, "c" * 8, example_result, experiment_name="shapes", name="mnist_2-ln-s0")
    leave(runs, "d" * 8, experiment_name="klinik", name=lean.replace("s0", "s1"), seed=1)
    for typed, suggested in (
        ("klinik/digits_2-mgu-leaf-s0", "klinik/digits_2-mgu-lean-s0"),
        ("runs/klinik/digits_2-mgu-leaf-s1", "klinik/digits_2-mgu-lean-s1"),
        ("klinik/digits_2-mgu-reference-s0", "klinik/digits_2-mgu-lean-s0"),
        ("nosuch/mnist_2-ln-s0", "shapes/mnist_2-ln-s0"),
    ):
        with pytest.raises(UserError, match=f"there is no {typed}. Did you mean {suggested}"):
            find_run(typed)
        find_run(suggested)
