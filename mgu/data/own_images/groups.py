"""Groups: images that must not be divided among splits, such as those of a patient or a scene. Imports no torch."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from mgu.data.image_files.names import ImageFile, readable
from mgu.errors import UserError
from mgu.text.agree import agree


def match_groups(files: Sequence[ImageFile], pattern: str) -> list[ImageFile]:
    """Finds the group of each image in its path.

    Args:
        files: The images; their names are paths below the folder or as in the table.
        pattern: A regular expression, whose first group, or else whole match, is the group.

    Returns:
        The images with their groups; an empty one where nothing is found.

    Raises:
        UserError: The pattern is none, or finds nothing in any path.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise UserError(
            f"dataset.groups must be a regular expression or a column, but {readable(pattern)} is none ({error}). "
            "Correct it."
        ) from None
    matches = [compiled.search(file.name) for file in files]
    groups = [(match[1] if compiled.groups else match[0]) or "" if match else "" for match in matches]
    if not any(groups):
        raise UserError(
            f"dataset.groups must find the group in the paths of images, or be a column, but {readable(pattern)} finds "
            f"none, as in {files[0].name}. Correct it, or leave dataset.groups out."
        )
    return [file._replace(group=group) for file, group in zip(files, groups, strict=True)]


def describe_groups(files: Sequence[ImageFile]) -> str:
    """Says how many groups there are, how large they are, and which images are of none."""
    sizes = Counter(file.group for file in files if file.group)
    alone = [file.name for file in files if not file.group]
    some = f" ({', '.join([*alone[:3], '...'] if len(alone) > 3 else alone)})"
    counted = (
        "1 image of no group counts as one" if len(alone) == 1 else f"{len(alone)} images of no group count as one each"
    )
    rest = f"; {counted}{some}" if alone else ""
    fewest, most = min(sizes.values()), max(sizes.values())
    of = f"{fewest} to {most} images" if fewest < most else f"{most} {agree(most, 'image', 'images')}"
    return f"{len(sizes)} groups of {of} stay together{rest}"


def find_strata(files: Sequence[ImageFile]) -> dict[str, str]:
    """Returns the class by which each group is stratified: of the classes of its images the one of the fewest groups.

    Args:
        files: The images with their groups.

    Returns:
        The class by group, in the order of the files.
    """
    classes: dict[str, set[str]] = defaultdict(set)
    for file in files:
        classes[file.group].add(file.label)
    counts = Counter(label for labels in classes.values() for label in labels)
    return {group: min(labels, key=lambda label: (counts[label], label)) for group, labels in classes.items()}
