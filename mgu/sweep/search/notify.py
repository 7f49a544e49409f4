"""Tells the user that a search is over, by their own command (`notify=COMMAND`), as of a sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mgu.console.text import count, describe_s
from mgu.search.failures import outcome_of
from mgu.sweep.notify import State, calling, variables
from mgu.sweep.search.study_run import StudyRun, describe_end


@contextmanager
def notifying_of(study_runs: Sequence[StudyRun]) -> Iterator[None]:
    """Calls the configured command once the studies are over, however they end.

    Args:
        study_runs: All studies of a command line.

    Yields:
        None.
    """
    with calling(study_runs[0].example.notify, lambda state, seconds: _describe(study_runs, state, seconds)):
        yield


def _describe(study_runs: Sequence[StudyRun], state: State, seconds: float) -> dict[str, str]:
    """Returns the variables that the command is given: trials with a result are runs that are done."""
    studies = [study_run.study for study_run in study_runs]
    begun = [(study, study.read()) for study in studies if study.has_begun]
    outcomes = [outcome_of(trial, history) for _, history in begun for trial in history.trials]
    done = sum(outcome in ("told", "pruned", "diverged") for outcome in outcomes)
    config = study_runs[0].example
    message = (
        f"{config.experiment_name}: {state}, {count(len(studies), 'study')}, {done} of {count(len(outcomes), 'trial')} "
        f"done in {describe_s(seconds)}"
    )
    if len(begun) == 1 and done:
        message += f"; {describe_end(*begun[0])[-1]}"
    folder = studies[0].folder if len(studies) == 1 else studies[0].folder.parent
    return variables(state, (done, len(outcomes)), seconds, config.experiment_name, folder, message)
