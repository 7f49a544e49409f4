"""Which case an image that is to be predicted is of: the folders that it lies in decide. Imports no torch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

from mgu.data.image_files.names import readable
from mgu.data.tables.advice import join_some


def name_cases(root: Path, names: Sequence[str], classes: Collection[str]) -> list[str]:
    """Names the case of each image below a folder.

    Args:
        root: The folder that was named.
        names: The places of its images below it.
        classes: The classes of the run.

    Returns:
        The first folder below the root; in the layout of training, <class>/<case>/<image>, the second one, with its
        class where two classes have a case of this name; and the folder itself for an image directly in it.
    """
    parts = [name.split("/") for name in names]
    if not have_class_folders(names, classes):
        return [readable(folders[0] if len(folders) > 1 else root.absolute().name) for folders in parts]
    classes_of = defaultdict[str, set[str]](set)
    for folder, case, *_ in parts:
        classes_of[case].add(folder)

    def name(folder: str, case: str, *rest: str) -> str:
        if not rest:  # an image beside the folders of cases
            return folder
        return case if len(classes_of[case]) == 1 else f"{folder}/{case}"

    return [readable(name(*folders)) for folders in parts]


def have_class_folders(names: Sequence[str], classes: Collection[str]) -> bool:
    """Tells whether images lie as in training: below a folder of their class, and there in folders of their cases."""
    parts = [name.split("/") for name in names]
    are_below_classes = all(len(folders) > 1 and folders[0] in classes for folders in parts)
    return are_below_classes and any(len(folders) > 2 for folders in parts)


def describe_class_folders(shown: str, names: Sequence[str], cases: Sequence[str]) -> str:
    """Says that the folders below a folder are classes, and those below them cases.

    Args:
        shown: How messages call the folder.
        names: The places of its images below it.
        cases: Their cases.
    """
    folders = sorted({readable(name.partition("/")[0]) for name in names})
    count = len(set(cases))
    return (
        f"{shown}: {join_some(folders)} {'are classes' if len(folders) > 1 else 'is a class'} of the run, so the "
        f"folders below are the cases, {count:,} in all"
    )


def describe_lone_folders(cases: Counter[str]) -> list[str]:
    """Says which images count as one case for want of folders; [] for none.

    Args:
        cases: The images by the case that is but the folder which they lie in.
    """
    several = [f"{case!r} ({count:,} images)" for case, count in cases.items() if count > 1]
    return [f"images directly in one folder count as one case: {join_some(several)}"] if several else []
