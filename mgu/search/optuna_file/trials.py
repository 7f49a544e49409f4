"""The trials of a study as Optuna has them, with the numbers that the history gives them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from mgu.search.current import current_trials
from mgu.search.optuna_file.dates import Dates
from mgu.search.optuna_file.distributions import write_parameters
from mgu.search.recorded import RecordedStudy
from mgu.search.spending import count_trials
from mgu.search.strategy import Trial
from mgu.tasks.score import KNOWN

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, TrialState

# Constraints of Optuna's, which leaves what breaks them out of the best, as reports do.
LATE = "ended after the budget"
UNREAD = "second objective of 0"  # energy that no meter had time to read
TRAINED_ON = "trained on later"  # the weights with this score are no more
TOLD_ELSEWHERE = ("metric", "val", "lost_s")  # details that are the value itself, or the history's own affair
LOWER_IS_BETTER = {score.metric for scores in KNOWN.values() for score in scores if not score.higher_is_better}


@dataclass(frozen=True)
class Objectives:
    """Holds what a study optimises.

    Attributes:
        metric: The score's own name.
        is_error: Whether smaller scores are better, which the history has negated.
        second: Name of the second objective; None: there is none.
    """

    metric: str
    is_error: bool
    second: str | None

    @property
    def names(self) -> list[str]:
        """Their names in the order of the values."""
        return [self.metric, *([self.second] if self.second else [])]

    @property
    def directions(self) -> list[Literal["maximize", "minimize"]]:
        """Their directions as Optuna calls them."""
        first: Literal["maximize", "minimize"] = "minimize" if self.is_error else "maximize"
        return [first, "minimize"] if self.second else [first]

    def metric_of(self, trial: Trial) -> float | None:
        """Returns the metric's own value; None where there is no score."""
        if trial.score is None:
            return None
        return -trial.score if self.is_error else trial.score

    def values(self, trial: Trial) -> list[float] | None:
        """Returns the values of a trial; None where one of them is not known."""
        values = [self.metric_of(trial), *([trial.second] if self.second else [])]
        known = [value for value in values if value is not None]
        return known if len(known) == len(values) else None


def find_objectives(study: RecordedStudy) -> Objectives:
    """Returns what a study optimises; before a run has told its metric, some score of which larger is better."""
    described = study.described
    unit = described.get("unit") or "score"  # of what is measured and trains nothing
    metric = next((details["metric"] for details in study.history.details.values() if "metric" in details), unit)
    return Objectives(metric, metric in LOWER_IS_BETTER, described.get("second"))


def write_trials(study: RecordedStudy, objectives: Objectives) -> list[FrozenTrial]:
    """Returns the trials of a study by number, those that have not ended included, for numbers have no gaps.

    Args:
        study: The study.
        objectives: What it optimises.
    """
    from optuna.trial import create_trial

    history = study.history
    parameters = write_parameters(history.space, [trial.point for trial in history.trials])
    dates, counted = Dates(history), set(count_trials(history, study.budget)[0])
    current = {trial.number for trial in current_trials([history.trials[number] for number in counted])}
    written = []
    for trial in history.trials:
        values = objectives.values(trial)
        state = _state(trial, values)
        frozen = create_trial(
            state=state,
            values=None if state.name == "FAIL" else values,
            params={name: parameters[name].write(value) for name, value in trial.point.items()},
            distributions={name: parameters[name].distribution for name in trial.point},
            user_attrs=_attributes(study, trial, objectives),
            intermediate_values=_values_by_epoch(study, trial, objectives),
            constraints=_broken(trial, trial.number in counted, trial.number in current),
        )
        frozen.datetime_start, frozen.datetime_complete = dates.times(trial)
        written.append(frozen)
    return written


def _state(trial: Trial, values: list[float] | None) -> TrialState:
    """Returns the state; a run of which an objective is not known, as FLOPs that nobody could count, has failed."""
    from optuna.trial import TrialState

    if trial.state == "told":
        return TrialState.FAIL if values is None else TrialState.COMPLETE
    return {"failed": TrialState.FAIL, "pruned": TrialState.PRUNED, "running": TrialState.RUNNING}[trial.state]


def _broken(trial: Trial, counts: bool, is_current: bool) -> dict[str, float]:
    """Returns the constraints that a trial breaks."""
    is_late, is_unread = trial.ended is not None and not counts, trial.second is not None and trial.second <= 0
    broken = ((LATE, is_late), (UNREAD, is_unread), (TRAINED_ON, counts and not is_current))
    return {name: 1.0 for name, breaks in broken if breaks}


def _values_by_epoch(study: RecordedStudy, trial: Trial, objectives: Objectives) -> dict[int, float]:
    """Returns the score by the epochs after which a trial and those that it continues were stopped to be compared.

    It is the score of the best epoch by then, where that is the one that a run keeps.
    """
    values, stopped = dict[int, float](), trial
    while stopped.stop_after is not None:
        value = objectives.metric_of(stopped)
        if value is not None and stopped.epochs:
            values.setdefault(stopped.epochs, value)
        if stopped.continues is None:
            break
        stopped = study.history.trials[stopped.continues]
    return dict(sorted(values.items()))


def _attributes(study: RecordedStudy, trial: Trial, objectives: Objectives) -> dict[str, Any]:
    """Returns what Optuna keeps of a trial beside its values: its run, its seed, its epochs and its cost."""
    history, number = study.history, trial.number
    attributes: dict[str, Any] = {
        key: value for key, value in history.details.get(number, {}).items() if key not in TOLD_ELSEWHERE
    }
    attributes |= {
        "seed": trial.seed,
        "epochs": trial.epochs,
        "reused": trial.was_there,
        "ask_seconds": history.ask_s[number],
    }
    attributes |= {"stop_after": trial.stop_after, "continues": trial.continues}
    if trial.ended is not None:
        costs = asdict(trial.cost)
        kwh = costs.pop("kwh") or {}
        del costs["trials"]
        attributes |= {f"cost_{name}": value for name, value in costs.items()}
        attributes |= {f"cost_kwh_{name.replace(' ', '_')}": value for name, value in kwh.items()}
    if objectives.values(trial) is None:
        attributes[objectives.metric] = objectives.metric_of(trial)
    if number in history.cut:
        attributes["stopped_by_the_budget_after_seconds"] = history.cut[number].seconds
    return {name: value for name, value in attributes.items() if value is not None}
