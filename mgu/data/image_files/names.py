"""The file of an image with its class and group, what a search finds, and how messages name files. Imports no torch."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import NamedTuple

LeftOut = dict[str, list[str]]  # names by why they are left out, in words that may follow a number

UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")  # control characters, bytes that are no UTF-8, ends of lines


class ImageFile(NamedTuple):
    """Describes the file of an image.

    Attributes:
        label: Its class.
        group: What must not be divided among splits: the case that it shows, or whatever else it belongs to.
        name: How messages call it.
        path: Where it lies.
        stage: The stage that it shows, if known.
        part: The split that it was put into by whoever made the data, if any: "train", "val" or "test".
    """

    label: str
    group: str
    name: str
    path: Path
    stage: str | None = None
    part: str | None = None


class ImageListing(NamedTuple):
    """Lists the images that `dataset.path` names.

    Attributes:
        files: The chosen images, in the order in which they are decoded.
        num_images: How many images there are, also those that are not chosen.
        num_groups: How many groups there are, also those without images.
        left_out: What is not used, by why.
        notes: What else the user should know of how they were found.
    """

    files: list[ImageFile]
    num_images: int
    num_groups: int
    left_out: LeftOut
    notes: tuple[str, ...] = ()


def readable(name: str) -> str:
    """Returns a name with what cannot be printed on one line, or at all, as backslash and number.

    Args:
        name: A name or a path, as the system or a table has it.

    Returns:
        The name, the same where all of it can be printed.
    """
    return "".join(map(_readable_mark, name))


def _readable_mark(mark: str) -> str:
    category = unicodedata.category(mark)
    if category == "Cs":
        return mark.encode("ascii", "backslashreplace").decode()
    return mark.encode("unicode_escape").decode() if category in UNPRINTABLE else mark


def describe_left_out(left_out: LeftOut) -> str:
    """Says in one line what was left out: how many of each sort, and some of their names."""
    parts = []
    for what, names in left_out.items():
        some = ", ".join([*names[:3], "..."] if len(names) > 3 else names)
        parts.append(f"{len(names)} {what} ({some})")
    return f"left out: {'; '.join(parts)}"
