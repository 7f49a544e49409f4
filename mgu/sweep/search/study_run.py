"""One study from its preparation to its summary, in the process that started it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from rich.console import Console

from mgu.config.run import RunConfig
from mgu.console.lines import LineView
from mgu.console.live import LiveView
from mgu.console.text import count, describe_s, print_line, print_wait
from mgu.isolation import finish_imports
from mgu.results.compare.axes import Axes
from mgu.results.on_disk.files import make_folder
from mgu.results.on_disk.folder import run_folder
from mgu.search.current import current_trials
from mgu.search.failures import outcome_of
from mgu.search.history import History
from mgu.search.spending import count_trials, spent_in_all
from mgu.search.strategy import Trial
from mgu.search.study import Study
from mgu.sweep.folders import removing_new_folders
from mgu.sweep.notify import check_notify
from mgu.sweep.preflight import check_and_size
from mgu.sweep.preload import preload_for
from mgu.sweep.search.drive import drive
from mgu.sweep.search.worker import TrialSettings, Worker
from mgu.tasks.score import is_percent
from mgu.tracking.trackers import check_installed


class StudyRun(NamedTuple):
    """Holds a study with how its trials are trained.

    Attributes:
        study: The study.
        settings: How its trials are trained.
        example: Configuration of one run of the space.
        at_once: Trials that this process trains side by side.
        announced: Messages about data that were shown, by all studies of a command; of the trials, which nobody knows
            before, each is shown with the first one that has it. None: they are not shown.
    """

    study: Study
    settings: TrialSettings
    example: RunConfig
    at_once: int = 1
    announced: set[str] | None = None

    @property
    def axes(self) -> Axes:
        """The keys in which trials differ and that their names do not tell."""
        names = [parameter.name for parameter in self.study.space.parameters]
        return Axes(tuple(name for name in names if "." in name and "@" not in name))


def prepare(study_runs: Sequence[StudyRun]) -> None:
    """Checks devices, data and folders before the first trial.

    Args:
        study_runs: All studies of a command, which differ in their searches only.

    Raises:
        UserError: No trial can be trained here.
    """
    check_notify(study_runs[0].example.notify)
    configs = [study_run.example for study_run in study_runs if study_run.study.space.measure is None][:1]
    if not configs:
        return
    preload_for(configs)
    folders = {run_folder(config).parent for config in configs}
    with removing_new_folders(folders):
        for config in configs:
            check_installed(config)
        for folder in folders:
            make_folder(folder)
        models = check_and_size(
            *(configs, configs, study_runs[0].settings.threads, True),
            on_note=partial(_announce, study_runs[0].announced),
            on_import=lambda: print_wait("importing torch"),
        )
    print_line(f"on {' and '.join(sorted({model.device for model in models.values()}))}")


def _announce(announced: set[str] | None, note: str) -> None:
    """Shows a message about data before the first trial, and remembers that it was shown."""
    print_line(note)
    if announced is not None:
        announced.add(note)


def run_study(study_run: StudyRun, launch: Callable[[StudyRun], None] | None = None) -> History:
    """Searches until the budget is spent or nothing is left to try, and prints what was found.

    Args:
        study_run: The study.
        launch: Has other processes work at the study, and waits for them; None: this process does.

    Returns:
        The history.

    Raises:
        UserError: A point cannot be trained, or the study's folder is of another one.
        RunsFailed: Too many trials failed.
    """
    study = study_run.study
    history = study.open()
    print_line(describe_start(study, history))
    if launch is None:
        work_here(study_run)
    else:
        launch(study_run)
    history.refresh()
    for line in describe_end(study, history):
        print_line(line)
    return history


def num_ended(study_run: StudyRun) -> int:
    """Counts the trials of a study that have ended.

    Args:
        study_run: The study, whose history is read from its file.

    Returns:
        Their number.
    """
    return len(study_run.study.open().order)


def work_apart(study_run: StudyRun) -> None:
    """Works in a process of a launcher, which has prepared nothing: no trial is to pay for imports.

    Args:
        study_run: The study.
    """
    if study_run.study.space.measure is None:
        preload_for([study_run.example])
        finish_imports(lambda: print_wait("importing torch"))
    work_here(study_run)


def work_here(study_run: StudyRun) -> None:
    """Lets as many workers work in this process as trials are trained at once.

    Args:
        study_run: The study.
    """
    console = Console()
    total = study_run.study.budget.trials or study_run.study.space.size
    view = LineView(in_sweep=True, axes=study_run.axes)
    if console.is_terminal and total and study_run.study.space.measure is None:
        view = LiveView(console, int(total), axes=study_run.axes)
    view.announced = study_run.announced
    with ExitStack() as stack:
        stack.enter_context(view)
        study, settings = study_run.study, study_run.settings
        drive([Worker(study, study.open(), settings, view) for _ in range(study_run.at_once)])


def describe_start(study: Study, history: History) -> str:
    """Describes a study before its next trial: what it is, what it may cost, and what is done of it."""
    size = study.space.size
    points = "infinitely many points" if size is None else count(size, "point")
    limits = study.budget.describe() or "the whole space"
    done = f"; {count(len(history.order), 'trial')} done" if history.order else ""
    return f"{study.title}: {points}, budget {limits}{done}; in {study.folder}"


def describe_end(study: Study, history: History) -> list[str]:
    """Describes what a study found and spent, in lines."""
    counted, within = count_trials(history, study.budget)
    spent = spent_in_all(history)
    best = best_of([history.trials[number] for number in counted])
    share = spent.strategy_s / spent.seconds if spent.seconds else 0.0
    # Of trials that ended late or were stopped the seconds are spent, but nothing that they found counts.
    counts = "" if within.seconds == spent.seconds else f"{describe_s(within.seconds)} count and "
    lines = [
        f"{study.title}: {count(len(history.trials), 'trial')} ({_describe_states(history, len(counted))}), "
        f"{describe_s(spent.seconds)} of trials and strategy, of which {counts}the strategy took {share:.2%}"
    ]
    if best is None:
        return [*lines, "no trial within the budget has a score"]
    details = history.details[best.number]
    overrides = " ".join(study.space.overrides(best.point))
    shown = f"{best.score:.4g} {study.space.unit}".rstrip() if "val" not in details else _scores(details)
    return [*lines, f"best: trial {best.number}, {overrides}, {shown}"]


def _describe_states(history: History, counted: int) -> str:
    """Says what became of a study's trials, and how many ended too late to count."""
    cut = "stopped by the budget"
    states = [cut if trial.number in history.cut else outcome_of(trial, history) for trial in history.trials]
    parts = [f"{states.count('told')} told"]
    others = ("pruned", "diverged", "failed", "running", cut)
    parts += [f"{states.count(state)} {state}" for state in others if state in states]
    late = len(history.order) - counted
    if late:
        parts.append(f"{late} ended after the budget")
    return ", ".join(parts)


def _scores(details: object) -> str:
    assert isinstance(details, dict)

    def text(value: float | None) -> str:
        if value is None:
            return "-"
        return f"{value:.2%}" if is_percent(details["metric"]) else f"{value:.4g}"

    return f"{details['metric']} val {text(details['val'])}, test {text(details['test'])}"


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """Returns the trial with the best score of the networks that there are, the first one of equals; None without."""
    scored = [trial for trial in current_trials(trials) if trial.score is not None]
    return max(scored, key=lambda trial: (trial.score, -trial.number), default=None)
