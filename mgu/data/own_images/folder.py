"""Walking a folder of <class>/..., or of train|val|test/<class>/...: which images there are. Imports no torch.

Below a class everything is searched, however deep it lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mgu.data.image_files.names import ImageFile, LeftOut, readable
from mgu.data.image_files.walk import describe_others, images_below, look_into
from mgu.errors import UserError

# What people call them.
SPLITS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip


def walk(root: Path, left_out: LeftOut) -> Iterator[ImageFile]:
    """Yields the images below a folder.

    Args:
        root: A folder of classes, or one of splits: all its folders are called so, and one is train.
        left_out: Gets the names of what is no image, by why.

    Yields:
        The images without their groups.

    Raises:
        UserError: An image lies beside the classes, a class has no images, or splits lie beside other folders.
    """
    folders = _folders(root, "", left_out)
    parts = {folder: SPLITS[folder.lower()] for folder in folders if folder.lower() in SPLITS}
    if len(set(parts.values())) > 1 and (others := [folder for folder in folders if folder not in parts]):
        raise UserError(
            f"a folder that is split already must have train, val and test only, but {root} also has "
            f"{readable(others[0])}. Move it elsewhere, or rename {' and '.join(parts)} if they are classes."
        )
    if "train" not in parts.values() or len(parts) < len(folders):
        parts = {"": ""}
    for split, part in parts.items():
        for label in _folders(root, split, left_out) if split else folders:
            yield from _of_class(root, label, part or None, left_out)


def _of_class(root: Path, folder: str, part: str | None, left_out: LeftOut) -> Iterator[ImageFile]:
    """Yields the images of a class. Raises UserError where there are none."""
    images = images_below(root, folder, left_out)
    if not images:
        raise UserError(
            f"every class must have images, but {root / readable(folder)} has none{describe_others(folder, left_out)}. "
            "Put some there, or remove the folder."
        )
    for image in images:
        yield ImageFile(folder.rpartition("/")[2], "", readable(image), root / image, part=part)


def _folders(root: Path, folder: str, left_out: LeftOut) -> list[str]:
    """Returns the folders in a folder. Raises UserError for images beside them, whose class is unknown."""
    images, folders = look_into(root, folder, left_out)
    if images:
        more = f" (and {len(images) - 1} more)" if len(images) > 1 else ""
        raise UserError(
            f"images must lie in folders of their classes, <class>/<image>, but {root / readable(images[0])} does not"
            f"{more}. Move each into the folder of its class, or pass a CSV of images and labels."
        )
    return folders
