"""The kind of data `adding`: drawn, not read. Imports no torch before it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from mgu.config.datasets import AddingConfig
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Splits
    from mgu.results.on_disk.preprocessing import Preprocessing
    from mgu.tasks.regression import Regression


class AddingDataset:
    """Draws sequences of the adding problem.

    Args:
        config: The data set's section of the run configuration.
    """

    examples: ClassVar[str] = "sequences"
    default_lr: ClassVar[float] = 0.001
    default_last_batch: ClassVar[str] = "even"

    def __init__(self, config: AddingConfig) -> None:
        self.config = config

    @staticmethod
    def resolve(values: dict[str, Any]) -> dict[str, Any]:
        """Returns the values as they are: no file decides anything."""
        return values

    @staticmethod
    def count_classes(values: Mapping[str, Any]) -> int | None:
        """Returns None: the sum is a number."""
        return None

    @cached_property
    def splits(self) -> Splits:
        """The sequences in main memory."""
        from mgu.data.adding.adding import draw_splits

        return draw_splits(self.config)

    @property
    def shapes(self) -> Shapes:
        """The shapes of one example."""
        from mgu.data.shapes import Shapes

        return Shapes(tuple(self.config.sequence_shape), 1)

    @property
    def task(self) -> Regression:
        """Loss and metrics; the sums are not standardised, so that the loss is the error that is published."""
        from mgu.tasks.regression import Regression

        return Regression(0.0, 1.0)

    @property
    def preprocessing(self) -> Preprocessing:
        """Sequences of numbers and marks as they are, and their sums."""
        from mgu.results.on_disk.preprocessing import Arrays, Preprocessing, Quantity

        inputs = Arrays(shape=list(self.config.sequence_shape), source="dataset=adding")
        return Preprocessing(inputs=inputs, outputs=Quantity(mean=0.0, std=1.0, target="sum"))
