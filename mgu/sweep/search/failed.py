"""What a search says of its failed trials at its end: which, why, and where their logs are."""

from __future__ import annotations

from pathlib import Path

from mgu.console.failures import describe_failure
from mgu.console.text import count
from mgu.results.on_disk.file_names import LOG_FILE
from mgu.results.on_disk.folder import run_folder
from mgu.search.failures import failed_trials
from mgu.search.history import History
from mgu.sweep.search.study_run import StudyRun


def describe_failed(study_run: StudyRun, history: History) -> str:
    """Describes the trials of a study that failed by an error.

    Args:
        study_run: The study.
        history: Its history.

    Returns:
        A sentence with the reason of the last one, and where to look; empty where none failed.
    """
    failed = failed_trials(history)
    if not failed:
        return ""
    last = failed[-1].number
    details = history.details[last]
    number = f"{len(failed)} of {count(len(history.trials), 'trial')} failed"
    which = f"the last one, trial {last}," if len(failed) > 1 else f"trial {last},"
    why = describe_failure(details.get("error"))
    log = _find_log(study_run, history, details.get("run"))
    return f"{study_run.study.title}: {number}, {which} because: {why}. See {log}."


def _find_log(study_run: StudyRun, history: History, run: str | None) -> Path:
    """Returns the log of a trial's run; where a point is measured, there is only the history."""
    return run_folder(study_run.example).parent / run / LOG_FILE if run else history.path
