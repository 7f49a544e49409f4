"""Categories by their codes, however a file spells them: True, TRUE and true are one, and so are 7 and 7.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from mgu.data.ratings.names import as_name
from mgu.data.tables.encoding import UNSEEN
from mgu.results.on_disk.preprocessing import CategoryColumn
from mgu.text.printable import printable

TRUTH_VALUES = ("True", "False")


class CategoryCodes:
    """Finds the codes of categories, however a file writes them.

    Args:
        column: What training has seen.
        missing_words: Words that stand for a missing category.
    """

    def __init__(self, column: CategoryColumn, missing_words: Sequence[str]) -> None:
        self.column, self.missing_words = column, missing_words
        self.known = {value: code for code, value in enumerate(column.values)} | dict.fromkeys(column.rare, UNSEEN)

    def codes(self, cells: Sequence[Any], odd: Mapping[int, list[str]]) -> list[int]:
        """Returns the code of each cell.

        Args:
            cells: As they are in the file.
            odd: Lists by the index of the row; that of a category that training never saw gets what it is.
        """
        codes, cache = [], dict[Any, str | None]()
        for index, cell in enumerate(cells):
            if cell not in cache:
                cache[cell] = self.category(cell)
            category = cache[cell]
            if category is None:
                counts = "like a rare one" if self.column.has_other else "like none"
                odd[index].append(
                    f"{self.column.name!r} is {printable(repr(cell))}, which training never saw; it counts {counts}"
                )
            codes.append(UNSEEN if category is None else self.known[category])
        return codes

    def category(self, cell: Any) -> str | None:
        """Returns the category of the training rows that a cell stands for; None for one that they do not have."""
        return next((name for name in self._spellings(cell) if name in self.known), None)

    def texts(self) -> dict[str, str]:
        """Returns texts that stand for categories with an input of their own, each with its category.

        These are the categories themselves, truth values in any case, whole numbers with .0, and words for a missing
        one. `category` takes more, for there is no end of them: blanks at the ends, and further forms of numbers.
        """
        values = self.column.values
        cases = [spelling for value in TRUTH_VALUES if value in values for spelling in in_any_case(value)]
        wholes = [f"{value}.0" for value in values if value.lstrip("-").isdecimal()]
        texts = {text: self.category(text) for text in (*values, *cases, *wholes, *self.missing_words)}
        return {text: own for text, own in texts.items() if own is not None and self.known[own] != UNSEEN}

    def _spellings(self, cell: Any) -> list[str]:
        """Returns the texts that a cell may be meant as, the likeliest first."""
        if cell is None or (str(cell) in ("nan", "<NA>") and not isinstance(cell, str)):
            return [""]
        text = str(cell)
        bare = text.strip()
        if not bare:
            return [""]
        spellings = [text, bare, as_name(cell, is_number=True)]
        return [*spellings, as_truth(bare), *([""] if bare in self.missing_words else [])]


def as_truth(text: str) -> str:
    """Writes a truth value as a table reads it in training.

    Args:
        text: A cell without blanks at its ends.

    Returns:
        True for TRUE and true, likewise False; any other text as it is.
    """
    return text.capitalize() if text.capitalize() in TRUTH_VALUES else text


def in_any_case(word: str) -> list[str]:
    """Writes a word in all cases of its letters.

    Args:
        word: The word, of few letters.

    Returns:
        Its spellings: as many as 2 to the power of its letters.
    """
    return ["".join(letters) for letters in product(*((letter.lower(), letter.upper()) for letter in word))]
