"""Examples that are read, and what is wrong with those that are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor

TRUTH = "truth"  # the key of what names an example that holds what its file says of it
GROUP = "group"  # likewise, that holds which group it is of, such as a patient


class Examples(NamedTuple):
    """Holds examples to predict.

    Attributes:
        where: What names each example in the output, such as its file and row.
        raw: What mgu/export/end_to_end.py takes of them, (B, *) each.
        faults: One line for each input that cannot be predicted.
        remarks: One line for each that is predicted in spite of something training never saw.
        notes: Lines on how the inputs were read.
    """

    where: list[dict[str, Any]]
    raw: tuple[Tensor, ...]
    faults: Sequence[str] = ()
    remarks: Sequence[str] = ()
    notes: Sequence[str] = ()


def told_of_row(file: str, row: Any, what: Sequence[str]) -> str:
    """Returns the one line about a row, however much is told of it: lines are counted as inputs.

    Args:
        file: The row's file; empty for a table in memory.
        row: Its number or name.
        what: What is told of it.

    Returns:
        The line.
    """
    return f"{file} row {row}: {'; '.join(what)}".lstrip()


def broken(fault: str) -> Examples:
    """Returns no examples but a fault."""
    return Examples([], (), [fault])
