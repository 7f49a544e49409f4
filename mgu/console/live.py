"""Live progress of runs on a terminal: bars for the sweep and the current run, energy so far, best run so far."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column
from rich.text import Text

from mgu.config.run import RunConfig
from mgu.console.lines import LineView, describe_energy, describe_scores
from mgu.console.text import describe_s
from mgu.errors import printable
from mgu.results.axes import NO_AXES, Axes
from mgu.results.events import Began, Stepped
from mgu.results.result import Result

ROOMY = 110  # characters
LeftS = Callable[[RunConfig | None], float | None]
REFRESHES_PER_S = 2  # drawing takes processor time from what is measured


class LiveView(LineView):
    """Shows the progress of runs in a live view below the printed lines.

    For a sweep it shows the number of runs that are done, the time left, the energy so far and the best run so far; for
    the current run a bar with its scores.

    Args:
        console: The terminal.
        total: Number of runs in the sweep; None for a single run.
        left_s: Returns the estimated seconds that the rest of the sweep takes, without a run that it is given; None if
            that is not known.
        axes: The keys in which the runs of the sweep differ.
    """

    def __init__(
        self, console: Console, total: int | None, left_s: LeftS = lambda without: None, axes: Axes = NO_AXES
    ) -> None:
        super().__init__(in_sweep=total is not None, axes=axes)
        self.console, self.left_s = console, left_s
        self.own_left_s: float | None = None  # of the current run, once it has an epoch
        self.seen: list[Result] = []
        self.trained: list[Result] = []
        width = 40 if console.width >= ROOMY else 12
        self.runs = Progress(
            TextColumn("runs"), BarColumn(width), MofNCompleteColumn(), TextColumn("{task.fields[left]}", markup=False)
        )
        self.run = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            BarColumn(width),
            TextColumn("{task.fields[scores]}", markup=False),
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
        self.own_left_s = None
        description = f"{self.name_of(config)}  setting up"
        self.run.reset(self.run_bar, description=description, total=None, scores="", visible=True, completed=0)
        self._sum_up()

    def waits(self, what: str) -> None:
        self.run.update(self.run_bar, description=f"{self.name_of(self.config)}  {what}")

    def began(self, event: Began) -> None:
        super().began(event)
        self.done_before = event.epochs_done * event.steps_per_epoch
        total = event.steps_per_epoch * self.config.training.epochs
        description = self._describe(event.epochs_done)
        self.run.update(self.run_bar, total=total, completed=self.done_before, description=description)

    def stepped(self, event: Stepped) -> None:
        self.run.update(self.run_bar, completed=self.done_before + event.steps)

    def epoch_ended(self, row: dict[str, float]) -> None:
        score = self.config.score
        is_roomy = self.console.width >= ROOMY
        scores = describe_scores(row, score) if is_roomy else f"val {score.text(row[f'val_{score.metric}'])}"
        self.own_left_s = self.seconds_left(row)
        scores += f"  at most {describe_s(self.own_left_s)} left"
        self.run.update(self.run_bar, description=self._describe(int(row["epoch"])), scores=scores, visible=True)
        if (
            time.perf_counter() - self.summed_up > 1 / REFRESHES_PER_S
        ):  # it reads the disk: no more often than the view is drawn
            self._sum_up()

    def ended(self, result: Result, number: int | None, remark: str = "") -> None:
        super().ended(result, number, remark)
        self.seen.append(result)
        if not remark:  # a run of an earlier call cost nothing this time
            self.trained.append(result)
        self.own_left_s = None
        self.run.update(self.run_bar, visible=False)
        self.runs.update(self.sweep_bar, completed=len(self.seen))
        self._sum_up()

    @property
    def width(self) -> int | None:
        return self.console.width

    def print_line(self, line: str) -> None:
        self.console.print(Text(printable(line)))

    def _describe(self, epochs_done: int) -> str:
        epochs = self.config.training.epochs
        return f"{self.name_of(self.config)}  epoch {min(epochs_done + 1, epochs)}/{epochs}"

    def _estimate_left_s(self) -> float | None:
        """Estimates the rest of the sweep: the current run by its own epochs, the others by finished runs."""
        if self.own_left_s is None:
            return self.left_s(None)
        others_s = self.left_s(self.config)
        return None if others_s is None else others_s + self.own_left_s

    def _sum_up(self) -> None:
        if not self.in_sweep:
            return
        self.summed_up = time.perf_counter()
        left_s = self._estimate_left_s()
        left = (
            "time left not known before a first run is over" if left_s is None else f"about {describe_s(left_s)} left"
        )
        self.runs.update(self.sweep_bar, left=left)
        parts = [describe_energy(self.trained) or "no energy measured yet"]
        best = min(self.seen, key=lambda result: result.score.place(result.val_score), default=None)
        if best and best.val_score is not None:
            parts.append(f"best so far {self.name_of_result(best)} {best.score.text(best.val_score)}")
        self.summary.plain = "     " + "   ".join(parts)
