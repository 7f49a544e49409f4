"""Walking a folder of <class>/<case>/...: which files are images of a case, and what is left out. Imports no torch.

Below a case everything is searched, however deep it lies: folders such as visit1/ belong to their case.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mgu.data.cases.names import CaseFile, LeftOut, readable
from mgu.errors import UserError

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm")
OF_A_SYSTEM = ("__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini")  # what file managers and archives leave


class _Inside(NamedTuple):
    """Holds what lies directly in a folder, by its place below the root, in order."""

    images: list[str]
    folders: list[str]


def walk(root: Path, left_out: LeftOut) -> Iterator[CaseFile]:
    """Yields the images below a folder, and fills `left_out`.

    Raises UserError for a class without images, and for images whose case is unknown.
    """
    for label in _folders(root, "", left_out):
        cases = {case: _below(root, case, left_out) for case in _folders(root, label, left_out)}
        if not any(cases.values()):
            raise UserError(
                f"every class must have cases with images, but {root / label} has none"
                f"{_describe_others(label, left_out)}. Put them into <class>/<case>/<image>, or remove the folder."
            )
        for case, images in cases.items():
            if not images:
                left_out["case folders without images"].append(readable(case))
            for image in images:
                yield CaseFile(label, case.partition("/")[2], readable(image), root / image)


def _folders(root: Path, place: str, left_out: LeftOut) -> list[str]:
    """Returns the folders in a folder. Raises UserError for images beside them, whose case is unknown."""
    images, folders = _look_into(root, place, left_out)
    if images:
        more = f" (and {len(images) - 1} more)" if len(images) > 1 else ""
        raise UserError(
            f"images must lie in <class>/<case>/<image>, but {root / readable(images[0])} does not{more}. Give each a "
            "folder of its case, or remove it."
        )
    return folders


def _below(root: Path, case: str, left_out: LeftOut) -> list[str]:
    """Returns the images of a case, at any depth, in order."""
    images: list[str] = []
    waiting: list[tuple[str, tuple[str, ...]]] = [(case, ())]
    while waiting:
        place, passed = waiting.pop()
        inside = _look_into(root, place, left_out)
        images += inside.images
        for folder in inside.folders:
            links = passed
            if (root / folder).is_symlink():
                target, here = os.path.realpath(root / folder), os.path.realpath(root / place)
                if target in passed or os.path.commonpath([target, here]) == target:
                    left_out["links to a folder that holds them"].append(readable(folder))
                    continue
                links = (*passed, target)
            waiting.append((folder, links))
    return sorted(images)


def _look_into(root: Path, place: str, left_out: LeftOut) -> _Inside:
    """Sorts what lies directly in a folder into images, folders and what is left out. Raises UserError."""
    try:
        with os.scandir(root / place) as entries:  # faster than pathlib for thousands of files
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError as error:
        raise UserError(
            f"every folder of dataset.path must be readable, but {root / place} is not ({error.strerror}). "
            "Change its permissions, or remove it."
        ) from None
    inside = _Inside([], [])
    for name, is_folder in found:
        where = f"{place}/{name}" if place else name
        suffix = os.path.splitext(name)[1].lower()
        if name.startswith(".") or name in OF_A_SYSTEM:
            left_out["hidden or left by a system"].append(readable(where))
        elif is_folder:
            inside.folders.append(where)
        elif suffix in SUFFIXES:
            inside.images.append(where)
        else:
            left_out[f"ending in {readable(suffix)}" if suffix else "without a suffix"].append(readable(where))
    return inside


def _describe_others(label: str, left_out: LeftOut) -> str:
    """Says what a class without images has instead."""
    counts = {what: sum(name.startswith(f"{readable(label)}/") for name in names) for what, names in left_out.items()}
    found = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    return f" (but {found})" if found else ""
