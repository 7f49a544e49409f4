"""How the classes of a table are spread over its parts, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mgu.data.tables.advice import join_some
from mgu.text.printable import printable

FEW = 10  # classes of which each has its numbers of rows
WORDS = {"train": "training", "val": "validation", "test": "test"}


def describe_class_rows(labels: Mapping[str, Sequence[Any]], classes: Sequence[Any]) -> list[str]:
    """Says how many rows of each class train, validate and test, and which classes a part is without.

    Args:
        labels: The class of each row, by part: train, val, and test if there is one.
        classes: All classes, in the order of the outputs.

    Returns:
        A line with the rows of each of a few classes, and one for each part without some.
    """
    counts = {part: Counter(of_part) for part, of_part in labels.items()}
    lines = []
    if len(classes) <= FEW:
        rows = {label: ", ".join(f"{part} {counts[part][label]:,}" for part in labels) for label in classes}
        each = (f"{printable(str(label))} {numbers}" for label, numbers in rows.items())
        lines.append(f"rows by class: {'; '.join(each)}")
    for part in labels:
        if lacking := [repr(label) for label in classes if not counts[part][label]]:
            lines.append(f"no {WORDS[part]} row is of these of the {len(classes):,} classes: {join_some(lacking)}")
    return lines
