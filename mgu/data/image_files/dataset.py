"""What the kinds of data that are image files of the user's have in common. Imports no torch before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from mgu.config.image_files import ImageFilesConfig
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Splits
    from mgu.results.on_disk.preprocessing import Preprocessing
    from mgu.tasks.classification import Classification


class ImageFileDataset:
    """Answers what follows from the configuration; a kind adds its name for examples, `resolve` and `splits`.

    Args:
        config: The data set's section of the run configuration.
    """

    default_lr: ClassVar[float] = 0.01
    default_last_batch: ClassVar[str] = "even"

    def __init__(self, config: ImageFilesConfig) -> None:
        self.config: Any = config

    @staticmethod
    def count_classes(values: Mapping[str, Any]) -> int | None:
        """Returns the number of classes that the images were found to have."""
        return len(values.get("classes") or ()) or None

    @cached_property
    def splits(self) -> Splits:
        """The examples in main memory; raises UserError where they cannot be loaded or learned from."""
        raise NotImplementedError

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

    @property
    def preprocessing(self) -> Preprocessing:
        """How inputs are made of files, and the classes; reads how many bits grey values use."""
        from typing import cast

        from mgu.data.image_files.images import FileImages
        from mgu.results.on_disk.preprocessing import Classes, Pixels, Preprocessing

        config, images = self.config, cast(FileImages, self.splits.val)
        pixels = Pixels(
            shape=list(config.image_shape),
            pixel_max=images.pixel_max,
            fit=config.fit,
            bits=images.bits,
            are_cases=images.are_cases,
        )
        return Preprocessing(inputs=pixels, outputs=Classes(names=list(config.classes)))
