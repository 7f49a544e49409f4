"""The classes of images that are scored, by the folders that they lie in below what the user named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from mgu.data.image_files.names import readable
from mgu.text.agree import agree
from mgu.text.printable import printable


def label_images(path: Path, names: Sequence[str], classes: Collection[str]) -> list[str | None]:
    """Finds the classes of images as training does, by the first folder below the named one that is called like one.

    Where the named folder is itself called like a class, and those in it are not all, it is the class of its images.
    Folders above it never count: the answer does not depend on where data lie, nor on how their path is written.

    Args:
        path: A folder, or a file, whose own folder is taken for the named one.
        names: The places of its images below it.
        classes: The classes of the run.

    Returns:
        For each image its class; None where no folder says it.
    """
    own = (path if path.is_dir() else path.parent).resolve().name
    folders = [name.split("/")[:-1] for name in names]
    if own in classes and not all(parts and parts[0] in classes for parts in folders):
        return [own] * len(names)
    return [next((part for part in parts if part in classes), None) for parts in folders]


def describe_unknown_folders(shown: str, names: Sequence[str], labels: Sequence[str | None]) -> list[str]:
    """Names the folders whose images have no class, which a mistyped name would hide.

    Args:
        shown: How messages call the named folder.
        names: The places of its images below it.
        labels: Their classes.

    Returns:
        One line for each folder directly below the named one.
    """
    unknown = Counter(
        name.partition("/")[0] for name, label in zip(names, labels, strict=True) if label is None and "/" in name
    )
    return [
        f"{printable(f'{shown}/{readable(folder)}')} is called like no class of the run: {number:,} of its images "
        f"{agree(number, 'has', 'have')} no truth"
        for folder, number in sorted(unknown.items())
    ]
