"""Walking a folder of <class>/<case>/...: which files are images of a case, and what is left out. Imports no torch.

Below a case everything is searched, however deep it lies: folders such as visit1/ belong to their case.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mgu.data.image_files.names import ImageFile, LeftOut, readable
from mgu.data.image_files.walk import describe_others, images_below, look_into
from mgu.errors import UserError


def walk(root: Path, left_out: LeftOut) -> Iterator[ImageFile]:
    """Yields the images below a folder, and fills `left_out`.

    Raises UserError for a class without images, and for images whose case is unknown.
    """
    for label in _folders(root, "", left_out):
        cases = {case: images_below(root, case, left_out) for case in _folders(root, label, left_out)}
        if not any(cases.values()):
            raise UserError(
                f"every class must have cases with images, but {root / label} has none"
                f"{describe_others(label, left_out)}. Put them into <class>/<case>/<image>, or remove the folder."
            )
        for case, images in cases.items():
            if not images:
                left_out["case folders without images"].append(readable(case))
            for image in images:
                yield ImageFile(label, case.partition("/")[2], readable(image), root / image)


def _folders(root: Path, folder: str, left_out: LeftOut) -> list[str]:
    """Returns the folders in a folder. Raises UserError for images beside them, whose case is unknown."""
    images, folders = look_into(root, folder, left_out)
    if images:
        more = f" (and {len(images) - 1} more)" if len(images) > 1 else ""
        raise UserError(
            f"images must lie in <class>/<case>/<image>, but {root / readable(images[0])} does not{more}. Give each a "
            "folder of its case, or pass dataset=images for images without cases."
        )
    return folders
