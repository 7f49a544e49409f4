"""Finding the user's own images, and checking that they can be split. Imports no torch."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mgu.data.image_files.digests import read_digests
from mgu.data.image_files.fold_check import check_folds
from mgu.data.image_files.names import ImageFile, ImageListing, LeftOut, readable
from mgu.data.own_images.folder import walk
from mgu.data.own_images.groups import describe_groups, match_groups
from mgu.data.own_images.table import read_table
from mgu.errors import UserError
from mgu.text.hydra_quoting import as_typed

FORMS = "a folder of <class>/<image> or train|val|test/<class>/<image>, or a CSV or Parquet file of images"
PARTS = ("test", "val", "train")  # of copies in two splits that of the first is kept


class Chosen(NamedTuple):
    """Holds the images and the SHA-256 of each.

    Attributes:
        listing: What was found; the files are in an order that no name of a file changes.
        digests: An empty one for a file that cannot be read.
    """

    listing: ImageListing
    digests: list[str]


def find_images(path: str, columns: Mapping[str, str | None], groups: str | None) -> Chosen:
    """Finds the images that a folder holds or a table lists.

    Args:
        path: The folder or table.
        columns: The configured names of the columns of a table; None: usual ones.
        groups: A pattern or column that says which images must not be divided; None: a column of a usual name.

    Returns:
        The images, each with its group: itself, that is its content, where it has no other.

    Raises:
        UserError: There are no images, or they cannot be told apart.
    """
    source, left_out = Path(path), defaultdict[str, list[str]](list)
    files, notes = _find(source, columns, groups, left_out)
    if not files:
        raise UserError(f"dataset.path must be {FORMS}, but {readable(path)} holds no images. Correct the path.")
    if any(file.group for file in files):
        _check_undivided(files)
        notes.append(describe_groups(files))
    digests = read_digests(files)
    both = [
        (file._replace(group=file.group or sha256 or file.name), sha256)
        for file, sha256 in zip(files, digests, strict=True)
    ]
    both.sort(key=lambda one: (PARTS.index(one[0].part or "test"), one[0].group, one[0].label, one[1], one[0].name))
    files = [file for file, _ in both]
    _check_names(files)
    listing = ImageListing(
        files, len(files), len({file.group for file in files}), {what: left for what, left in left_out.items() if left},
        tuple(notes),
    )  # fmt: skip
    return Chosen(listing, [sha256 for _, sha256 in both])


def _find(
    source: Path, columns: Mapping[str, str | None], groups: str | None, left_out: LeftOut
) -> tuple[list[ImageFile], list[str]]:
    """Returns the images, with their groups where they have any, and notes on how they were found. Raises UserError."""
    if os.path.isdir(source):  # unlike pathlib's, it takes every path that cannot be looked at for none
        for what, name in columns.items():
            if name:
                raise UserError(
                    f"dataset.columns.{what} must be left out for a folder, which has no columns, but got {name!r}. "
                    "Leave it out, or name the table."
                )
        files = list(walk(source, left_out))
        return (match_groups(files, groups) if groups and files else files), []
    if not os.path.isfile(source):
        what = "is neither" if os.path.exists(source) else "does not exist"
        raise UserError(f"dataset.path must be {FORMS}, but {readable(str(source))} {what}. Correct the path.")
    table = read_table(source, columns, groups)
    used = ", ".join(f"{what} {readable(column)}" for what, column in table.columns.items())
    if groups and table.files and table.columns.get("group") != groups:  # it is a pattern
        return match_groups(table.files, groups), [f"columns of {source.name}: {used}"]
    return table.files, [f"columns of {source.name}: {used}"]


def check_splittable(files: Sequence[ImageFile], path: str, folds: Any) -> None:
    """Checks that the images can be split as configured.

    Args:
        files: The images with their groups.
        path: The folder or table, for messages.
        folds: The number of folds, if it is a number.

    Raises:
        UserError: There is one class only, a class has too few groups, or a group is in two splits.
    """
    labels = {file.label for file in files}
    if len(labels) == 1:
        only = next(iter(labels))
        inside = os.path.join(path, only)
        nested = os.path.isdir(inside) and any(child.is_dir() for child in Path(inside).iterdir())
        hint = f" If the classes lie in there, pass dataset.path={as_typed(inside)}." if nested else " Add others."
        raise UserError(f"images must be of two classes at least, but {readable(path)} has {only!r} only.{hint}")
    given = {file.part for file in files if file.part}
    if given:
        _check_given(files, folds)
    left = {(file.label, file.group) for file in files if file.part in (None, "train")}
    counts = Counter(label for label, _ in left)
    groups = "groups" if len({file.group for file in files}) < len(files) else "images"
    check_folds(counts, folds, groups)
    uses = ["train"] + ([] if "val" in given else ["validate"]) + ([] if "test" in given else ["test"])
    for label, number in sorted(counts.items()):
        if number < len(uses):
            raise UserError(
                f"every class must have at least {len(uses)} {groups}, to {', to '.join(uses)}, but {label!r} has "
                f"{number}. Add some, or leave the class out."
            )


def _check_given(files: Sequence[ImageFile], folds: Any) -> None:
    """Raises UserError where data that is split already cannot be used so."""
    if folds:
        raise UserError(
            f"dataset.folds must be null for images that are split already, but got {folds}. Leave it out, or move all "
            "images into folders of their classes."
        )
    of_label: dict[str, Counter[str]] = defaultdict(Counter)
    for file in files:
        of_label[file.label][str(file.part)] += 1
    for label, counts in of_label.items():
        if not counts["train"]:
            where = ", ".join(f"{number} in {part}" for part, number in counts.items() if number)
            raise UserError(
                f"every class must have images in train, but {label!r} has only {where}. Add some, or remove them."
            )


def _check_undivided(files: Sequence[ImageFile]) -> None:
    """Raises UserError for groups that whoever split the data put into two splits."""
    parts: dict[str, set[str | None]] = defaultdict(set)
    for file in files:
        if file.group:
            parts[file.group].add(file.part)
    if divided := sorted(group for group, splits in parts.items() if len(splits) > 1):
        where = " and ".join(sorted(map(str, parts[divided[0]])))
        more = f" (and {len(divided) - 1} more: {', '.join(map(readable, divided[1:4]))})" if len(divided) > 1 else ""
        raise UserError(
            f"images of one group must be in one split, but those of {readable(divided[0])!r} are in {where}{more}. "
            "Move them, or move all images into folders of their classes, and they are split by group."
        )


def _check_names(files: Sequence[ImageFile]) -> None:
    """Raises UserError for a class or group that cannot be printed."""
    for name in {name for file in files for name in (file.label, file.group)}:
        if readable(name) != name:
            raise UserError(
                "names of classes and groups must be text in UTF-8 without control characters, but one is "
                f"{readable(name)}. Rename it."
            )
