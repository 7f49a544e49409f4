"""The grid trained in its own order, from shallow layouts to deep ones: what its best is after each model."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from mgu.report.ranking.default import depth
from mgu.report.ranking.row import Row
from mgu.report.stats.best_so_far import BestSoFar

NORMS = ("bn_pre", "bn_post", "ln", "no_norm")  # in the order of the paper's grid


@dataclass(frozen=True)
class GridInOrder:
    """Holds the best so far, by validation, of a grid that is trained in order.

    Attributes:
        rows: The models in order.
        seconds: Cost of the models up to each.
        accuracies: Accuracy in 0..1 of the best of these by validation, the mean over seeds.
    """

    rows: tuple[Row, ...]
    seconds: tuple[float, ...]
    accuracies: tuple[float, ...]


def grid_in_order(curve: BestSoFar) -> GridInOrder:
    """Trains the grid in order: by layout from shallow to deep, in it by normalisation, without residual first.

    Args:
        curve: Expected best-so-far of a search in random order, with its models and what is counted.

    Returns:
        The steps.
    """
    rows = sorted(curve.baselines, key=_order)
    spent, seconds, accuracies = 0.0, [], []
    for index, row in enumerate(rows):
        spent += curve.cost_of([row]) or 0.0
        seconds.append(spent)
        accuracies.append(fmean(_best(rows[: index + 1], curve)))
    return GridInOrder(tuple(rows), tuple(seconds), tuple(accuracies))


def _best(rows: list[Row], curve: BestSoFar) -> list[float]:
    """Returns for each seed the accuracy of the best by validation; the mean of those that are equal there."""
    accuracies = []
    for seed in curve.wins:
        scores = [row.accuracies("val")[seed] for row in rows]
        values = [row.accuracies(curve.table.tested)[seed] for row in rows]
        highest = max(scores)
        accuracies.append(fmean(value for score, value in zip(scores, values, strict=True) if score == highest))
    return accuracies


def _order(row: Row) -> tuple[int, str, int, bool, str]:
    norm = row.result.norm or ""
    norm_order = NORMS.index(norm) if norm in NORMS else len(NORMS)
    return (depth(row), row.result.layout, norm_order, bool(row.result.residual), row.name)
