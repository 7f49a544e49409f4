"""Classes by their names, however a file writes them."""

from __future__ import annotations

from typing import Any

from mgu.data.ratings.names import as_name
from mgu.data.tables.csv_file import MISSING_NUMBERS, swap_marks
from mgu.data.tables.spellings import as_truth
from mgu.results.on_disk.preprocessing import Classes

MISSING = frozenset(("", *MISSING_NUMBERS))


class Labels:
    """Finds the class that a cell names.

    Args:
        meaning: The classes of a run.
        decimal: The decimal mark of numbers in the file.
    """

    def __init__(self, meaning: Classes, decimal: str = ".") -> None:
        self.names, self.decimal = [str(name) for name in meaning.names], decimal
        self.are_numbers = all(
            isinstance(label, int | float) and not isinstance(label, bool) for label in meaning.names
        )
        written = [as_name(label, self.are_numbers) for label in meaning.names]
        self.known = {name: index for index, name in enumerate(written) if written.count(name) == 1}

    def is_missing(self, cell: Any) -> bool:
        """Returns whether the cell says nothing."""
        return str(cell).strip() in MISSING

    def index(self, cell: Any) -> int | None:
        """Returns the number of the class; None for a class that training never saw, and for no class."""
        if isinstance(cell, str) and cell in self.names:  # as it is: names may differ in blanks alone
            return self.names.index(cell)
        is_number = self.decimal == "," and self.are_numbers and isinstance(cell, str)
        label = as_name(swap_marks(cell) if is_number else cell, self.are_numbers)
        return next((self.known[name] for name in (label, as_truth(label)) if name in self.known), None)
