"""The kind of data `images`: the user's own, in folders or a table. Imports no torch before it is read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from mgu.data.image_files.dataset import ImageFileDataset

if TYPE_CHECKING:
    from mgu.data.splits import Splits


class OwnImageDataset(ImageFileDataset):
    """Reads images from a folder by class, a folder that is split already, or a table, and splits them by group.

    Args:
        config: The data set's section of the run configuration.
    """

    examples: ClassVar[str] = "images"

    @staticmethod
    def resolve(values: dict[str, Any]) -> dict[str, Any]:
        """Returns the values with classes, checksum and size of the images, see mgu/data/own_images/files.py."""
        from mgu.data.own_images.files import resolve

        return resolve(values)

    @cached_property
    def splits(self) -> Splits:
        """The examples in main memory; raises UserError where they cannot be loaded or learned from."""
        from mgu.data.own_images.load import load_images

        return load_images(self.config)
