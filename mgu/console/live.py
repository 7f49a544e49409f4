"""Live progress of runs on a terminal: bars for the sweep and each run under way, energy so far, best run so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from mgu.config.run import RunConfig
from mgu.console.lines import LineView, Training
from mgu.console.summary import describe_energy, describe_scores
from mgu.console.text import describe_s
from mgu.results.compare.axes import NO_AXES, Axes
from mgu.results.events import Began, Stepped
from mgu.results.schema.result import Result
from mgu.tasks.score import SCORES
from mgu.text.printable import printable

ROOMY = 110  # characters
LeftS = Callable[[Sequence[Training]], float | None]
REFRESHES_PER_S = 2  # drawing takes processor time from what is measured


class LiveView(LineView):
    """Shows the progress of runs in a live view below the printed lines.

    For a sweep it shows the number of runs that are done, the time left, the energy so far and the best run so far; for
    each run under way a bar with its scores.

    Args:
        console: The terminal.
        total: Number of runs in the sweep; None for a single run.
        left_s: Returns the estimated seconds that the rest of the sweep takes, those under way included; None if that
            is not known.
        axes: The keys in which the runs of the sweep differ.
    """

    def __init__(
        self, console: Console, total: int | None, left_s: LeftS = lambda running: None, axes: Axes = NO_AXES
    ) -> None:
        super().__init__(in_sweep=total is not None, axes=axes)
        self.console, self.left_s = console, left_s
        self.seen: list[Result] = []
        self.trained: list[Result] = []
        width = 40 if console.width >= ROOMY else 12
        self.runs = Progress(
            TextColumn("runs"), BarColumn(width), MofNCompleteColumn(), TextColumn("{task.fields[left]}", markup=False)
        )
        self.running = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            BarColumn(width),
            TextColumn("{task.fields[scores]}", markup=False, table_column=Column(no_wrap=True)),
        )
        self.bars: dict[Training, TaskID] = {}
        self.done_before: dict[Training, int] = {}  # steps of earlier calls
        self.summary = Text()
        self.summed_up = 0.0
        parts = [self.runs, self.summary, self.running] if self.in_sweep else [self.running]
        self.live = Live(Group(*parts), console=console, refresh_per_second=REFRESHES_PER_S, transient=True)
        self.sweep_bar = self.runs.add_task("runs", total=total, left="")

    def __enter__(self) -> None:
        self.live.start()

    def __exit__(self, *exception: object) -> None:
        self.live.stop()

    def started(self, configs: Sequence[RunConfig], folder: str) -> None:
        super().started(configs, folder)
        training = self.trainings[id(configs[0])]
        description = f"{self.name_of(configs[0])}  setting up"
        self.bars[training] = self.running.add_task(description, total=None, scores="")
        self._sum_up()

    def stopped(self, configs: Sequence[RunConfig]) -> None:
        training = self.trainings[id(configs[0])]
        super().stopped(configs)
        self.running.remove_task(self.bars.pop(training))
        self.done_before.pop(training, None)

    def waits(self, config: RunConfig, what: str) -> None:
        bar = self.bars[self.trainings[id(config)]]
        self.running.update(bar, description=f"{self.name_of(config)}  {what}")

    def began(self, training: Training, event: Began) -> None:
        super().began(training, event)
        done = self.done_before[training] = event.epochs_done * event.steps_per_epoch
        total = event.steps_per_epoch * training.config.training.epochs
        description = self._describe(training.config, event.epochs_done)
        self.running.update(self.bars[training], total=total, completed=done, description=description)

    def stepped(self, training: Training, event: Stepped) -> None:
        self.running.update(self.bars[training], completed=self.done_before[training] + event.steps)

    def epoch_ended(self, training: Training, row: dict[str, float]) -> None:
        score = training.config.score
        is_roomy = self.console.width >= ROOMY
        scores = describe_scores(row, score) if is_roomy else f"val {score.text(row[f'val_{score.metric}'])}"
        left = describe_s(training.epoch_ended(row["epoch"]))
        scores += f"  at most {left} left" if is_roomy else f"  < {left}"
        description = self._describe(training.config, int(row["epoch"]))
        self.running.update(self.bars[training], description=description, scores=scores)
        if (
            time.perf_counter() - self.summed_up > 1 / REFRESHES_PER_S
        ):  # it reads the disk: no more often than the view is drawn
            self._sum_up()

    def ended(self, result: Result, number: int | None, remark: str = "") -> None:
        super().ended(result, number, remark)
        self.seen.append(result)
        if not remark:  # a run of an earlier call cost nothing this time
            self.trained.append(result)
        self.runs.update(self.sweep_bar, completed=len(self.seen))
        self._sum_up()

    @property
    def width(self) -> int | None:
        return self.console.width

    def print_line(self, line: str) -> None:
        self.console.print(Text(printable(line)))

    def _describe(self, config: RunConfig, epochs_done: int) -> str:
        epochs = config.training.epochs
        return f"{self.name_of(config)}  epoch {min(epochs_done + 1, epochs)}/{epochs}"

    def _best_so_far(self) -> str:
        """Returns the name and the score of the best run, by the usual score where runs were trained for several."""
        scores = {result.score for result in self.seen}
        score = scores.pop() if len(scores) == 1 else SCORES[self.seen[0].task] if self.seen else None
        if score is None:
            return ""
        values = [(result.val.of(score), result) for result in self.seen if result.val]
        known = [(value, result) for value, result in values if value is not None]
        if not known:
            return ""
        value, best = min(known, key=lambda each: score.sort_key(each[0]))
        return f"{self.name_of_result(best)} {score.text(value)}"

    def _sum_up(self) -> None:
        if not self.in_sweep:
            return
        self.summed_up = time.perf_counter()
        left_s = self.left_s(list(self.bars))
        left = (
            "time left not known before a first run is over" if left_s is None else f"about {describe_s(left_s)} left"
        )
        self.runs.update(self.sweep_bar, left=left)
        parts = [describe_energy(self.trained) or "no energy measured yet"]
        if any(result.contended for result in self.trained):  # each was measured with what others used
            parts = ["energy not known (contended)"]
        if best := self._best_so_far():
            parts.append(f"best so far {best}")
        self.summary.plain = "     " + "   ".join(parts)
