"""One row of a ranking: a model, its runs by seed, and its scores over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from mgu.data.datasets import find_kind
from mgu.report.ranking.model_cost import ModelCost
from mgu.report.ranking.paper import PaperRow, find_row
from mgu.report.ranking.seeds import Spread, chance_accuracy, spread
from mgu.results.compare.axes import call_lean
from mgu.results.on_disk.correct import read_correct
from mgu.results.runs.load import Run
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.replicate import Replicate
from mgu.results.schema.result import Result
from mgu.tasks.score import BOUNDS, Score

Split = Literal["train", "val", "test"]


@dataclass(eq=False)
class Row:
    """Holds one model of a ranking with all its seeds and folds.

    Attributes:
        runs: Its runs by seed and fold, at least one.
        rank: Its place from 1, given when the rows are sorted; None if all its runs failed.
        name: The name of the run, without fold and seed where there are several; in a table, with its axes.
        score: The metric that it is ranked by: what it was trained for, unless other rows of its table were not.
    """

    runs: tuple[Run, ...]
    rank: int | None = None
    name: str = ""
    score: Score = field(init=False)

    def __post_init__(self) -> None:
        self.name, self.score = self.name or self.own_name, self.result.score

    @cached_property
    def paper(self) -> PaperRow | None:
        """The paper's row of the same model, if there is one."""
        return find_row(self.result)

    @cached_property
    def result(self) -> Result:
        """A result that stands for what all seeds share: the first that did not fail, if there is one."""
        return next((result for result in self.results if result.status != "failed"), self.results[0])

    @cached_property
    def results(self) -> list[Result]:
        """The results of its runs."""
        return [run.result for run in self.runs]

    @cached_property
    def replicates(self) -> list[Replicate]:
        """Seed and fold of each of its runs."""
        return [result.replicate for result in self.results]

    @cached_property
    def cost(self) -> ModelCost:
        """Its time and energy over the seeds."""
        return ModelCost(self.results)

    @property
    def own_name(self) -> str:
        """The name of the run, without fold and seed where there are several, whatever else is in its table."""
        return call_lean(self.result.name if len(self.runs) == 1 else self.result.stem)

    @cached_property
    def examples(self) -> str:
        """A word for what its tests count, in the plural: the examples of its data set, or groups of them."""
        dataset = self.result.config.get("dataset", {})
        are_grouped = dataset.get("groups") or (dataset.get("name") == "images" and self._found_groups)
        return "groups" if are_grouped else self.scored

    @property
    def _found_groups(self) -> bool:
        """Whether images are in groups that nobody named: a table of them may have a column of usual name."""
        read = (read_correct(run.folder, packed=run.packed) for run in self.runs)
        return any(of_run[2] for of_run in read if of_run)

    @property
    def scored(self) -> str:
        """A word for what its accuracies count, in the plural: the examples of its data set, in groups or not."""
        return find_kind(self.result.config.get("dataset", {}).get("name")).examples

    @property
    def is_unit(self) -> bool:
        """Whether it is the paper's unit."""
        return self.result.kind == "unit"

    @property
    def is_baseline(self) -> bool:
        """Whether it is a model of the grid search."""
        return self.result.kind == "baseline"

    @property
    def tested(self) -> Split:
        """The data that it is compared on: held-out test data if there are any, else validation data."""
        return "test" if self.result.split == "holdout" else "val"

    @property
    def status(self) -> str:
        """The status that all seeds share, or how many seeds have each status."""
        counts = Counter(result.status for result in self.results)
        if len(counts) == 1:
            return self.result.status
        return ", ".join(f"{counts[status]} {status}" for status in ("ok", "diverged", "failed") if counts[status])

    def values(self, split: Split, metric: str) -> dict[Replicate, float]:
        """Returns the metric by seed and fold, over the runs that did not fail; {} if no seed was evaluated.

        The accuracy of a run that diverged before its first epoch ended counts as a guess; it has no other metric.
        """
        key = (split, metric)
        if key not in self._values:
            self._values[key] = self._read_values(split, metric)
        return self._values[key]

    def _read_values(self, split: Split, metric: str) -> dict[Replicate, float]:
        """Implements `values`."""
        ended = [
            (result, replicate)
            for result, replicate in zip(self.results, self.replicates, strict=True)
            if result.status != "failed"
        ]
        metrics: list[Metrics | None] = [getattr(result, split) for result, _ in ended]
        if not any(metrics):
            return {}
        is_accuracy = metric == "accuracy" and self.result.task == "classification"
        lost = chance_accuracy(self.result) if is_accuracy else None
        values = {
            replicate: getattr(of_split, metric) if of_split else lost
            for (result, replicate), of_split in zip(ended, metrics, strict=True)
            if of_split or result.val is None
        }
        return {replicate: value for replicate, value in values.items() if value is not None}

    def accuracies(self, split: Split) -> dict[Replicate, float]:
        """Returns the accuracy by seed and fold, see `values`; {} for a task without accuracy."""
        return self.values(split, "accuracy")

    def spread(self, split: Split, metric: str = "accuracy") -> Spread | None:
        """Returns mean and interval over the seeds, within the metric's bounds; None if no seed was evaluated."""
        key = (split, metric)
        if key not in self._spreads:
            self._spreads[key] = _within_bounds(spread(self.values(split, metric)), metric)
        return self._spreads[key]

    def spread_over(self, replicates: Collection[Replicate], split: Split) -> Spread | None:
        """Returns mean and interval of the accuracy over some of the seeds; over all where it has none of them."""
        every = self.accuracies(split)
        shared = {replicate: value for replicate, value in every.items() if replicate in replicates}
        return _within_bounds(spread(shared or every), "accuracy")

    @property
    def val_accuracy(self) -> float | None:
        """Mean validation accuracy; None for a task without accuracy, too."""
        val = self.spread("val")
        return val.mean if val else None

    @property
    def val_score(self) -> float | None:
        """Mean of the validation metric that the row is ranked by."""
        val = self.spread("val", self.score.metric)
        return val.mean if val else None

    @cached_property
    def _values(self) -> dict[tuple[Split, str], dict[Replicate, float]]:
        """The values that were read already, by split and metric."""
        return {}

    @cached_property
    def _spreads(self) -> dict[tuple[Split, str], Spread | None]:
        """The spreads that were computed already, by split and metric."""
        return {}


def _within_bounds(over_seeds: Spread | None, metric: str) -> Spread | None:
    """Returns a spread whose interval lies within the bounds of its metric."""
    if over_seeds is None or over_seeds.low is None or over_seeds.high is None:
        return over_seeds
    low, high = BOUNDS[metric]
    return over_seeds._replace(low=max(over_seeds.low, low), high=min(over_seeds.high, high))
