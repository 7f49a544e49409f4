"""From results to ranked rows, one table per experiment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mgu.report.paper import PaperRow, find_row
from mgu.results import Component, Result
from mgu.score import SCORES, Score, TaskName

SHORT_S = 10.0  # a shorter run gives codecarbon too few readings


@dataclass(frozen=True)
class Row:
    """A result with its rank (None for a failed run) and the paper's row for it, where there is one."""

    rank: int | None
    result: Result
    paper: PaperRow | None

    @property
    def tts_s(self) -> float | None:
        return self.result.seconds.to_solution if self.result.seconds else None

    @property
    def is_short(self) -> bool:
        return self.tts_s is not None and self.tts_s < SHORT_S

    @property
    def is_disturbed(self) -> bool:
        """Whether its time and energy are not those of one run on its own: such stay out of ratios."""
        return self.result.contended or self.result.resumed > 0

    @property
    def marks(self) -> str:
        """Of its time, explained below the table: ~ short, ! contended, + resumed."""
        return "~" * self.is_short + "!" * self.result.contended + "+" * (self.result.resumed > 0)

    @property
    def val_score(self) -> float | None:
        return self.result.val_score

    def component(self, part: str) -> Component | None:
        """Energy of "cpu", "gpu" or "ram"; None where it was not measured or there was nothing to count."""
        if self.result.energy is None:
            return None
        component: Component = getattr(self.result.energy, part)
        return None if component.method == "none" else component


@dataclass(frozen=True)
class Table:
    """The ranking of one experiment, best first. Runs on other data, of another task or validated otherwise are another
    experiment."""

    experiment: str
    dataset: str
    split: str
    task: TaskName
    rows: list[Row]

    @property
    def score(self) -> Score:
        """What its rows are ranked by."""
        return SCORES[self.task]

    @property
    def title(self) -> str:
        """The experiment, its data set, and what validated."""
        return f"{self.experiment} ({self.dataset}, split: {self.split})"

    @property
    def baselines(self) -> list[Row]:
        return [row for row in self.rows if row.result.model == "baseline"]

    @property
    def units(self) -> list[Row]:
        return [row for row in self.rows if row.result.model == "unit"]

    def best(self, rows: list[Row]) -> Row | None:
        """The first ranked of `rows`, which are some of this table's."""
        return next((row for row in rows if row.rank is not None and row.val_score is not None), None)


def rank(results: Iterable[Result]) -> list[Table]:
    """A table per experiment, by the score of validation; what diverged before any epoch was over comes after what has
    one, what failed last and without a rank."""
    experiments: dict[tuple[str, str, str, TaskName], list[Result]] = {}
    for result in results:
        key = (result.experiment_name, result.dataset, result.split, result.task)
        experiments.setdefault(key, []).append(result)
    return [Table(*key, _rank_rows(experiments[key])) for key in sorted(experiments)]


def _rank_rows(results: list[Result]) -> list[Row]:
    ordered = sorted(results, key=_order)
    return [
        Row(None if result.status == "failed" else place, result, find_row(result))
        for place, result in enumerate(ordered, start=1)
    ]


def _order(result: Result) -> tuple[bool, float, str]:
    return (result.status == "failed", result.score.place(result.val_score), result.name)
