"""The kind of data `images`: a classification set that is known by its name. Imports no torch before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from mgu.config.datasets import NamedImagesConfig
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Splits
    from mgu.results.on_disk.preprocessing import Preprocessing
    from mgu.tasks.classification import Classification


class ImageDataset:
    """Reads a set of images by name: digits, MNIST, Fashion-MNIST or CIFAR-10.

    Args:
        config: The data set's section of the run configuration.
    """

    examples: ClassVar[str] = "images"
    default_lr: ClassVar[float] = 0.01
    default_last_batch: ClassVar[str] = "short"

    def __init__(self, config: NamedImagesConfig) -> None:
        self.config = config

    @staticmethod
    def resolve(values: dict[str, Any]) -> dict[str, Any]:
        """Returns the values as they are: no file of the user's decides anything."""
        return values

    @staticmethod
    def count_classes(values: Mapping[str, Any]) -> int | None:
        """Returns the configured number of classes."""
        return values.get("num_classes")

    @cached_property
    def splits(self) -> Splits:
        """The examples in main memory; raises UserError where they cannot be loaded or learned from."""
        from mgu.data.images.loaders import load_splits

        return load_splits(self.config)

    @property
    def shapes(self) -> Shapes:
        """The shapes of one example."""
        from mgu.data.shapes import Shapes

        return Shapes(tuple(self.config.sequence_shape or self.config.image_shape), self.config.num_classes)

    @property
    def task(self) -> Classification:
        """Loss and metrics; reads the data only where classes are weighted by their number of examples."""
        from mgu.data.balance import build_classification

        return build_classification(self.config, self.config.num_classes, lambda: self.splits)

    @property
    def preprocessing(self) -> Preprocessing:
        """How inputs are made of files, which must have the size of the set's images, and the classes."""
        from mgu.data.images.class_names import class_names
        from mgu.data.images.loaders import PIXEL_MAX
        from mgu.data.images.sequences import describe_sequence
        from mgu.results.on_disk.preprocessing import Classes, Pixels, Preprocessing

        white = PIXEL_MAX.get(self.config.name, 255.0)
        if self.config.sequence:
            pixels = describe_sequence(self.config, white)
        else:
            pixels = Pixels(shape=list(self.config.image_shape), pixel_max=white, fit="exact")
        return Preprocessing(inputs=pixels, outputs=Classes(names=[*class_names(self.config)]))
