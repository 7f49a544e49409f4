"""Rankings of Damian and Piciu (2020), sections 6.1 and 6.3, which the package ships as data, and the row of a run."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mgu.results.schema.result import Result

TABLES = {"mnist": "mnist.csv", "cifar10": "cifar10.csv"}  # by data set
CHANCE = 10.0  # percent, accuracy of guessing among ten classes
UNITS = {"K": 1e3, "M": 1e6}


@dataclass(frozen=True)
class PaperRow:
    """Holds one row of a table of Damian and Piciu (2020) as printed.

    Attributes:
        model_name: Name of the model in the paper.
        layout: Layout of the network.
        norm: Normalisation; None for a unit.
        residual: Whether the model has residual connections; None for a unit.
        model_size: Number of weights as printed, such as "98.92K".
        tts_s: Time to solution in seconds.
        train_acc: Training accuracy in percent.
        val_acc: Validation accuracy in percent.
    """

    model_name: str
    layout: str
    norm: str | None
    residual: bool | None
    model_size: str
    tts_s: float
    train_acc: float
    val_acc: float

    @property
    def diverged(self) -> bool:
        """Whether its printed accuracy is that of guessing among ten classes."""
        return self.val_acc <= CHANCE

    def has_size(self, params_keras: int) -> bool:
        """Tells whether a number of weights prints as this row's size, to two decimals of its unit."""
        scale = UNITS[self.model_size[-1]]
        return round(params_keras / scale, 2) == float(self.model_size[:-1])


@cache
def paper_table(dataset: str) -> tuple[PaperRow, ...]:
    """Returns the paper's ranking for a data set.

    Args:
        dataset: Name of the data set.

    Returns:
        The rows by rank; none for a data set that the paper does not use.
    """
    if dataset not in TABLES:
        return ()
    text = (files("mgu") / "paper" / TABLES[dataset]).read_text(encoding="utf-8")
    return tuple(_parse(row) for row in csv.DictReader(text.splitlines()))


def find_row(result: Result) -> PaperRow | None:
    """Returns the paper's row with the same data set, split, layout, norm, residual and size, if there is one."""
    for row in paper_table(result.dataset) if result.split == "paper" else ():
        same = (row.layout, row.norm, row.residual) == (result.layout, result.norm, result.residual)
        if same and result.params_keras is not None and row.has_size(result.params_keras):
            return row
    return None


def _parse(row: dict[str, str]) -> PaperRow:
    """Returns the row of a line of the shipped CSV file."""
    is_unit = row["norm"] == "N/A"
    return PaperRow(
        model_name=row["model_name"],
        layout=row["layout"],
        norm=None if is_unit else row["norm"],
        residual=None if is_unit else row["residual"] == "1",
        model_size=row["model_size"],
        tts_s=float(row["tts_s"]),
        train_acc=float(row["train_acc"]),
        val_acc=float(row["val_acc"]),
    )
