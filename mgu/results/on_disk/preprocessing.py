"""What lies between the user's files and a trained network: how inputs are made of files, and what outputs stand for.

A run writes it as preprocessing.json beside its weights, so that a prediction needs no training data. Imports no torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from mgu.results.on_disk.file_names import PREPROCESSING_FILE
from mgu.results.on_disk.files import replacing
from mgu.results.on_disk.sealed import Changed, to_sealed_json, unseal
from mgu.results.schema.parts import Record

Fit = Literal["exact", "crop", "stretch", "pad"]
Name = bool | int | float | str  # of a class, as it stands in the user's file
Cycle = Literal["year", "week", "day"]  # in which a date has a place


class Pixels(Record, frozen=True, tag="pixels", tag_field="kind"):
    """Describes inputs that are images.

    Attributes:
        shape: Channels (1: grey, 3: red, green, blue), height and width.
        pixel_max: The value of white of raw pixels; inputs are pixels / pixel_max.
        fit: How files of another size are brought to `shape`; exact: they are not.
        bits: Bits that grey values of 16 bits use in files which do not say it.
        are_cases: Whether the images of a case vote on its class.
        steps: Steps of the sequence that an image is read as, one mean of a square of pixels each; None: an image.
        order: The place in the image of each step, row by row from 0; None: in that order.
    """

    shape: list[int]
    pixel_max: float
    fit: Fit
    bits: int = 16
    are_cases: bool = False
    steps: int | None = None
    order: list[int] | None = None


class Arrays(Record, frozen=True, tag="arrays", tag_field="kind"):
    """Describes inputs that are arrays of numbers as a function of the user's returned them.

    Attributes:
        shape: Shape of one example.
        source: The import path of the function.
    """

    shape: list[int]
    source: str


class NumberColumn(Record, frozen=True):
    """Describes how a column of numbers becomes inputs.

    Attributes:
        name: Name of the column.
        center: Subtracted from a number.
        scale: What the difference is divided by.
        fill: The scaled number in the place of a missing one.
        missing: Center and scale of the input that says whether the number is missing; None without such an input.
        shift: Subtracted before the center, where numbers are large and close; earlier versions had none.
    """

    name: str
    center: float
    scale: float
    fill: float
    missing: tuple[float, float] | None = None
    shift: float = 0.0


class CategoryColumn(Record, frozen=True):
    """Describes how a column of categories becomes inputs.

    Attributes:
        name: Name of the column.
        values: Categories with an input of their own, in the order of the inputs; "" is a missing one.
        rare: Categories of the training rows that share the input of all others.
        has_other: Whether there is such an input; without one, an unseen category is all zeros.
    """

    name: str
    values: list[str]
    rare: list[str] = msgspec.field(default_factory=list)
    has_other: bool = False


class DateColumn(Record, frozen=True):
    """Describes what becomes of a column of dates beside a number, which is that of days since 1970-01-01 in UTC.

    Attributes:
        name: Name of the column, which is among those of numbers, too.
        cycles: Those that have two inputs each, sine and cosine of the date's place, see mgu/data/tables/cycles.py.
    """

    name: str
    cycles: list[Cycle]


class Columns(Record, frozen=True, tag="columns", tag_field="kind"):
    """Describes inputs that are columns of a table.

    Attributes:
        numbers: Columns of numbers and of dates, whose inputs come first; then those that say what is missing.
        categories: Columns of categories.
        bound: Scaled numbers are mapped smoothly to within plus and minus this; None: they are not.
        separator: Character between the columns of a CSV file.
        missing_words: What stands for a missing category in the file, beside nothing.
        decimal: Decimal mark of numbers in a CSV file.
        dates: Columns of dates, whose cycles are the last inputs.
    """

    numbers: list[NumberColumn]
    categories: list[CategoryColumn]
    bound: float | None = None
    separator: str = ","
    missing_words: list[str] = msgspec.field(default_factory=list)
    decimal: Literal[".", ","] = "."
    dates: list[DateColumn] = msgspec.field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Names of the columns, numbers first."""
        return [*(column.name for column in self.numbers), *(column.name for column in self.categories)]


class Entities(Record, frozen=True):
    """Describes users or items.

    Attributes:
        column: Name of their column in the user's files.
        names: Their names in the order of their numbers.
        are_numbers: Whether the names are numbers, so that 7 and 7.0 are one.
        aliases: Other names, and the name that they stand for.
        untrained: Numbers of those without a training example.
        features: Features of each; empty rows where nothing but the number is known.
        are_exact: Whether names that are numbers are so beyond 2^53, too, where earlier versions rounded them.
    """

    column: str
    names: list[str]
    are_numbers: bool
    aliases: dict[str, str] = msgspec.field(default_factory=dict)
    untrained: list[int] = msgspec.field(default_factory=list)
    features: list[list[float]] = msgspec.field(default_factory=list)
    are_exact: bool = False


class Pairs(Record, frozen=True, tag="pairs", tag_field="kind"):
    """Describes inputs that are pairs of a user and an item.

    Attributes:
        users: The users.
        items: The items.
        separator: Character between the columns of a CSV file.
    """

    users: Entities
    items: Entities
    separator: str = ","


class Classes(Record, frozen=True, tag="classes", tag_field="kind"):
    """Describes outputs that are one logit for each class.

    Attributes:
        names: Names of the classes in the order of the outputs.
        target: Column that they stand in; None where they are in no column.
    """

    names: list[Name]
    target: str | None = None


class Quantity(Record, frozen=True, tag="quantity", tag_field="kind"):
    """Describes one output, a standardised number: prediction = output x std + mean.

    Attributes:
        mean: Mean of the training targets, or their median.
        std: Their standard deviation, or a robust one.
        target: Name of what is predicted.
    """

    mean: float
    std: float
    target: str


class RankingScore(Record, frozen=True, tag="score", tag_field="kind"):
    """Describes one output, a score by which the items of a user are ranked."""


Inputs = Pixels | Arrays | Columns | Pairs
Outputs = Classes | Quantity | RankingScore


class Preprocessing(Record, frozen=True):
    """Holds how inputs are made, and what outputs stand for."""

    inputs: Inputs
    outputs: Outputs
    version: Literal[1] = 1


def write_preprocessing(folder: Path, preprocessing: Preprocessing) -> None:
    """Writes preprocessing.json, sealed by its own checksum.

    Args:
        folder: The run's folder.
        preprocessing: Its content.
    """
    content = to_sealed_json(preprocessing)
    with replacing(folder / PREPROCESSING_FILE) as temporary:
        temporary.write_bytes(content)


def decode_preprocessing(content: bytes) -> Preprocessing:
    """Decodes the content of a preprocessing.json.

    Args:
        content: The bytes of the file.

    Returns:
        The preprocessing.

    Raises:
        ValueError: It is torn, foreign or of another version, or was changed (`Changed`).
    """
    text, is_sealed = unseal(content)
    if not is_sealed:
        raise Changed
    try:
        return msgspec.json.decode(text, type=Preprocessing)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not of version 1: {error}") from None
