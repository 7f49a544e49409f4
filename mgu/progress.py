"""What a run shows while it trains: a bar on a terminal, a line an epoch elsewhere, nothing in a sweep."""

from __future__ import annotations

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

STEPS_PER_UPDATE = 10  # a bar redrawn every step would cost small models time


class Silent:
    """Shows nothing: in a sweep the one line at the end of each run says it all."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def step(self) -> None:
        """One batch is done."""

    def epoch(self, row: dict[str, float]) -> None:
        """One epoch is done; `row` is its line of the history."""


class Lines(Silent):
    """One plain line an epoch, for pipes and log files."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.started = time.perf_counter()

    def epoch(self, row: dict[str, float]) -> None:
        elapsed = time.perf_counter() - self.started
        left = elapsed / row["epoch"] * (self.epochs - row["epoch"])
        print(f"epoch {row['epoch']:.0f}/{self.epochs}  {_scores(row)}  at most {left:.0f} s left", flush=True)


class Bar(Silent):
    """A live bar with epoch, loss, accuracy and the time that is left if training does not stop early."""

    def __init__(self, epochs: int, steps_per_epoch: int, console: Console) -> None:
        self.epochs, self.steps = epochs, 0
        columns = [TextColumn("epoch {task.fields[epoch]}/" + str(epochs)), BarColumn()]
        columns += [
            TextColumn("{task.fields[scores]}"),
            TextColumn("at most"),
            TimeRemainingColumn(),
            TextColumn("left"),
        ]
        self.bar = Progress(*columns, console=console, transient=True)
        self.task = self.bar.add_task("train", total=epochs * steps_per_epoch, epoch=1, scores="")

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()

    def step(self) -> None:
        self.steps += 1
        if self.steps % STEPS_PER_UPDATE == 0:
            self.bar.update(self.task, completed=self.steps)

    def epoch(self, row: dict[str, float]) -> None:
        self.bar.update(self.task, epoch=min(int(row["epoch"]) + 1, self.epochs), scores=_scores(row))


def _scores(row: dict[str, float]) -> str:
    return (
        f"loss {row['train_loss']:.4f}  train {row['train_accuracy']:.2%}  "
        f"val loss {row['val_loss']:.4f}  val {row['val_accuracy']:.2%}"
    )
