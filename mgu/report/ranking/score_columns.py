"""Columns of the metrics on each split, with their spread over seeds."""

from __future__ import annotations

from mgu.report.ranking.class_scores import find_largest
from mgu.report.ranking.column import Column, column_for_machines
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row, Split
from mgu.tasks.score import shorten


def score_columns(split: Split, table: Table) -> list[Column]:
    """Returns the columns of the metrics on one split that any row has: accuracies in percent, others as they are.

    People see the score of every split, and two other metrics of the compared split: more would not fit a page. One is
    macro F1, but only where classes are not equally frequent.

    Args:
        split: The split.
        table: A ranked table.

    Returns:
        The columns.
    """
    names = [table.score.metric, *table.score.others]
    known = [name for name in names if any(row.spread(split, name) for row in table.rows)]
    shown = [name for name in names[:3] if name != "macro_f1" or find_largest(table.results)]
    return [
        column
        for name in known
        for column in _over_seeds(
            split, name, table, is_shown=name == names[0] or (split == table.tested and name in shown)
        )
    ]


def _over_seeds(split: Split, metric: str, table: Table, is_shown: bool = True) -> list[Column]:
    """Returns the columns of one metric: its mean with the deviation, and its interval.

    Deviation and interval are hidden where every model has one seed, and left out for training data.
    """
    is_accuracy = metric.endswith("accuracy")
    scale, key = 100 if is_accuracy else 1, f"{split}_{metric.replace('accuracy', 'acc')}"

    def value(row: Row, field: str) -> float | None:
        number = getattr(row.spread(split, metric), field, None)
        return None if number is None else scale * number

    def write(number: float | None) -> str:
        if number is None:
            return "-"
        return f"{number:.2f}" if is_accuracy else shorten(number)

    def text(row: Row) -> str:
        deviation = value(row, "deviation") if split != "train" else None
        return write(value(row, "mean")) + ("" if deviation is None else f" \u00b1 {write(deviation)}")

    def interval(row: Row) -> str:
        low, high = value(row, "low"), value(row, "high")
        return "-" if low is None or high is None else f"{write(low)} to {write(high)}"

    title = f"{key} [%]" if is_accuracy else key
    mean = Column(key, title if is_shown else "", lambda row: value(row, "mean"), text)
    if split == "train":
        return [mean]
    has_interval = table.has_seeds and metric == table.score.metric
    return [
        mean,
        column_for_machines(f"{key}_sd", lambda row: value(row, "deviation")),
        Column(f"{key}_low", "95 % interval" if has_interval else "", lambda row: value(row, "low"), interval),
        column_for_machines(f"{key}_high", lambda row: value(row, "high")),
    ]
