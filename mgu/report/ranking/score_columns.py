"""Columns of the metrics on each split, with their spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.report.ranking.class_counts import are_uneven
from mgu.report.ranking.column import Column, column_for_machines
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row, Split
from mgu.tasks.score import is_percent, shorten


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
    shown = _others_for_people(known[1:], table) if split == table.tested else []
    return [
        column
        for name in known
        for column in _over_seeds(split, name, table, is_shown=name == names[0] or name in shown)
    ]


def _others_for_people(known: Sequence[str], table: Table) -> Sequence[str]:
    """Returns which metrics beside the score people see: two, one of them a mean over classes that are uneven.

    That mean is over cases where there are some.
    """
    means = [name for name in known if name.removeprefix("case_") in ("recall", "macro_f1")]
    mean = next((name for name in means if name.startswith("case_")), means[0] if means else None)
    others = [name for name in known if name not in means]
    return [*others, mean][:2] if mean and are_uneven(table.results) else others[:2]


def _over_seeds(split: Split, metric: str, table: Table, is_shown: bool = True) -> list[Column]:
    """Returns the columns of one metric: its mean with the deviation, and its interval.

    Deviation and interval are hidden where every model has one seed, and left out for training data.
    """
    is_share = is_percent(metric)
    scale, key = 100 if is_share else 1, f"{split}_{metric.replace('accuracy', 'acc')}"

    def value(row: Row, field: str) -> float | None:
        number = getattr(row.spread(split, metric), field, None)
        return None if number is None else scale * number

    def write(number: float | None) -> str:
        if number is None:
            return "-"
        return f"{number:.2f}" if is_share else shorten(number)

    def text(row: Row) -> str:
        deviation = value(row, "deviation") if split != "train" else None
        known, scored = len(row.values(split, metric)), len(row.values(split, row.score.metric))
        of = f" ({known} of {scored})" if 0 < known < scored else ""  # runs of earlier versions have no macro F1
        return write(value(row, "mean")) + ("" if deviation is None else f" \u00b1 {write(deviation)}") + of

    def interval(row: Row) -> str:
        low, high = value(row, "low"), value(row, "high")
        return "-" if low is None or high is None else f"{write(low)} to {write(high)}"

    title = f"{key} [%]" if is_share else key
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
