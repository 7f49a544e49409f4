"""Plain-text progress of runs, for pipes and log files; mgu/console/live.py has the live view for terminals."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import assert_never

from mgu.config.run import RunConfig
from mgu.console.failures import describe_failure
from mgu.console.text import print_line, print_wait
from mgu.results.events import Began, DataNote, EpochEnded, Note, Progress, Stepped
from mgu.results.result import Result, describe_method
from mgu.tasks.score import Score


class LineView(AbstractContextManager[None]):
    """Shows the progress of runs in plain lines: every epoch of a single run, only the end of a run in a sweep.

    Args:
        in_sweep: Whether the runs belong to a sweep.
    """

    def __init__(self, in_sweep: bool) -> None:
        self.in_sweep = in_sweep

    def __exit__(self, *exception: object) -> None:
        pass

    def handle(self, config: RunConfig, event: Progress) -> None:
        """Shows an event of a run; the runs of one process may take turns in sending them.

        Args:
            config: Configuration of the run that sent the event.
            event: The event.
        """
        self.config = config
        match event:
            case Began():
                self.began(event)
            case Stepped():
                self.stepped(event)
            case EpochEnded(row):
                self.epoch_ended(row)
            case Note(text):
                self.note(text)
            case DataNote(text):
                self.data_note(text)
            case _:
                assert_never(event)

    def started(self, config: RunConfig, folder: str) -> None:
        """Shows that a process for the run is being started."""
        self.config, self.folder, self.started_s = config, folder, time.perf_counter()

    def waits(self, what: str) -> None:
        """Shows what the run waits for before it can begin."""
        print_wait(what)

    def began(self, event: Began) -> None:
        """Shows that the run's set-up is over and training begins."""
        self.epochs_done, self.started_s = event.epochs_done, time.perf_counter()
        if not self.in_sweep:
            self.print_line(f"{self.config.name} on {event.device}; files in {self.folder}")

    def stepped(self, event: Stepped) -> None:
        """Shows the number of batches trained on; plain lines do not."""

    def epoch_ended(self, row: dict[str, float]) -> None:
        """Shows the scores of an epoch; `row` is its line of history.csv."""
        if not self.in_sweep:
            epochs = self.config.training.epochs
            scores = describe_scores(row, self.config.score)
            left_s = self.seconds_left(row)
            self.print_line(f"epoch {row['epoch']:.0f}/{epochs}  {scores}  at most {left_s:.0f} s left")

    def note(self, text: str) -> None:
        """Shows a message of the run."""
        self.print_line(f"{self.config.name}: {text}")

    def data_note(self, text: str) -> None:
        """Shows a message about the data, except in a sweep, which has shown it before its first run."""
        if not self.in_sweep:
            self.note(text)

    def ended(self, result: Result, number: int | None, remark: str = "") -> None:
        """Shows the result of a run that is over.

        Args:
            result: The run's result.
            number: Number of the job in its sweep; None for a single run.
            remark: Appended to the line, if the run was not trained by this call.
        """
        self.print_line((f"{number:3d}  " if number is not None else "") + summarise(result) + remark)

    def seconds_left(self, row: dict[str, float]) -> float:
        """Returns an upper bound of the seconds that the run still takes, from the mean epoch of this call."""
        epoch_s = (time.perf_counter() - self.started_s) / max(row["epoch"] - self.epochs_done, 1)
        return epoch_s * (self.config.training.epochs - row["epoch"])

    def print_line(self, line: str) -> None:
        """Prints one line."""
        print_line(line)


def summarise(result: Result) -> str:
    """Summarises a run in one line.

    Args:
        result: The run's result.

    Returns:
        Status, validation score, epochs, seconds to solution, energy in Wh with its method, and why it failed.
    """
    parts = [f"{result.name:32}", f"{result.status:8}"]
    value = result.val_score
    parts.append("val       -" if value is None else f"val {result.score.text(value, 7)}")
    parts.append(f"{result.epochs:3d} epochs")
    if result.seconds:
        parts.append(f"{result.seconds.to_solution:7.1f} s")
    parts += ["resumed"] * bool(result.resumed) + ["contended"] * result.contended
    if result.trained_together > 1:
        parts.append(f"one of {result.trained_together} trained together")
    if energy := describe_energy([result]):
        parts.append(energy)
    if result.status == "failed":
        parts.append(describe_failure(result.error))
    return "  ".join(parts)


def describe_energy(results: Sequence[Result]) -> str:
    """Describes the total energy of runs.

    Args:
        results: Results of the runs.

    Returns:
        Energy in Wh by component and method; an empty string if none was measured.
    """
    sums: dict[tuple[str, str], float] = {}
    for energy in (result.energy for result in results if result.energy):
        for part, component in (("CPU", energy.cpu), ("GPU", energy.gpu)):
            if component.method != "none":
                key = (part, component.method)
                sums[key] = sums.get(key, 0.0) + component.kwh
    return "  ".join(f"{part} {kwh * 1000:.3g} Wh ({describe_method(how)})" for (part, how), kwh in sums.items())


def describe_scores(row: dict[str, float], score: Score) -> str:
    """Describes an epoch by its losses and scores.

    Args:
        row: The epoch's line of history.csv.
        score: Score of the task; some tasks have none on the training data.

    Returns:
        Training loss and score, validation loss and score.
    """
    in_training = row.get(f"train_{score.metric}")
    train = "" if in_training is None else f"train {score.text(in_training)}  "
    return (
        f"loss {row['train_loss']:.4f}  {train}"
        f"val loss {row['val_loss']:.4f}  val {score.text(row[f'val_{score.metric}'])}"
    )
