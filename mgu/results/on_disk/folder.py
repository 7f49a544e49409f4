"""A run's folder: where it lies, the state of the run by the files in it, and the lock on it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from mgu.config.run import RunConfig
from mgu.results.on_disk.closed import closed_run, find_closed
from mgu.results.on_disk.file_names import CHECKPOINT_FILE, HISTORY_FILE, LOCK_FILE, RESULT_FILE
from mgu.results.on_disk.files import chosen_runs_dir
from mgu.results.on_disk.result_file import OtherVersion, other_version, read_result
from mgu.results.schema.result import Result

State = Literal["done", "failed", "running", "interrupted", "foreign", "closed", "pending"]
LOOK_AGAIN_S = 0.5  # while another process holds a run


def runs_dir(config: RunConfig) -> Path:
    """Returns the folder of all experiments.

    Args:
        config: Configuration of a run.

    Returns:
        The runs folder that the configuration chooses, or the default one.
    """
    return chosen_runs_dir(config.runs_dir)


def run_folder(config: RunConfig) -> Path:
    """Returns the folder of a run; equal configurations have the same folder.

    Args:
        config: Configuration of the run.

    Returns:
        <runs folder>/<experiment>/<name>-<identity>.
    """
    return runs_dir(config) / config.experiment_name / config.folder_name


def find_result(config: RunConfig) -> Result | None:
    """Finds the result of an earlier call.

    Args:
        config: Configuration of the run.

    Returns:
        The result, whatever its status; None if there is none, or one that cannot be read or belongs to another run.
    """
    try:
        result = read_result(run_folder(config) / RESULT_FILE)
    except ValueError:
        return None
    return result if result.identity == config.identity else None


def find_foreign(config: RunConfig) -> OtherVersion | None:
    """Finds out whether another version of this package wrote the result of a run, which is not to be trained over.

    Args:
        config: Configuration of the run.

    Returns:
        Why this version cannot read it; None if there is no such result, or if it is to be trained over
        by force.
    """
    if config.force:
        return None
    try:
        read_result(run_folder(config) / RESULT_FILE)
    except OtherVersion as error:
        return error
    except ValueError:
        pass
    return None


def check_not_foreign(config: RunConfig) -> None:
    """Checks that a run may be trained.

    Args:
        config: Configuration of the run.

    Raises:
        ForeignResult: Another version of this package wrote its result.
    """
    if error := find_foreign(config):
        raise other_version(run_folder(config) / RESULT_FILE, error)


def check_not_closed(config: RunConfig) -> None:
    """Checks that a run may be trained by this user, if it is to be trained and nobody trains it.

    Args:
        config: Configuration of the run.

    Raises:
        ClosedRun: Its folder is closed to this user.
    """
    folder = run_folder(config)
    if (closed := find_closed(folder)) and (config.force or find_done(config) is None) and not is_held(folder):
        raise closed_run(config.name, closed)


def find_done(config: RunConfig) -> Result | None:
    """Finds the result of an earlier call that makes training again unnecessary.

    Args:
        config: Configuration of the run.

    Returns:
        The result; None if the run failed, if `training.stop_after` stopped it and it is to go on now, or if its energy
        was not measured and now is to be.
    """
    result = find_result(config)
    if result is None or result.status == "failed":
        return None
    if result.is_stopped and result.epochs < config.training.epochs_now:
        return None
    was_to_be_measured = result.config.get("energy", {}).get("enabled", False)  # then it was lost, and would be again
    return None if config.energy.enabled and result.energy is None and not was_to_be_measured else result


def find_state(config: RunConfig) -> State:
    """Finds the state of a run by the files in its folder.

    Args:
        config: Configuration of the run.

    Returns:
        "done" or "failed" if there is a result, "foreign" if another version of this package wrote it, "running" if a
        process holds the lock, "closed" if it is not done and this user cannot read or write its folder, "interrupted"
        if there is a checkpoint, else "pending".
    """
    folder = run_folder(config)
    if find_done(config):
        return "done"
    if is_held(folder):
        return "running"
    result = find_result(config)
    has_failed = result is not None and result.status == "failed"
    if not has_failed and find_foreign(config):
        return "foreign"
    if find_closed(folder):
        return "closed"
    if has_failed:
        return "failed"
    return "interrupted" if os.path.exists(folder / CHECKPOINT_FILE) else "pending"


def is_held(folder: Path) -> bool:
    """Tells whether a process trains a run, or uses its folder.

    Args:
        folder: The run's folder.

    Returns:
        Whether a process holds its lock.
    """
    if not os.path.exists(folder / LOCK_FILE):  # nor where the folder cannot be looked at
        return False
    try:
        with lock_run(folder) as is_ours:
            return not is_ours
    except PermissionError:
        return _is_held_by_other(folder / LOCK_FILE)


def _is_held_by_other(path: Path) -> bool:
    """Tells whether a process holds another user's lock, which can be looked at by whoever can read its file."""
    try:
        with path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except PermissionError:
        return False  # as far as can be known
    return False


def wait_until_free(folder: Path) -> None:
    """Waits until no process trains a run; it may be another user's, whose lock this one could not take.

    Args:
        folder: The run's folder.
    """
    while is_held(folder):
        time.sleep(LOOK_AGAIN_S)


def count_epochs(folder: Path) -> int:
    """Counts the epochs in history.csv, those that a run had completed before it broke off.

    Args:
        folder: The run's folder.

    Returns:
        Number of epochs; 0 if there is no history.
    """
    try:
        return max((folder / HISTORY_FILE).read_bytes().count(b"\n") - 1, 0)
    except OSError:
        return 0


def count_safe_epochs(config: RunConfig) -> int:
    """Counts the epochs that the next call need not train again.

    Args:
        config: Configuration of the run.

    Returns:
        Number of epochs; 0 if there is no checkpoint, or if training is forced to begin anew.
    """
    folder = run_folder(config)
    return 0 if config.force or not os.path.exists(folder / CHECKPOINT_FILE) else count_epochs(folder)


@contextmanager
def lock_run(folder: Path, on_wait: Callable[[], None] | None = None) -> Iterator[bool]:
    """Locks a run's folder, so that no other process trains the run.

    The lock is the operating system's (flock), on network file systems too, and is released when its owner dies. On a
    file system without such locks, filelock falls back to a file that names the owner.

    Args:
        folder: The run's folder.
        on_wait: Called before waiting for a process that holds the lock. Without it there is no waiting.

    Yields:
        Whether the lock was acquired.
    """
    lock = FileLock(folder / LOCK_FILE, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if on_wait is None:
            yield False
            return
        on_wait()
        lock.acquire(poll_interval=LOOK_AGAIN_S)
    try:
        yield True
    finally:
        lock.release()
