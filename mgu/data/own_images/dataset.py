"""The kind of data `images`: the user's own, in folders or a table. Imports no torch before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from mgu.config.images import ImagesConfig
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Splits
    from mgu.tasks.classification import Classification


class OwnImageDataset:
    """Reads images from a folder by class, a folder that is split already, or a table, and splits them by group.

    Args:
        config: The data set's section of the run configuration.
    """

    examples: ClassVar[str] = "images"
    default_lr: ClassVar[float] = 0.01
    default_last_batch: ClassVar[str] = "even"

    def __init__(self, config: ImagesConfig) -> None:
        self.config = config

    @staticmethod
    def resolve(values: dict[str, Any]) -> dict[str, Any]:
        """Returns the values with classes, checksum and size of the images, see mgu/data/own_images/files.py."""
        from mgu.data.own_images.files import resolve

        return resolve(values)

    @staticmethod
    def count_classes(values: Mapping[str, Any]) -> int | None:
        """Returns the number of classes that the images were found to have."""
        return len(values.get("classes") or ()) or None

    @cached_property
    def splits(self) -> Splits:
        """The examples in main memory; raises UserError where they cannot be loaded or learned from."""
        from mgu.data.own_images.load import load_images

        return load_images(self.config)

    @property
    def shapes(self) -> Shapes:
        """The shapes of one example."""
        from mgu.data.shapes import Shapes

        return Shapes(tuple(self.config.image_shape), self.config.num_classes)

    @property
    def task(self) -> Classification:
        """Loss and metrics; reads the data only where classes are weighted by their number of examples."""
        from mgu.data.balance import build_classification

        return build_classification(self.config, self.config.num_classes, lambda: self.splits)
