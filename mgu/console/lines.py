"""Plain-text progress of runs, for pipes and log files; mgu/console/live.py has the live view for terminals."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import assert_never

from mgu.config.run import RunConfig
from mgu.console.summary import describe_epoch, fit_parts, summarise
from mgu.console.text import print_line, print_wait
from mgu.results.compare.axes import NO_AXES, Axes
from mgu.results.events import Began, DataNote, EpochEnded, Note, Progress, Stepped
from mgu.results.schema.result import Result


class Training:
    """Holds what a view knows of a process that trains one run, or several that take turns.

    Args:
        configs: Configurations of the runs.
        folder: The first run's folder.

    Attributes:
        configs: As above.
        config: Of the run that the latest event came from.
        folder: As above.
        started_s: When the process was started, then when training began, on the clock of time.perf_counter.
        epochs_done: Epochs that an earlier call has trained.
        left_s: Upper bound of the seconds that are left, once an epoch is over.
    """

    def __init__(self, configs: Sequence[RunConfig], folder: str) -> None:
        self.configs, self.config, self.folder = configs, configs[0], folder
        self.started_s, self.epochs_done = time.perf_counter(), 0
        self.left_s: float | None = None

    def began(self, epochs_done: int) -> None:
        """Records that training begins."""
        self.epochs_done, self.started_s = epochs_done, time.perf_counter()

    def epoch_ended(self, epoch: float) -> float:
        """Records an epoch; returns `left_s`, by the mean epoch of this call."""
        epoch_s = (time.perf_counter() - self.started_s) / max(epoch - self.epochs_done, 1)
        self.left_s = epoch_s * (self.config.training.epochs_now - epoch)
        return self.left_s


class LineView(AbstractContextManager[None]):
    """Shows the progress of runs in plain lines: every epoch of a single run, only the end of a run in a sweep.

    Args:
        in_sweep: Whether the runs belong to a sweep.
        axes: The keys in which the runs of the sweep differ.

    Attributes:
        announced: Messages about data that were shown; None: all of them, as before the first run of a sweep. It can be
            set.
    """

    def __init__(self, in_sweep: bool, axes: Axes = NO_AXES) -> None:
        self.in_sweep, self.axes = in_sweep, axes
        self.announced: set[str] | None = None if in_sweep else set()
        self.trainings: dict[int, Training] = {}  # by the id of each configuration: to hash one takes long

    def __exit__(self, *exception: object) -> None:
        pass

    def handle(self, config: RunConfig, event: Progress) -> None:
        """Shows an event of a run; the runs of one process may take turns in sending them.

        Args:
            config: Configuration of the run that sent the event, one of those that were `started`.
            event: The event.
        """
        training = self.trainings[id(config)]
        training.config = config
        match event:
            case Began():
                self.began(training, event)
            case Stepped():
                self.stepped(training, event)
            case EpochEnded(row):
                self.epoch_ended(training, row)
            case Note(text):
                self.note(training, text)
            case DataNote(text):
                self.data_note(training, text)
            case _:
                assert_never(event)

    def started(self, configs: Sequence[RunConfig], folder: str) -> None:
        """Shows that a process for the runs is being started.

        Args:
            configs: Configurations of the runs, which are trained together.
            folder: The first run's folder.
        """
        self.trainings |= dict.fromkeys(map(id, configs), Training(configs, folder))

    def stopped(self, configs: Sequence[RunConfig]) -> None:
        """Shows that the process of the runs is over, however it ended."""
        for config in configs:
            self.trainings.pop(id(config), None)

    def waits(self, config: RunConfig, what: str) -> None:
        """Shows what a run waits for before it can begin."""
        print_wait(what)

    def began(self, training: Training, event: Began) -> None:
        """Shows that the run's set-up is over and training begins."""
        training.began(event.epochs_done)
        if not self.in_sweep:
            self.print_line(f"{self.name_of(training.config)} on {event.device}; files in {training.folder}")

    def stepped(self, training: Training, event: Stepped) -> None:
        """Shows the number of batches trained on; plain lines do not."""

    def epoch_ended(self, training: Training, row: dict[str, float]) -> None:
        """Shows the scores of an epoch; `row` is its line of history.csv."""
        if not self.in_sweep:
            parts = describe_epoch(row, training.config.score)
            epoch = f"epoch {row['epoch']:.0f}/{training.config.training.epochs}"
            left = f"at most {training.epoch_ended(row['epoch']):.0f} s left"
            self.print_line(fit_parts([epoch, *parts.values(), left], [parts["val loss"], parts["loss"]], self.width))

    def note(self, training: Training, text: str) -> None:
        """Shows a message of the run."""
        self.print_line(f"{self.name_of(training.config)}: {text}")

    def data_note(self, training: Training, text: str) -> None:
        """Shows a message about the data that was not shown before."""
        if self.announced is not None and text not in self.announced:
            self.announced.add(text)
            self.note(training, text)

    def ended(self, result: Result, number: int | None, remark: str = "") -> None:
        """Shows the result of a run that is over, without the lesser parts where the terminal is too narrow.

        Args:
            result: The run's result.
            number: Number of the job in its sweep; None for a single run.
            remark: Appended to the line, if the run was not trained by this call.
        """
        prefix = f"{number:3d}  " if number is not None else ""
        width = self.width and self.width - len(prefix) - len(remark)
        self.print_line(prefix + summarise(result, self.name_of_result(result), width) + remark)

    def name_of(self, config: RunConfig) -> str:
        """Returns what people call a run: in a sweep by what tells it from the others."""
        return self.axes.name(config.name, config.seed, config.model_dump(mode="json"))

    def name_of_result(self, result: Result) -> str:
        """Returns what people call the run of a result."""
        return self.axes.name(result.name, result.seed, result.config)

    @property
    def width(self) -> int | None:
        """Characters of a line of the terminal; None for a pipe or a file, whose lines are never shortened."""
        return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

    def print_line(self, line: str) -> None:
        """Prints one line."""
        print_line(line)
