"""One study from its preparation to its summary, in the process that started it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
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
from mgu.search.history import History
from mgu.search.space import Point
from mgu.search.spending import count_trials, spent_in_all
from mgu.search.strategy import Trial
from mgu.search.study import Study
from mgu.sweep.folders import removing_new_folders
from mgu.sweep.preflight import check_and_size
from mgu.sweep.preload import preload_for
from mgu.sweep.search.drive import drive
from mgu.sweep.search.worker import Trials, Worker
from mgu.tracking.trackers import check_installed

Configure = Callable[[Point, int, int | None], RunConfig]


class Search(NamedTuple):
    """Holds a study with how its trials are trained.

    Attributes:
        study: The study.
        configure: Takes a point, a seed and a number of epochs to stop after, and returns the configuration of the run.
        example: Configuration of one run of the space.
        second: Name of the second objective.
        fixed_seed: Seed of all runs; None: it is drawn for each study.
        max_failures: Failed trials after which the study stops.
        at_once: Trials that this process trains side by side.
        threads: CPU threads of runs that have no number of their own.
    """

    study: Study
    configure: Configure
    example: RunConfig
    second: str | None
    fixed_seed: int | None
    max_failures: int
    at_once: int = 1
    threads: int | None = None

    @property
    def axes(self) -> Axes:
        """The keys in which trials differ and that their names do not tell."""
        names = [parameter.name for parameter in self.study.space.parameters]
        return Axes(tuple(name for name in names if "." in name and "@" not in name))

    def trials(self, view: LineView) -> Trials:
        """Returns what a worker needs to train trials."""
        return Trials(self.configure, view, self.threads, self.second, self.fixed_seed, self.max_failures)


def prepare(searches: Sequence[Search]) -> None:
    """Checks devices, data and folders before the first trial.

    Args:
        searches: All studies of a command, which differ in their searches only.

    Raises:
        UserError: No trial can be trained here.
    """
    configs = [search.example for search in searches if search.study.space.measure is None][:1]
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
            *(configs, configs, searches[0].threads, True),
            on_note=print_line,
            on_import=lambda: print_wait("importing torch"),
        )
    print_line(f"on {' and '.join(sorted({model.device for model in models.values()}))}")


def run_study(search: Search, launch: Callable[[Search], None] | None = None) -> History:
    """Searches until the budget is spent or nothing is left to try, and prints what was found.

    Args:
        search: The study.
        launch: Has other processes work at the study, and waits for them; None: this process does.

    Returns:
        The history.

    Raises:
        UserError: A point cannot be trained, or the study's folder is of another one.
        RunsFailed: Too many trials failed.
    """
    study = search.study
    history = study.open()
    print_line(describe_start(study, history))
    if launch is None:
        work_here(search)
    else:
        launch(search)
    history.refresh()
    for line in describe_end(study, history):
        print_line(line)
    return history


def num_ended(search: Search) -> int:
    """Counts the trials of a study that have ended.

    Args:
        search: The study, whose history is read from its file.

    Returns:
        Their number.
    """
    return len(search.study.open().order)


def work_apart(search: Search) -> None:
    """Works in a process of a launcher, which has prepared nothing: no trial is to pay for imports.

    Args:
        search: The study.
    """
    if search.study.space.measure is None:
        preload_for([search.example])
        finish_imports(lambda: print_wait("importing torch"))
    work_here(search)


def work_here(search: Search) -> None:
    """Lets as many workers work in this process as trials are trained at once.

    Args:
        search: The study.
    """
    console = Console()
    total = search.study.budget.trials or search.study.space.size
    view = LineView(in_sweep=True, axes=search.axes)
    if console.is_terminal and total and search.study.space.measure is None:
        view = LiveView(console, int(total), axes=search.axes)
    with ExitStack() as stack:
        stack.enter_context(view)
        drive([Worker(search.study, search.study.open(), search.trials(view)) for _ in range(search.at_once)])


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
    words = " ".join(study.space.overrides(best.point))
    shown = f"{best.score:.4g} {study.space.unit}".rstrip() if "val" not in details else _scores(details)
    return [*lines, f"best: trial {best.number}, {words}, {shown}"]


def _describe_states(history: History, counted: int) -> str:
    """Says what became of a study's trials, and how many ended too late to count."""
    states = ["stopped by the budget" if trial.number in history.cut else trial.state for trial in history.trials]
    parts = [f"{states.count('told')} told"]
    others = ("pruned", "failed", "running", "stopped by the budget")
    parts += [f"{states.count(state)} {state}" for state in others if state in states]
    late = len(history.order) - counted
    return ", ".join([*parts, *[f"{late} ended after the budget"] * bool(late)])


def _scores(details: object) -> str:
    assert isinstance(details, dict)

    def text(value: float | None) -> str:
        return "-" if value is None else f"{value:.2%}" if details["metric"] == "accuracy" else f"{value:.4g}"

    return f"{details['metric']} val {text(details['val'])}, test {text(details['test'])}"


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """Returns the trial with the best score, the first one of equals; None where none has a score."""
    scored = [trial for trial in trials if trial.score is not None]
    return max(scored, key=lambda trial: (trial.score, -trial.number), default=None)
