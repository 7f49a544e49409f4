"""What is said while runs train, in plain lines; mgu/console/live.py has the live view for terminals.

A run tells of itself by events, each a method here: began, steps, epoch, note and of_data come from its own process
(mgu/run/execute.py), started and ended from the one that watches it (mgu/sweep/jobs.py).
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import Any

from mgu.config.run import RunConfig
from mgu.console.text import say
from mgu.results.result import Result, describe_method
from mgu.tasks.score import Score


class Lines(AbstractContextManager[None]):
    """For pipes and log files: a single run tells of every epoch, a run of a sweep only of its end."""

    def __init__(self, in_sweep: bool) -> None:
        self.in_sweep = in_sweep

    def __exit__(self, *exception: object) -> None:
        pass

    def event(self, config: RunConfig, name: str, *arguments: Any) -> None:
        """What a run's process sends; several runs may take turns in it."""
        self.config = config
        getattr(self, name)(*arguments)

    def started(self, config: RunConfig, folder: str) -> None:
        """A process for the run is on its way."""
        self.config, self.folder, self.clock = config, folder, time.perf_counter()

    def began(self, device: str, epochs_done: int, steps_per_epoch: int) -> None:
        """The run's set-up is over; it has that many epochs of an earlier call."""
        self.epochs_done, self.clock = epochs_done, time.perf_counter()
        if not self.in_sweep:
            self.say(f"{self.config.name} on {device}; files in {self.folder}")

    def steps(self, steps: int) -> None:
        """So many batches have been trained on since the run began."""

    def epoch(self, row: dict[str, float]) -> None:
        """One more is over, and safe on disk; `row` is its line of the history."""
        if not self.in_sweep:
            epochs = self.config.training.epochs
            left_s = self.epoch_s(row) * (epochs - row["epoch"])
            scores = describe_scores(row, self.config.score)
            self.say(f"epoch {row['epoch']:.0f}/{epochs}  {scores}  at most {left_s:.0f} s left")

    def note(self, text: str) -> None:
        """Something that the user should know of."""
        self.say(f"{self.config.name}: {text}")

    def of_data(self, text: str) -> None:
        """The same of the data: of a sweep's it was said before the first run."""
        if not self.in_sweep:
            self.note(text)

    def ended(self, result: Result, number: int | None, remark: str = "") -> None:
        """The run is over, or was there already."""
        self.say((f"{number:3d}  " if number is not None else "") + summarise(result) + remark)

    def epoch_s(self, row: dict[str, float]) -> float:
        """Seconds an epoch in this call."""
        return (time.perf_counter() - self.clock) / max(row["epoch"] - self.epochs_done, 1)

    def say(self, line: str) -> None:
        """Print one line."""
        say(line)


def summarise(result: Result) -> str:
    """One line: status, score, epochs, time and energy with its method."""
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
    return "  ".join(parts)


def describe_energy(results: list[Result]) -> str:
    """What the runs took together, by component and method; empty where nothing was measured."""
    sums: dict[tuple[str, str], float] = {}
    for energy in (result.energy for result in results if result.energy):
        for part, component in (("CPU", energy.cpu), ("GPU", energy.gpu)):
            if component.method != "none":
                key = (part, component.method)
                sums[key] = sums.get(key, 0.0) + component.kwh
    return "  ".join(f"{part} {kwh * 1000:.3g} Wh ({describe_method(how)})" for (part, how), kwh in sums.items())


def describe_scores(row: dict[str, float], score: Score) -> str:
    """Losses and scores of an epoch; some tasks have no score in training."""
    in_training = row.get(f"train_{score.metric}")
    train = "" if in_training is None else f"train {score.text(in_training)}  "
    return (
        f"loss {row['train_loss']:.4f}  {train}"
        f"val loss {row['val_loss']:.4f}  val {score.text(row[f'val_{score.metric}'])}"
    )
