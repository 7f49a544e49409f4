"""The states of runs by their files: found without touching a lock, read again only where something changed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from mgu.results.on_disk.result_file import read_result, write_result
from mgu.results.on_disk.under_way import SweepFile, announced, read_under_way
from mgu.results.runs.load import load_results
from mgu.results.runs.pack_runs import pack_runs
from mgu.results.schema.result import Result
from mgu.serve import seen_run
from mgu.serve.locks import LOCKS, find_locks, lock_of
from mgu.serve.renderer import render_report
from mgu.serve.scan import Scanner
from mgu.serve.summary import summarise_runs
from tests.by_hand import ByHand
from tests.examples import example_result
from tests.report.test_searches import write_measured
from tests.unprivileged import unprivileged

LINUX = pytest.mark.skipif(not LOCKS.exists(), reason="this system does not list its locks")


def leave(folder: Path, *, epochs: int = 0, of: int = 10, **result: Any) -> Path:
    """A run's folder that was left alone long enough to be settled."""
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(f"seed: 0\ntraining:\n  epochs: {of}\n")
    if epochs:
        (folder / "history.csv").write_text("epoch,val_accuracy\n" + "1,0.5\n" * epochs)
    if result:
        write_result(folder, example_result(**result))
    settle(folder)
    return folder


def settle(folder: Path, before_s: float = 60.0) -> None:
    """Dates a folder back, as if nothing had happened in it for a while."""
    for path in (*folder.iterdir(), folder):
        os.utime(path, (time.time() - before_s,) * 2)


def states(scanner: Scanner) -> dict[str, str]:
    scanner.look()
    return {run.folder.name: run.state for run in scanner.runs.values()}


@LINUX
def test_states_are_told_by_files_and_locks(tmp_path: Path) -> None:
    own = tmp_path / "trial"
    leave(own / "a-1", status="ok")
    leave(own / "b-1", status="diverged")
    leave(own / "c-1", status="failed", error="RuntimeError: no")
    leave(own / "d-1", epochs=3)
    (leave(own / "e-1") / "result.json").write_text("torn")
    held = leave(own / "f-1", epochs=4)
    scanner = Scanner([tmp_path])
    with FileLock(held / ".lock"):
        assert states(scanner) == {
            "a-1": "done", "b-1": "diverged", "c-1": "failed", "d-1": "interrupted", "e-1": "unreadable",
            "f-1": "running",
        }  # fmt: skip
        with FileLock(own / "d-1" / ".lock", timeout=0):  # nobody else holds it: a look takes no lock
            assert states(scanner)["d-1"] == "running"
    assert states(scanner)["f-1"] == "interrupted"


def test_a_result_that_cannot_be_read_is_no_failure(tmp_path: Path) -> None:
    leave(tmp_path / "trial" / "a-1", status="failed", error="RuntimeError: no")
    (leave(tmp_path / "trial" / "b-1") / "result.json").write_text("torn")
    leave(tmp_path / "trial" / "c-1", status="ok").chmod(0o600)
    with unprivileged():
        scanner = Scanner([tmp_path])
        scanner.look()
        found = summarise_runs(scanner)
        (tmp_path / "trial" / "c-1").chmod(0o700)
    assert found["experiments"][0]["counts"] == {"failed": 1, "unreadable": 2}
    assert found["failed"] == [["a", "RuntimeError: no"]] and found["more_unreadable"] == 0
    (torn, why), closed = found["unreadable"]
    assert torn == "b" and why.startswith("its result is not a result of schema version 1 to")
    assert closed == ["c", "its result is not readable (Permission denied)"]


@LINUX
def test_a_file_of_the_same_number_on_another_device_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = leave(tmp_path / "trial" / "f-1") / ".lock"
    with FileLock(held):
        lock, locks = lock_of(held), find_locks()
        assert lock and locks and lock in locks
        device, inode = (int(number) for number in lock[0].split(":")), lock[1]
        major, minor = device
        listed = f"1: FLOCK  ADVISORY  WRITE 1 {major:02x}:{minor + 1:02x}:{inode} 0 EOF\n"
        (tmp_path / "locks").write_text(listed)
        monkeypatch.setattr("mgu.serve.locks.LOCKS", tmp_path / "locks")
        assert states(Scanner([tmp_path])) == {"f-1": "interrupted"}


def test_packed_runs_are_shown_but_not_twice(tmp_path: Path) -> None:
    runs = [leave(tmp_path / "runs" / "trial" / f"{name}-1", status="ok", name=name, identity=name) for name in "abc"]
    failed = leave(tmp_path / "runs" / "trial" / "d-1", status="failed", error="OSError: /home/me/x", identity="d")
    pack_runs(load_results([*runs, failed]).runs, tmp_path / "results" / "trial")
    scanner = Scanner([tmp_path / "results"])
    scanner.look()
    assert summarise_runs(scanner)["experiments"][0]["counts"] == {"done": 3, "failed": 1}
    assert summarise_runs(scanner)["failed"][0][1] == "OSError: x"
    both = Scanner([tmp_path / "runs", tmp_path / "results" / "trial" / "runs.tar.xz"])
    for _ in range(2):
        both.look()
        assert len(both.all_runs) == 4 and summarise_runs(both)["experiments"][0]["counts"] == {"done": 3, "failed": 1}
    seen = both.version
    for file in runs[0].iterdir():
        file.unlink()
    runs[0].rmdir()  # the pack still has it
    both.look()
    assert len(both.all_runs) == 4 and both.version > seen
    (tmp_path / "results" / "trial" / "runs.tar.xz").write_bytes(b"torn")
    scanner.look()
    assert [(run.state, run.folder.name) for run in scanner.all_runs] == [("unreadable", "runs.tar.xz")]


