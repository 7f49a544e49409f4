"""Ranked tables: one for each experiment, with one row for each model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mgu.report.data_names import name_data, name_options
from mgu.report.ranking.names import name_rows
from mgu.report.ranking.row import Row, Split
from mgu.report.ranking.seeds import group_seeds
from mgu.results.compare.axes import NO_AXES, Axes
from mgu.results.compare.fingerprints import fingerprint_of
from mgu.results.runs.load import Run
from mgu.results.runs.starts import join_starts
from mgu.results.schema.result import Result
from mgu.tasks.score import SCORES, Score, TaskName

TableKey = tuple[str, str, str, TaskName]  # name, data set, split, task


@dataclass(frozen=True)
class Table:
    """Holds the ranking of one experiment, best first.

    Runs on other data, on another split or of another task belong to another experiment; so do those to which a
    function of the user's has returned other rows.

    Attributes:
        experiment: Name of the experiment.
        dataset: Name of the data set, with a number where a function of the user's has returned several sets of rows.
        split: How validation and test data are chosen: "paper" or "holdout".
        task: The kind of task, which decides on the score.
        rows: The models, best first.
        repeated: Runs that repeat a seed of their model; no row holds them.
        axes: The keys in which the models differ, beside what their own names tell.
        is_joined: Whether it holds runs on several data sets or splits, of which the names are joined by " + ".
    """

    experiment: str
    dataset: str
    split: str
    task: TaskName
    rows: list[Row]
    repeated: list[Run]
    axes: Axes = NO_AXES
    is_joined: bool = False

    @property
    def score(self) -> Score:
        """The score that rows are ranked by."""
        return self.rows[0].score

    @property
    def title(self) -> str:
        """The experiment with its data set, what a function of the user's was asked for, and its split."""
        asked = "" if self.is_joined else name_options(self.rows[0].result)
        split = " + ".join(sorted({result.shown_split for result in self.results}))
        return f"{self.experiment} ({self.dataset}{asked}, split: {split})"

    @property
    def dataset_name(self) -> str:
        """The name of the data set alone, as results have it: without the number of its rows in `dataset`."""
        return self.dataset if self.is_joined else self.rows[0].result.dataset

    @property
    def has_other_rows(self) -> bool:
        """Whether a function of the user's has returned other rows to other runs of the experiment."""
        return self.dataset != self.dataset_name

    @property
    def fingerprint(self) -> str | None:
        """Tells which rows a function of the user's has returned to the runs; None where no run knows."""
        return next((fingerprint for result in self.results if (fingerprint := fingerprint_of(result.config))), None)

    @property
    def tested(self) -> Split:
        """The data that models are compared on: held-out test data if there are any, else validation data."""
        return "test" if self.split == "holdout" else "val"

    @property
    def results(self) -> list[Result]:
        """The results of all rows."""
        return [result for row in self.rows for result in row.results]

    @property
    def baselines(self) -> list[Row]:
        """The models of the grid search."""
        return [row for row in self.rows if row.is_baseline]

    @property
    def unit_models(self) -> list[Row]:
        """The models of units with the paper's paths, whatever kind of gates they have."""
        return [row for row in self.rows if row.is_unit]

    @property
    def other_models(self) -> list[Row]:
        """Other blocks (Highway, ...) and users' networks that have units, which are ranked but not compared."""
        return [row for row in self.rows if not (row.is_unit or row.is_baseline)]

    @property
    def has_seeds(self) -> bool:
        """Whether any model was trained with more than one seed."""
        return any(len(row.runs) > 1 for row in self.rows)

    @staticmethod
    def best(rows: Sequence[Row]) -> Row | None:
        """Returns the best ranked of some rows of a table; None if none of them has a score."""
        return next((row for row in rows if row.rank is not None and row.val_score is not None), None)


def rank(runs: Iterable[Run]) -> list[Table]:
    """Ranks the models of each experiment by their mean validation score.

    A model that never ended an epoch follows those that did; one whose runs all failed is last and has no rank.

    Args:
        runs: Finished runs of any experiments, in any order.

    Returns:
        One table for each experiment, sorted by name, data set, split and task.
    """
    experiments: dict[str, list[Run]] = {}
    for run in runs:
        experiments.setdefault(run.result.experiment_name, []).append(run)
    tables: dict[TableKey, list[Run]] = {}
    for name, loaded in experiments.items():
        for run, data in zip(loaded, name_data([run.result for run in loaded]), strict=True):
            tables.setdefault((name, data, run.result.split, run.result.task), []).append(run)
    return [_table(key, tables[key]) for key in sorted(tables)]


def share_score(rows: Iterable[Row]) -> None:
    """Ranks rows that were trained for different scores by the usual one of their task, which all of them have.

    Args:
        rows: Of one task; their scores are set.
    """
    rows = list(rows)
    if len({row.score for row in rows}) > 1:
        for row in rows:
            row.score = SCORES[row.result.task]


def join(tables: Sequence[Table]) -> list[Table]:
    """Joins the tables of an experiment and task on other data or splits, so that these can be compared.

    Args:
        tables: Ranked tables.

    Returns:
        One table for each experiment and task.
    """
    groups: dict[tuple[str, TaskName], list[Table]] = {}
    for table in tables:
        groups.setdefault((table.experiment, table.task), []).append(table)
    joined = list[Table]()
    for (experiment, task), group in groups.items():
        if len(group) == 1 or len({(table.dataset_name, table.split) for table in group}) < len(group):
            # Runs of several sets of rows that one function has returned would be taken for pairs.
            joined += group
            continue
        dataset, split = (
            " + ".join(dict.fromkeys(names)) for names in zip(*((t.dataset, t.split) for t in group), strict=True)
        )
        runs = [run for table in group for run in (*_ranked_runs(table), *table.repeated)]
        joined.append(replace(_table((experiment, dataset, split, task), runs), is_joined=True))
    return joined


def _ranked_runs(table: Table) -> list[Run]:
    return [run for row in table.rows for run in row.runs]


def _table(key: TableKey, runs: list[Run]) -> Table:
    """Returns the ranked table of runs that have one key."""
    groups, repeated = group_seeds(join_starts(runs))
    rows = [Row(group) for group in groups]
    axes = name_rows(rows)
    share_score(rows)
    rows.sort(key=_order)
    for number, row in enumerate(rows, start=1):
        row.rank = None if row.status == "failed" else number
    return Table(*key, rows, repeated, axes)


def _order(row: Row) -> tuple[bool, float, str]:
    """Returns the key by which rows are sorted: failed ones last, then the better score, then the name."""
    return (row.status == "failed", row.score.sort_key(row.val_score), row.name)
