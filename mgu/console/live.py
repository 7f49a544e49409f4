"""The live view of a terminal: how far the sweep is and the run under way, what it cost so far, and the best of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column
from rich.text import Text

from mgu.config.run import RunConfig
from mgu.console.lines import Lines, describe_energy, describe_scores
from mgu.console.text import describe_s
from mgu.results.result import Result

ROOMY = 110  # characters
REFRESHES_PER_S = 2  # drawing takes processor time from what is measured


class Screen(Lines):
    """On a terminal: one live view below the lines. Of a sweep it shows how many runs are done, how long the rest will
    take, the energy so far and the best run so far; of the run under way a bar with its scores.
    """

    def __init__(self, console: Console, total: int | None, left_s: Callable[[], float | None] = lambda: None) -> None:
        """total: runs of the sweep, None for a single one; left_s: what the rest of the sweep will take."""
        super().__init__(in_sweep=total is not None)
        self.console, self.left_s = console, left_s
        self.seen: list[Result] = []
        self.trained: list[Result] = []
        width = 40 if console.width >= ROOMY else 12
        self.runs = Progress(
            TextColumn("runs"), BarColumn(width), MofNCompleteColumn(), TextColumn("{task.fields[left]}")
        )
        self.run = Progress(
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(width),
            TextColumn("{task.fields[scores]}"),
        )
        self.summary = Text()
        self.summed_up = 0.0
        parts = [self.runs, self.summary, self.run] if self.in_sweep else [self.run]
        self.live = Live(Group(*parts), console=console, refresh_per_second=REFRESHES_PER_S, transient=True)
        self.sweep_bar = self.runs.add_task("runs", total=total, left="")
        self.run_bar = self.run.add_task("", total=None, scores="", visible=False)

    def __enter__(self) -> None:
        self.live.start()

    def __exit__(self, *exception: object) -> None:
        self.live.stop()

    def started(self, config: RunConfig, folder: str) -> None:
        super().started(config, folder)
        self.run.reset(
            self.run_bar, description=f"{config.name}  setting up", total=None, scores="", visible=True, completed=0
        )
        self._sum_up()

    def began(self, device: str, epochs_done: int, steps_per_epoch: int) -> None:
        super().began(device, epochs_done, steps_per_epoch)
        self.done_before = epochs_done * steps_per_epoch
        total = steps_per_epoch * self.config.training.epochs
        self.run.update(self.run_bar, total=total, completed=self.done_before, description=self._describe(epochs_done))

    def steps(self, steps: int) -> None:
        self.run.update(self.run_bar, completed=self.done_before + steps)

    def epoch(self, row: dict[str, float]) -> None:
        left_s = self.epoch_s(row) * (self.config.training.epochs - row["epoch"])
        score = self.config.score
        is_roomy = self.console.width >= ROOMY
        scores = describe_scores(row, score) if is_roomy else f"val {score.text(row[f'val_{score.metric}'])}"
        scores += f"  at most {describe_s(left_s)} left"
        self.run.update(self.run_bar, description=self._describe(int(row["epoch"])), scores=scores, visible=True)
        if time.perf_counter() - self.summed_up > 1 / REFRESHES_PER_S:  # it looks at the disk: not oftener than drawn
            self._sum_up()

    def ended(self, result: Result, number: int | None, remark: str = "") -> None:
        super().ended(result, number, remark)
        self.seen.append(result)
        if not remark:  # what was there already cost nothing this time
            self.trained.append(result)
        self.run.update(self.run_bar, visible=False)
        self.runs.update(self.sweep_bar, completed=len(self.seen))
        self._sum_up()

    def say(self, line: str) -> None:
        self.console.print(Text(line))

    def _describe(self, epochs_done: int) -> str:
        epochs = self.config.training.epochs
        return f"{self.config.name}  epoch {min(epochs_done + 1, epochs)}/{epochs}"

    def _sum_up(self) -> None:
        if not self.in_sweep:
            return
        self.summed_up = time.perf_counter()
        left_s = self.left_s()
        left = (
            "time left not known before a first run is over" if left_s is None else f"about {describe_s(left_s)} left"
        )
        self.runs.update(self.sweep_bar, left=left)
        parts = [describe_energy(self.trained) or "no energy measured yet"]
        best = min(self.seen, key=lambda result: result.score.place(result.val_score), default=None)
        if best and best.val_score is not None:
            parts.append(f"best so far {best.name} {best.score.text(best.val_score)}")
        self.summary.plain = "     " + "   ".join(parts)
