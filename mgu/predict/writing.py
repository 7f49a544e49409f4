"""Predictions as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]
SHORT = ("probability", "score")  # what a network computes in single precision, and no unit of the user's applies to


def to_csv(rows: Sequence[Row], every_class: bool) -> str:
    """Writes predictions as CSV with a header.

    Quantities have every digit of float64: 7 would leave nothing of targets that vary little about a large mean.

    Args:
        rows: What was predicted of each example.
        every_class: Whether the probability of every class has a column, called p(CLASS).
    """
    text = io.StringIO()
    flat = [_flatten(row, every_class) for row in rows]
    writer = csv.DictWriter(text, fieldnames=list(flat[0]) if flat else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def _flatten(row: Row, every_class: bool) -> Row:
    cells = {key: _short(value) if key in SHORT else value for key, value in row.items() if key != "probabilities"}
    if every_class:
        cells |= {f"p({name})": _short(share) for name, share in row.get("probabilities", {}).items()}
    return cells


def _short(value: Any) -> Any:
    """Returns a number with as many digits as single precision has."""
    return f"{value:.7g}" if isinstance(value, float) else value


def to_json(rows: Sequence[Row], every_class: bool) -> str:
    """Writes predictions as a JSON array, one object a line, with the probabilities of every class."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"[\n{lines}\n]\n" if rows else "[]\n"


FORMATS: dict[str, Callable[[Sequence[Row], bool], str]] = {"csv": to_csv, "json": to_json}
