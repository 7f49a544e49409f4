"""What is on disk of a run: where it lies, whether it is over, and who may write to it. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from mgu.config.run import RunConfig
from mgu.results.files import chosen_runs_dir
from mgu.results.result import HISTORY_FILE, RESULT_FILE, Result, read_result

CHECKPOINT_FILE = "checkpoint.pt"
LOCK_FILE = ".lock"

State = Literal["done", "failed", "running", "interrupted", "pending"]


def runs_dir(config: RunConfig) -> Path:
    """The folder of all experiments."""
    return chosen_runs_dir(config.runs_dir)


def run_folder(config: RunConfig) -> Path:
    """Where the files of this run lie: the same configuration always in the same place."""
    return runs_dir(config) / config.experiment_name / f"{config.name}-{config.identity}"


def find_result(config: RunConfig) -> Result | None:
    """Of an earlier call, whatever came out; None where there is none that can be read, or one of another run."""
    try:
        result = read_result(run_folder(config) / RESULT_FILE)
    except ValueError:
        return None
    return result if result.identity == config.identity else None


def find_done(config: RunConfig) -> Result | None:
    """The result of an earlier call, if it stands: not a failed one, nor one without the energy that is now wanted."""
    result = find_result(config)
    if result is None or result.status == "failed":
        return None
    return None if config.energy.enabled and result.energy is None else result


def find_state(config: RunConfig) -> State:
    """Done and failed have a result, interrupted a checkpoint; running is what a process is at just now."""
    folder = run_folder(config)
    if find_done(config):
        return "done"
    if (folder / LOCK_FILE).exists():
        with hold(folder) as is_ours:
            if not is_ours:
                return "running"
    result = find_result(config)
    if result and result.status == "failed":
        return "failed"
    return "interrupted" if (folder / CHECKPOINT_FILE).exists() else "pending"


def count_epochs(folder: Path) -> int:
    """Rows of history.csv: epochs that were over when a run broke off."""
    try:
        return max((folder / HISTORY_FILE).read_bytes().count(b"\n") - 1, 0)
    except OSError:
        return 0


def count_safe_epochs(config: RunConfig) -> int:
    """Epochs that the next call need not train again."""
    folder = run_folder(config)
    return 0 if config.force or not (folder / CHECKPOINT_FILE).exists() else count_epochs(folder)


@contextmanager
def hold(folder: Path, on_wait: Callable[[], None] | None = None) -> Iterator[bool]:
    """Keep other processes from training what lies in `folder`; False where one does, unless `on_wait` is given:
    then that is called, and the other one waited for.

    The lock is the operating system's (flock), on network file systems too, and dies with its owner. Where a file
    system has none, filelock leaves a file that names its owner in its place.
    """
    lock = FileLock(folder / LOCK_FILE, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if on_wait is None:
            yield False
            return
        on_wait()
        lock.acquire(poll_interval=0.5)
    try:
        yield True
    finally:
        lock.release()
