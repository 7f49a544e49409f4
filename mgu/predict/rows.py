"""Rows of a table: cells as they stand in files become numbers and codes of categories."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from mgu.data.tables.csv_file import swap_marks
from mgu.data.tables.date_columns import read_days
from mgu.data.tables.dates import FORMS
from mgu.data.tables.spellings import CategoryCodes
from mgu.predict.examples import GROUP, TRUTH, Examples, told_of_row
from mgu.predict.labels import MISSING, Labels
from mgu.predict.table_files import Cells, read_table_file, select_columns
from mgu.results.on_disk.preprocessing import Classes, Columns, NumberColumn, Preprocessing, Quantity
from mgu.text.printable import printable


class RowReader:
    """Converts the cells of rows to what the network's preprocessing takes.

    Args:
        preprocessing: That of a run on a table.
        with_truth: Whether what names a row also has what the target's column says of it, where the file has one.
        groups: With the truth also which group each row is of: the name of its column, which a file may lack.
    """

    def __init__(self, preprocessing: Preprocessing, with_truth: bool = False, groups: str | None = None) -> None:
        self.with_truth, self.groups = with_truth, groups
        assert isinstance(preprocessing.inputs, Columns)
        self.columns = preprocessing.inputs
        self.outputs = preprocessing.outputs
        self.dates = {column.name for column in self.columns.dates}
        words = self.columns.missing_words
        self.categories = [CategoryCodes(column, words) for column in self.columns.categories]

    def read_files(self, paths: Sequence[str | Path]) -> Iterator[Examples]:
        """Yields the rows of files, by some at once."""
        target = [self.outputs.target] if isinstance(self.outputs, Classes) and self.outputs.target else []
        if self.with_truth and isinstance(self.outputs, Quantity):
            target = [self.outputs.target]
        optional = [*target, *([self.groups] if self.groups else [])]
        for path in paths:
            for cells in read_table_file(path, self.columns.names, optional, self.columns.separator):
                yield self.convert(cells, str(path))

    def read_frame(self, table: Any) -> Examples:
        """Returns the rows of a table in memory. Raises UserError where a column is missing."""
        return self.convert(select_columns(table, self.columns.names, ()), "")

    def convert(self, cells: Cells, file: str) -> Examples:
        """Returns examples, with faults for cells that are no numbers, and remarks for what training never saw.

        Args:
            cells: Some rows.
            file: Their file in messages; empty for a table in memory.
        """
        if not cells.rows:
            return Examples([], (), list(cells.faults))
        wrong, odd = defaultdict[int, list[str]](list), defaultdict[int, list[str]](list)  # by the index of the row
        numbers = [self._numbers(column, cells, wrong) for column in self.columns.numbers]
        codes = [category.codes(cells.columns[category.column.name], odd) for category in self.categories]
        self._look_at_target(cells, odd)
        truths = self._truths(cells, wrong)
        faults = [*cells.faults, *(told_of_row(file, cells.rows[index], wrong[index]) for index in sorted(wrong))]
        remarks = [told_of_row(file, cells.rows[index], odd[index]) for index in sorted(odd) if index not in wrong]
        kept = [index for index in range(len(cells.rows)) if index not in wrong]
        raw = []
        if numbers:
            raw.append(torch.tensor(numbers, dtype=torch.float64).T[kept])  # (B, N)
        if codes:
            raw.append(torch.tensor(codes, dtype=torch.long).T[kept])  # (B, M)
        where = [({"file": file} if file else {}) | {"row": cells.rows[index]} | truths[index] for index in kept]
        return Examples(where, tuple(raw) if kept else (), faults, remarks)

    def _numbers(self, column: NumberColumn, cells: Cells, wrong: Mapping[int, list[str]]) -> list[float]:
        """Returns the numbers of a column, of dates the days; adds to `wrong` what is neither a number nor missing."""
        if column.name in self.dates:
            return _days(column.name, cells.columns[column.name], wrong)
        numbers = []
        for index, cell in enumerate(cells.columns[column.name]):
            number = as_number(cell, self.columns.decimal)
            if number is None or (self.columns.bound is None and math.isinf(number)):
                what = "a finite number" + (" with a decimal comma" if self.columns.decimal == "," else "")
                wrong[index].append(f"{column.name!r} must be {what}, but is {printable(repr(cell))}")
            numbers.append(math.nan if number is None else number)
        return numbers

    def _look_at_target(self, cells: Cells, odd: Mapping[int, list[str]]) -> None:
        """Remarks on classes that training never saw, where the file says the true ones."""
        if not isinstance(self.outputs, Classes) or not self.outputs.target:
            return
        labels = Labels(self.outputs, self.columns.decimal)
        for index, cell in enumerate(cells.columns.get(self.outputs.target, ())):
            if not labels.is_missing(cell) and labels.index(cell) is None:
                odd[index].append(f"{self.outputs.target!r} is {cell!r}, a class that training never saw")

    def _truths(self, cells: Cells, wrong: Mapping[int, list[str]]) -> list[dict[str, Any]]:
        """Returns what the file says of each row, if it does: a class as it is written, or a number.

        A cell that is neither missing nor a finite number is a fault, for to leave such rows out would flatter: they
        may be the largest, as where thousands are written with a comma.
        """
        name = getattr(self.outputs, "target", None)
        if not self.with_truth or name not in cells.columns:
            return [{} for _ in cells.rows]
        column = cells.columns[name]
        if isinstance(self.outputs, Classes):
            groups = cells.columns.get(self.groups or "", [None] * len(column))
            return [{TRUTH: cell, GROUP: _name_group(group)} for cell, group in zip(column, groups, strict=True)]
        numbers = [as_number(cell, self.columns.decimal) for cell in column]
        for index, number in enumerate(numbers):
            if number is None or math.isinf(number):
                wrong[index].append(
                    f"{name!r} must be a finite number or empty, but is {printable(repr(column[index]))}"
                )
        return [{TRUTH: number if number is not None and math.isfinite(number) else None} for number in numbers]


def _name_group(cell: Any) -> str | None:
    """Returns the name of a group; None where the cell says nothing."""
    name = "" if cell is None else str(cell).strip()
    return None if name in ("", "<NA>", *MISSING) else name


def _days(name: str, cells: Sequence[Any], wrong: Mapping[int, list[str]]) -> list[float]:
    """Returns days since 1970-01-01, NaN for a missing date; adds to `wrong` what is no date."""
    import pandas as pd

    days, is_wrong = read_days(pd.Series(cells, dtype=object))
    for index in is_wrong.nonzero()[0].tolist():
        wrong[index].append(f"{name!r} must be a date written as {FORMS}, but is {printable(repr(cells[index]))}")
    numbers: list[float] = days.tolist()
    return numbers


def as_number(cell: Any, decimal: str = ".") -> float | None:
    """Reads a cell of a column of numbers.

    Args:
        cell: As it is in the file, or in memory.
        decimal: The decimal mark of a text.

    Returns:
        The number, NaN for a missing one, and None for what is none.
    """
    if cell is None:
        return math.nan
    if isinstance(cell, str):
        cell = cell.strip()
        if cell in MISSING:
            return math.nan
        if "_" in cell:  # which Python allows in numbers
            return None
        cell = swap_marks(cell) if decimal == "," else cell
    try:
        return float(cell)
    except (TypeError, ValueError):
        return math.nan if str(cell) in ("<NA>", "NaT") else None
