"""From runs to ranked rows, a row a model over its seeds, a table an experiment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Literal

from mgu.data.datasets import find_kind
from mgu.report.ranking.paper import PaperRow, find_row
from mgu.report.ranking.seeds import Spread, group_seeds, guess, spread, stem
from mgu.report.ranking.validity import component_of, is_disturbed, is_short, is_starved
from mgu.results.load import Run
from mgu.results.result import Component, Metrics, Result
from mgu.tasks.score import BOUNDS, SCORES, Score, TaskName

Split = Literal["train", "val", "test"]
Experiment = tuple[str, str, str, TaskName]  # its name, data set, split and task


@dataclass(frozen=True)
class Row:
    """A model: its runs by seed, one at least, and its rank (None if all failed)."""

    rank: int | None
    runs: tuple[Run, ...]

    @cached_property
    def paper(self) -> PaperRow | None:
        """The paper's row of the same model, if there is one."""
        return find_row(self.result)

    @property
    def result(self) -> Result:
        """One that did not fail, if any: for what all seeds share."""
        return next((result for result in self.results if result.status != "failed"), self.results[0])

    @cached_property
    def results(self) -> list[Result]:
        return [run.result for run in self.runs]

    @property
    def name(self) -> str:
        """That of the run, or without a seed where there are several."""
        return self.result.name if len(self.runs) == 1 else stem(self.result)

    @property
    def examples(self) -> str:
        """What it was trained on, in a word."""
        return find_kind(self.result.config.get("dataset", {}).get("name")).examples

    @property
    def is_unit(self) -> bool:
        return self.result.kind == "unit"

    @property
    def is_baseline(self) -> bool:
        return self.result.kind == "baseline"

    @property
    def status(self) -> str:
        """What every seed came to, or how many came to what."""
        counts = Counter(result.status for result in self.results)
        if len(counts) == 1:
            return self.result.status
        return ", ".join(f"{counts[status]} {status}" for status in ("ok", "diverged", "failed") if counts[status])

    def values(self, split: Split, metric: str) -> dict[int, float]:
        """By seed, of those that did not fail; nothing where no seed was evaluated. One that diverged before its first
        epoch was over counts as a guess in accuracy, and has no other metric.
        """
        if (split, metric) not in self._values:
            self._values[split, metric] = self._find_values(split, metric)
        return self._values[split, metric]

    @cached_property
    def _values(self) -> dict[tuple[Split, str], dict[int, float]]:
        return {}

    def _find_values(self, split: Split, metric: str) -> dict[int, float]:
        ended = [result for result in self.results if result.status != "failed"]
        metrics: list[Metrics | None] = [getattr(result, split) for result in ended]
        if not any(metrics):
            return {}
        lost = guess(self.result) if metric == "accuracy" and self.result.task == "classification" else None
        found = {
            result.seed: getattr(own, metric) if own else lost
            for result, own in zip(ended, metrics, strict=True)
            if own or result.val is None
        }
        return {seed: value for seed, value in found.items() if value is not None}

    def accuracies(self, split: Split) -> dict[int, float]:
        """Of a task that has them, see `values`."""
        return self.values(split, "accuracy")

    @cached_property
    def _spreads(self) -> dict[tuple[Split, str], Spread | None]:
        return {}

    def spread(self, split: Split, metric: str = "accuracy") -> Spread | None:
        """Over the seeds; None where there is nothing. An interval ends where the metric's values do."""
        key = (split, metric)
        if key not in self._spreads:
            found = spread(list(self.values(split, metric).values()))
            if found and found.low is not None and found.high is not None:
                low, high = BOUNDS[metric]
                found = found._replace(low=max(found.low, low), high=min(found.high, high))
            self._spreads[key] = found
        return self._spreads[key]

    @property
    def val_accuracy(self) -> float | None:
        """None of another task, too."""
        own = self.spread("val")
        return own.mean if own else None

    @property
    def val_score(self) -> float | None:
        """Mean of what it is ranked by."""
        own = self.spread("val", self.result.score.metric)
        return own.mean if own else None

    @cached_property
    def charged(self) -> list[Result]:
        """The runs that its part in a search's cost is taken from: those on their own and in one go, else all."""
        known = [result for result in self.results if result.seconds]
        return [result for result in known if not is_disturbed(result)] or known

    @cached_property
    def timed(self) -> list[Result]:
        """The runs that its time to solution and energy are taken from: what failed came to no solution."""
        return [result for result in self.charged if result.status != "failed"]

    @property
    def tts_s(self) -> float | None:
        return _mean(result.seconds.to_solution for result in self.timed if result.seconds)

    @property
    def is_disturbed(self) -> bool:
        """Whether no run has a time and energy of its own: such a row is in no ratio."""
        return all(is_disturbed(result) for result in self.timed)

    @property
    def is_short(self) -> bool:
        return any(is_short(result) for result in self.timed)

    @property
    def is_starved(self) -> bool:
        return any(is_starved(result) for result in self.timed)

    @property
    def marks(self) -> str:
        """Of its time, explained below the table: ~ short, ! contended or starved, + resumed."""
        is_contended = self.is_starved or any(result.contended for result in self.timed)
        is_resumed = any(result.resumed for result in self.timed)
        return "~" * self.is_short + "!" * is_contended + "+" * is_resumed

    def mean_energy(self, name: str) -> float | None:
        """Of a number that Energy has beside its components; None where a run lacks it."""
        values = [getattr(result.energy, name) for result in self.timed if result.energy]
        return _mean(values) if len(values) == len(self.timed) else None

    def component(self, part: str) -> Component | None:
        """Mean energy of "cpu", "gpu" or "ram", methods joined by "+"; None where a run lacks it or has none."""
        components = [component_of(result, part) for result in self.timed]
        known = [component for component in components if component]
        if not known or len(known) < len(components):
            return None
        methods = "+".join(sorted({component.method for component in known}))
        return Component(kwh=fmean(component.kwh for component in known), method=methods)