def test_only_what_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a-1", "b-1"):
        leave(tmp_path / "trial" / name, status="ok")
    read: list[str] = []

    def reading(path: Path) -> Result:
        read.append(path.parent.name)
        return read_result(path)

    monkeypatch.setattr(seen_run, "read_result", reading)
    scanner = Scanner([tmp_path])
    for _ in range(3):
        scanner.look()
    assert read == ["a-1", "b-1"] and scanner.version == 2
    write_result(tmp_path / "trial" / "b-1", example_result(val_accuracy=0.1))
    scanner.look()
    assert read[2:] == ["b-1"] and scanner.version == 3
    leave(tmp_path / "trial" / "new-1", status="ok")
    scanner.look()
    assert len(scanner.runs) == 3 and scanner.version == 4
    for file in (tmp_path / "trial" / "a-1").iterdir():
        file.unlink()
    (tmp_path / "trial" / "a-1").rmdir()
    scanner.look()
    assert len(scanner.runs) == 2 and scanner.version == 5


@LINUX
def test_searches_are_followed_and_are_no_runs(tmp_path: Path) -> None:
    """A study's folder has a lock as a run's has: it was an interrupted run of an experiment called search."""
    leave(tmp_path / "trial" / "a-1", status="ok")
    write_measured(tmp_path / "one" / "search", 0, [1.0, 60.0])
    [study] = (tmp_path / "one" / "search").iterdir()
    (study / ".lock").touch()
    scanner = Scanner([tmp_path])
    for _ in range(2):
        scanner.look()
        assert states(scanner) == {"a-1": "done"} and scanner.version == 2
        assert [own["name"] for own in summarise_runs(scanner)["experiments"]] == ["trial"]
    page = render_report(scanner)
    assert "gbfs on gemm_64" in page and "the best known is 60 GFLOP/s" in page
    write_measured(tmp_path / "one" / "search", 0, [1.0, 60.0, 80.0])
    scanner.look()
    assert scanner.version == 3 and "the best known is 80 GFLOP/s" in render_report(scanner)
    alone = Scanner([tmp_path / "one"])
    alone.look()
    assert "the best known is 80 GFLOP/s" in render_report(alone)


def test_the_time_left_of_a_run_goes_by_its_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, clock = leave(tmp_path / "trial" / "f-1", epochs=4, of=10), ByHand()
    clock.now_s = now = time.time()
    clock.rule(monkeypatch, [seen_run])
    os.utime(held / "config.yaml", (now - 40, now - 40))
    os.utime(held / "history.csv", (now, now))
    with FileLock(held / ".lock"):
        scanner = Scanner([tmp_path])
        scanner.look()
        [shown] = summarise_runs(scanner)["running"]
    assert (shown["name"], shown["epochs_done"], shown["epochs"]) == ("f", 4, 10)
    assert scanner.runs[str(held)].left_s == pytest.approx(60, abs=0.01) and "at most" in shown["left"]
    clock.now_s += 5.0
    assert scanner.runs[str(held)].left_s == pytest.approx(55, abs=0.01)


def test_a_sweep_says_which_runs_it_has_and_how_long_they_take(tmp_path: Path) -> None:
    done = leave(tmp_path / "trial" / "a-1", status="ok")
    file = SweepFile(done.parent, [done, done.with_name("b-1"), done.with_name("c-1")])
    scanner = Scanner([tmp_path])
    with announced(file, 120.0):
        scanner.look()
        [shown] = summarise_runs(scanner)["experiments"]
        assert shown["counts"] == {"pending": 2, "done": 1} and shown["total"] == 3
        assert shown["left"].startswith("about 2") or shown["left"].startswith("about 1")
    assert not file.path.exists()
    scanner.look()
    assert summarise_runs(scanner)["experiments"][0]["counts"] == {"done": 1}


def test_the_file_of_a_sweep_that_was_killed_counts_for_nothing(tmp_path: Path) -> None:
    file = SweepFile(tmp_path, [tmp_path / "a-1"])
    file.write(None)
    assert read_under_way(file.path) is not None
    text = file.path.read_text().replace(f'"pid":{os.getpid()}', '"pid":999999999')
    file.path.write_text(text)
    assert read_under_way(file.path) is None
    file.path.write_text(text[:20])
    assert read_under_way(file.path) is None


def test_many_runs_are_shown_as_numbers(tmp_path: Path) -> None:
    for number in range(60):
        leave(tmp_path / "trial" / f"m{number}-1", status="failed", error="RuntimeError: no")
    scanner = Scanner([tmp_path])
    scanner.look()
    found = summarise_runs(scanner)
    assert len(found["failed"]) == 50 and found["more_failed"] == 10
    assert found["failed"][0][1] == "RuntimeError: no"
