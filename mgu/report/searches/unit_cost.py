"""The unit that searches are compared with: its scores, and what training all units once costs."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.results.schema.result import Result
from mgu.search.clock import Clock
from mgu.search.costs import cost_of


@dataclass(frozen=True)
class Unit:
    """Holds what the searches are compared with.

    Attributes:
        name: Name of the best unit.
        cost: What training all units once costs, the mean over seeds.
        val: Validation score of the best unit, the mean over seeds.
        test: Its test score; None where there is none.
        params: Its trainable parameters.
        trials: Number of units that were trained, all of which were paid for.
    """

    name: str
    cost: float
    val: float
    test: float | None
    params: int | None
    trials: int = 1


def unit_of(table: Table, clock: Clock, searched: frozenset[str] = frozenset()) -> Unit | None:
    """Finds the unit of a table, at its cost by a clock.

    Args:
        table: A ranked table.
        clock: By which costs are counted.
        searched: Names of the folders of the runs that searches trained. Units of which these are all runs are trials,
            which would be compared with themselves.

    Returns:
        The unit; None where none has both a score and a cost, by a training from new weights.
    """
    own = [row for row in table.unit_models if not {result.folder_name for result in row.results} <= searched]
    rows = [row for row in own if not row.cost.is_partial]
    best = table.best(rows)
    costs_of_rows = [[run_cost(result, clock) for result in row.results if result.seconds] for row in rows]
    timed = [costs for costs in costs_of_rows if costs]
    means = [fmean(cost for cost in costs if cost is not None) for costs in timed if None not in costs]
    val = mean_score(best, "val") if best else None
    if best is None or val is None or not means or len(means) < len(timed):
        return None
    return Unit(
        name=best.name,
        cost=sum(means),
        val=val,
        test=mean_score(best, "test"),
        params=best.result.params_trainable,
        trials=len(means),
    )


def run_cost(result: Result, clock: Clock) -> float | None:
    """Returns what a run cost by a clock; None where it does not tell it."""
    return clock.of(cost_of(result), result.seconds.to_solution if result.seconds else None)


def mean_score(row: Row, split: str) -> float | None:
    """Returns the score of a row on a split, the mean over its seeds; None where no run has one."""
    of_runs = (metrics.of(row.score) for result in row.results if (metrics := getattr(result, split)))
    scores = [score for score in of_runs if score is not None]
    return fmean(scores) if scores else None
