"""Walking folders: which files are images, which folders there are, and what is left out. Imports no torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from mgu.data.image_files.names import LeftOut, readable
from mgu.errors import UserError

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm")
OF_A_SYSTEM = ("__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini")  # what file managers and archives leave


class Inside(NamedTuple):
    """Holds what lies directly in a folder, by its place below the root, in order.

    Attributes:
        images: Files that end as images do.
        folders: Folders that no system left there.
    """

    images: list[str]
    folders: list[str]


def images_below(root: Path, folder: str, left_out: LeftOut) -> list[str]:
    """Finds the images below a folder, at any depth.

    Args:
        root: The folder of all data.
        folder: The path of the folder below it.
        left_out: Gets the names of what is no image, by why.

    Returns:
        The paths of the images below the root, in order.

    Raises:
        UserError: A folder cannot be read.
    """
    images: list[str] = []
    waiting: list[tuple[str, tuple[str, ...]]] = [(folder, ())]
    while waiting:
        below, passed = waiting.pop()
        inside = look_into(root, below, left_out)
        images += inside.images
        for inner in inside.folders:
            links = passed
            if (root / inner).is_symlink():
                target, here = os.path.realpath(root / inner), os.path.realpath(root / below)
                if target in passed or os.path.commonpath([target, here]) == target:
                    left_out["links to a folder that holds them"].append(readable(inner))
                    continue
                links = (*passed, target)
            waiting.append((inner, links))
    return sorted(images)


def look_into(root: Path, folder: str, left_out: LeftOut) -> Inside:
    """Sorts what lies directly in a folder into images, folders and what is left out.

    Args:
        root: The folder of all data.
        folder: The path of the folder below it; empty for the root itself.
        left_out: Gets the names of what is neither, by why.

    Returns:
        The images and the folders.

    Raises:
        UserError: The folder cannot be read.
    """
    try:
        with os.scandir(root / folder) as entries:  # faster than pathlib for thousands of files
            names = sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError as error:
        raise UserError(
            f"every folder of images must be readable, but {root / folder} is not ({error.strerror}). "
            "Change its permissions, or remove it."
        ) from None
    inside = Inside([], [])
    for name, is_folder in names:
        where = f"{folder}/{name}" if folder else name
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


def describe_others(label: str, left_out: LeftOut) -> str:
    """Says in brackets what a folder without images has instead; nothing for an empty one."""
    counts = {what: sum(name.startswith(f"{readable(label)}/") for name in names) for what, names in left_out.items()}
    others = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    return f" (but {others})" if others else ""
