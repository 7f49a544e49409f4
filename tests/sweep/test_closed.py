"""Folders of other users in a runs folder that several share: skipped and told, with the way out; none stops others."""

from __future__ import annotations

import json
import os
import pwd
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.results.on_disk import closed
from mgu.results.on_disk.closed import ClosedRun, find_closed
from mgu.results.on_disk.closed import _owner as find_owner  # which a fixture replaces
from mgu.results.on_disk.file_names import CHECKPOINT_FILE, LOCK_FILE, LOG_FILE
from mgu.results.on_disk.folder import find_state, lock_run, run_folder
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.find import find_run
from mgu.sweep.closed import describe_closed
from mgu.sweep.jobs import run_single
from mgu.sweep.todo import find_todo
from tests.conftest import Configure
from tests.examples import example_result
from tests.sweep.conftest import call
from tests.unprivileged import unprivileged

QUICK = ("layout=digits_2", "norm=ln", "training.epochs=1", "energy.enabled=false", "device=cpu", "threads=1")


@pytest.fixture(autouse=True)
def other_user(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything on disk is of a user of this name."""
    monkeypatch.setattr(closed, "_owner", lambda folder: "alice")
    with unprivileged():
        yield


def leave(config: RunConfig, mode: int, is_done: bool = False) -> Path:
    """The folder of a run that broke off, or is over."""
    folder = run_folder(config)
    folder.mkdir(parents=True)
    for name in (CHECKPOINT_FILE, LOCK_FILE, LOG_FILE):
        (folder / name).write_text("")
    if is_done:
        write_result(folder, example_result(identity=config.identity, name=config.name, seed=config.seed))
    folder.chmod(mode)
    return folder


@pytest.mark.parametrize(("mode", "lacks"), [(0o000, "read"), (0o300, "read"), (0o500, "written"), (0o700, None)])
def test_what_cannot_be_done_in_a_folder_is_found(mode: int, lacks: str | None, configure: Configure) -> None:
    config = configure(*QUICK)
    folder = leave(config, mode)
    found = find_closed(folder)
    assert (found and found.lacks) == lacks
    assert find_state(config) == ("closed" if lacks else "interrupted")
    (folder.parent).chmod(0o600)  # of the experiment
    assert find_closed(folder) == (folder.parent, "read", "alice") and find_state(config) == "closed"
    (folder.parent).chmod(0o700)


@pytest.mark.parametrize(("name", "lacks"), [("result.json", "read"), (LOCK_FILE, "written"), (LOG_FILE, "written")])
def test_so_is_a_file_in_it_that_is_closed(name: str, lacks: str, configure: Configure) -> None:
    folder = leave(configure(*QUICK), 0o700, is_done=True)
    (folder / name).chmod(0o200 if lacks == "read" else 0o400)
    assert find_closed(folder) == (folder, lacks, "alice")


def test_what_is_done_there_is_done_unless_it_is_forced(configure: Configure) -> None:
    config = configure(*QUICK)
    leave(config, 0o500, is_done=True)
    assert find_state(config) == "done" and run_single(config) == "done"
    assert not find_todo([config]).closed
    forced = config.model_copy(update={"force": True})
    assert list(find_todo([forced]).closed) == [run_folder(config)] and not find_todo([forced]).runs
    with pytest.raises(ClosedRun, match="belongs to alice and cannot be written"):
        run_single(forced)


@pytest.mark.parametrize(
    ("mode", "way_out"),
    [(0o500, "Have alice finish what is there, or open it"), (0o000, "cannot be read. Have alice open it")],
)
def test_a_run_that_is_to_be_trained_there_is_refused_with_the_way_out(
    mode: int, way_out: str, configure: Configure
) -> None:
    config = configure(*QUICK)
    folder = leave(config, mode)
    with pytest.raises(ClosedRun) as raised:
        run_single(config)
    line = str(raised.value)
    assert line.startswith(f"the folder of {config.name} must be one that you can read and write, but {folder} belongs")
    assert way_out in line and line.endswith(f"(chmod -R a+rwX {folder}), or pass another runs_dir=...")


def test_a_run_that_its_owner_trains_there_is_waited_for(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configure(*QUICK)
    folder = leave(config, 0o700)

    def end() -> None:
        write_result(folder, example_result(identity=config.identity, name=config.name, seed=config.seed))
        folder.chmod(0o500)
        lock.__exit__(None, None, None)

    lock = lock_run(folder)
    assert lock.__enter__()
    (folder / LOCK_FILE).chmod(0o400)  # written by nobody else
    assert find_state(config) == "running"
    timer = threading.Timer(0.3, end)
    timer.start()
    assert run_single(config) == "done"
    timer.join()
    assert "is being trained by another process: waiting for it" in capsys.readouterr().out


def test_who_has_no_name_is_called_the_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_001)
    monkeypatch.setattr(pwd, "getpwuid", find)
    owner = find_owner(tmp_path)
    assert owner == f"user {os.getuid()}"
    assert closed.Closed(tmp_path, "read", owner).way_out.startswith(
        f"Have its owner open it (chmod -R a+rwX {tmp_path}"
    )


def test_one_line_says_how_many_where_and_what_to_do() -> None:
    folders = [closed.Closed(Path(f"/runs/e/{number}"), "written", "alice") for number in range(5)]
    assert describe_closed(folders[:1]) == (
        "skipped 1 run, for its folder is closed to you: /runs/e/0 (of alice, cannot be written). Have alice finish "
        "what is there, or open it (chmod -R a+rwX /runs/e/0), or pass another runs_dir=..."
    )
    assert "(chmod -R a+rwX '/runs of e/0')" in closed.Closed(Path("/runs of e/0"), "written", "alice").way_out
    line = describe_closed(folders)
    assert line.startswith("skipped 5 runs, for their folders are closed to you: /runs/e/0 (of alice, cannot be")
    assert " and 2 more. Have the owners train the runs to their end" in line and "/runs/e/3" not in line


@pytest.mark.slow
def test_a_sweep_and_its_plan_skip_it_and_go_on(
    here: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = f"runs_dir={here / 'runs'}"
    folder = leave(configure("+experiment=digits", *QUICK, runs), 0o000, is_done=True)
    line = ("+experiment=digits", *QUICK, "residual=without", "seed=0,1")
    assert call(monkeypatch, "plan", *line, "--format", "json") == 0
    planned, error = capsys.readouterr()
    assert [run["state"] for run in json.loads(planned)["runs"]] == ["closed", "pending"]
    assert error.count(str(folder)) == 2 and f"{folder}: Permission denied" not in error  # where, and in the advice
    assert call(monkeypatch, "-m", *line) == 1
    output, error = capsys.readouterr()
    assert "0 done, 1 to train, 1 skipped" in output and "2 runs: 1 closed, 1 ok" in output
    assert "skipped 1 run, for its folder is closed to you" in error
    assert "1 of 2 runs was skipped: its folder is closed to you." in error
    assert call(monkeypatch, *line[:-1], "seed=0") == 2
    assert "must be one that you can read and write" in capsys.readouterr().err


@pytest.mark.slow
def test_a_search_stops_before_it(
    here: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("+experiment=digits", QUICK[0], *QUICK[2:], "residual=without", "seed=0")
    leave(configure(*words, "norm=ln", f"runs_dir={here / 'runs'}"), 0o500)
    assert call(monkeypatch, *words, "norm=ln,no_norm", "search=grid", "space=grid", "-m") == 1
    assert "stopped: the folder of digits_2-ln-s0 must be one that you can read and write" in capsys.readouterr().err


@pytest.mark.slow
def test_a_search_that_another_user_began_names_its_folder_and_the_way_out(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("+experiment=digits", QUICK[0], *QUICK[2:], "residual=without", "norm=ln,no_norm", "seed=0")
    line = (*words, "search=grid", "space=grid", "-m")
    assert call(monkeypatch, *line) == 0
    [study] = (here / "runs/digits/search").iterdir()
    for mode, lacks in ((0o500, "written"), (0o000, "read")):
        study.chmod(mode)
        capsys.readouterr()
        assert call(monkeypatch, *line) in (1, 2)
        told = (
            f"the folder of grid on grid, seed 0 must be one that you can read and write, but {study} belongs to alice"
        )
        assert f"{told} and cannot be {lacks}. Have alice" in capsys.readouterr().err
    assert call(monkeypatch, "plan", *line[:-1]) == 2
    assert f"{told} and cannot be read. Have alice open it" in capsys.readouterr().err
    study.chmod(0o700)
    study.parent.chmod(0o500)
    assert call(monkeypatch, *line[:-1], "search.seed=1", "-m") in (1, 2)
    assert f"but {study.parent} belongs to alice and cannot be written" in capsys.readouterr().err
    study.parent.chmod(0o700)


@pytest.mark.parametrize("mode", [0o000, 0o300])
def test_a_command_that_needs_the_run_says_who_must_open_it(
    mode: int, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = leave(configure(*QUICK), mode, is_done=True)
    monkeypatch.setenv("MGU_RUNS", str(folder.parents[1]))
    told = rf"must be a folder that you can read, but {folder} .* Have alice open it \(chmod -R a\+rX {folder}\)"
    for name in (folder, folder.name, configure(*QUICK).name):
        with pytest.raises(UserError, match=told):
            find_run(name)
    folder.parent.chmod(0o000)
    with pytest.raises(UserError, match=f"but {folder.parent} belongs to alice"):
        find_run(folder)
    folder.parent.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root cannot give a file away")
def test_the_owner_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    tmp_path.chmod(0o555)
    assert find_closed(tmp_path) == (tmp_path, "written", "you")
    os.chown(tmp_path, 54_321, -1)
    assert find_closed(tmp_path) == (tmp_path, "written", "user 54321")
    os.chown(tmp_path, 0, -1)