@dataclass(frozen=True)
class Table:
    """The ranking of one experiment, best first. Runs on other data, of another task or validated otherwise are another
    experiment.

    `repeated` are runs that repeat a seed of their model: they are in no row.
    """

    experiment: str
    dataset: str
    split: str
    task: TaskName
    rows: list[Row]
    repeated: list[Run]

    @property
    def score(self) -> Score:
        """What its rows are ranked by."""
        return SCORES[self.task]

    @property
    def title(self) -> str:
        """The experiment, its data set, and what validated."""
        return f"{self.experiment} ({self.dataset}, split: {self.split})"

    @property
    def tested(self) -> Split:
        """What is compared: test images where some were kept back, else what validated."""
        return "test" if self.split == "holdout" else "val"

    @property
    def results(self) -> list[Result]:
        return [result for row in self.rows for result in row.results]

    @property
    def baselines(self) -> list[Row]:
        """The grid."""
        return [row for row in self.rows if row.is_baseline]

    @property
    def units(self) -> list[Row]:
        """With the paper's paths, by whatever gates."""
        return [row for row in self.rows if row.is_unit]

    @property
    def blocks(self) -> list[Row]:
        """Neither of both: ranked, and no more."""
        return [row for row in self.rows if not (row.is_unit or row.is_baseline)]

    @property
    def has_seeds(self) -> bool:
        """Whether any model was trained more than once."""
        return any(len(row.runs) > 1 for row in self.rows)

    @staticmethod
    def best(rows: Sequence[Row]) -> Row | None:
        """The first ranked of `rows`, which are some of a table's."""
        return next((row for row in rows if row.rank is not None and row.val_score is not None), None)


def rank(runs: Iterable[Run]) -> list[Table]:
    """A table per experiment, by the mean score of validation; what never ended an epoch comes after what did, what
    failed last and without a rank.
    """
    experiments: dict[Experiment, list[Run]] = {}
    for run in runs:
        result = run.result
        key = (result.experiment_name, result.dataset, result.split, result.task)
        experiments.setdefault(key, []).append(run)
    return [_table(key, experiments[key]) for key in sorted(experiments)]


def _table(key: Experiment, runs: list[Run]) -> Table:
    groups, repeated = group_seeds(runs)
    rows = sorted((Row(None, group) for group in groups), key=_order)
    ranked = [Row(None if row.status == "failed" else place, row.runs) for place, row in enumerate(rows, start=1)]
    return Table(*key, ranked, repeated)


def _order(row: Row) -> tuple[bool, float, str]:
    return (row.status == "failed", row.result.score.place(row.val_score), row.name)


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return fmean(known) if known else None
