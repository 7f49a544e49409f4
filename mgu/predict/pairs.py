"""Pairs of a user and an item, by the names that they have in the user's files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from mgu.data.ratings.names import as_name
from mgu.predict.examples import Examples, told_of_row
from mgu.predict.table_files import Cells, read_table_file, select_columns
from mgu.results.on_disk.preprocessing import Entities, Pairs
from mgu.text.printable import printable


class PairReader:
    """Converts names of users and items to their numbers.

    Args:
        pairs: The users and items of a run.
    """

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        self.sides = {"user": pairs.users, "item": pairs.items}
        self.numbers = {side: _numbers_of(entities) for side, entities in self.sides.items()}
        self.untrained = {side: frozenset(entities.untrained) for side, entities in self.sides.items()}

    def read_files(self, paths: Sequence[str | Path]) -> Iterator[Examples]:
        """Yields the pairs of files, by some at once."""
        for path in paths:
            for cells in read_table_file(path, self._columns(), (), self.pairs.separator):
                yield self.convert(cells, str(path))

    def read_frame(self, table: Any) -> Examples:
        """Returns the pairs of a table in memory. Raises UserError where a column is missing."""
        return self.convert(select_columns(table, self._columns(), ()), "")

    def _columns(self) -> list[str]:
        return [self.pairs.users.column, self.pairs.items.column]

    def convert(self, cells: Cells, file: str) -> Examples:
        """Returns examples, with faults for users and items that training never saw.

        Args:
            cells: Some rows.
            file: Their file in messages; empty for a table in memory.
        """
        faults, remarks = list(cells.faults), list[str]()
        where, pairs = list[dict[str, Any]](), dict[str, list[int]](user=[], item=[])
        for index, row in enumerate(cells.rows):
            names, numbers = dict[str, str](), dict[str, int]()
            wrong, odd = list[str](), list[str]()
            for side, entities in self.sides.items():
                cell = cells.columns[entities.column][index]
                names[side] = as_name(cell, entities.are_numbers)
                number = self.numbers[side].get(names[side])
                told = f"{entities.column!r} {printable(names[side])!r}"
                if number is None:
                    is_unnamed = _is_missing(cell)
                    wrong.append(
                        f"{entities.column!r} must name one {side}, but is empty"
                        if is_unnamed
                        else f"{told} is none that training knew"
                    )
                    continue
                numbers[side] = number
                if number in self.untrained[side] and not entities.features:
                    odd.append(f"{told} has no training example; nothing is known of this {side}")
            if wrong:
                faults.append(told_of_row(file, row, wrong))
            elif odd:
                remarks.append(told_of_row(file, row, odd))
            if not wrong:
                where.append(({"file": file} if file else {}) | {"row": row} | names)
                for side, number in numbers.items():
                    pairs[side].append(number)
        raw = tuple(torch.tensor(numbers_of_side, dtype=torch.long) for numbers_of_side in pairs.values())
        return Examples(where, raw if where else (), faults, remarks)


def _is_missing(cell: Any) -> bool:
    """Tells an empty cell of a file, and what pandas has in its place."""
    return cell is None or not str(cell).strip() or (str(cell) in ("nan", "<NA>") and not isinstance(cell, str))


def _numbers_of(entities: Entities) -> dict[str, int]:
    numbers = {name: number for number, name in enumerate(entities.names)}
    return numbers | {alias: numbers[name] for alias, name in entities.aliases.items()}
