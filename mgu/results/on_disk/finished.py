"""The result of a run that must be over; each reason why it is not comes with what to do about it."""

from __future__ import annotations

from pathlib import Path

from mgu.errors import UserError
from mgu.results.on_disk.closed import check_readable
from mgu.results.on_disk.file_names import LOG_FILE, RESULT_FILE
from mgu.results.on_disk.folder import is_held
from mgu.results.on_disk.result_file import OtherVersion, other_version, read_result
from mgu.results.on_disk.sealed import Changed
from mgu.results.schema.result import Result


def read_finished(folder: Path) -> Result:
    """Reads the result of a run that was trained to its end.

    Args:
        folder: The run's folder.

    Returns:
        The result.

    Raises:
        UserError: The run is not over, it failed, or its result.json is damaged or cannot be read by this user.
    """
    check_readable(folder)
    if not (folder / RESULT_FILE).exists():
        if is_held(folder):
            raise UserError(f"RUN must be finished, but {folder} is being trained. Call this again when it is done.")
        raise UserError(
            f"RUN must be finished, but {folder} has no {RESULT_FILE}. Run the same command "
            "again; it resumes after the last epoch."
        )
    try:
        result = read_result(folder / RESULT_FILE)
    except Changed as error:
        raise not_as_written(folder / RESULT_FILE, error) from None
    except OtherVersion as error:
        raise other_version(folder / RESULT_FILE, error) from None
    except ValueError as error:
        raise UserError(f"{folder / RESULT_FILE} must be readable, but is {error}. Train the run again.") from None
    if result.status == "failed":
        raise UserError(
            f"RUN must have been trained, but {folder} failed ({result.error}). See its {LOG_FILE}, and run the "
            "same command again."
        )
    return result


def not_as_written(path: Path, error: Changed) -> UserError:
    """Returns the error for a run's file that was changed.

    Args:
        path: The file.
        error: What is wrong with it.

    Returns:
        An error that says what to do about it.
    """
    return UserError(
        f"{path} must be as its run wrote it, but {error}. Put it back, or train the run again with force=true."
    )
