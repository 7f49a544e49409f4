"""Scores of predictions as CSV and JSON, exactly: shares are fractions of one, errors in the unit of the target."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable

from mgu.predict.score import Scores

OF_CLASSES = ("examples", "precision", "recall", "f1", "ap", "auc")


def to_csv(scores: Scores) -> str:
    """Writes scores as CSV, one value a line: the metric, the class that it is of, and the value.

    The class is empty where the metric is of all examples, and the value where it is not defined.

    Args:
        scores: The scores.

    Returns:
        The text with its header.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("metric", "class", "value"))
    whole: dict[str, float | None] = {"examples": scores.examples, "unknown": scores.unknown, "unseen": scores.unseen}
    whole |= _finite(scores.metrics)
    if scores.interval:
        whole |= {"accuracy_low": scores.interval.low, "accuracy_high": scores.interval.high}
    if scores.case_accuracy is not None:
        whole |= {"cases": scores.cases, "case_accuracy": scores.case_accuracy}
    writer.writerows((name, "", value) for name, value in whole.items())
    for each in scores.classes:
        writer.writerows((name, each.name, getattr(each, name)) for name in OF_CLASSES)
    return text.getvalue()


def to_json(scores: Scores) -> str:
    """Writes scores as JSON.

    A score that has no value, such as R2 where all truths are equal, is null.

    Args:
        scores: The scores.

    Returns:
        The text, indented.
    """
    record = scores._asdict() | {
        "interval": scores.interval and scores.interval._asdict(),
        "classes": [each._asdict() for each in scores.classes],
        "metrics": _finite(scores.metrics),
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(metrics: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in metrics.items()}


FORMATS: dict[str, Callable[[Scores], str]] = {"csv": to_csv, "json": to_json}
