"""The kind of data `gates`: the truth table of a logical gate, whose every row trains and validates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from mgu.config.gates import GatesConfig
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Splits
    from mgu.results.on_disk.preprocessing import Preprocessing
    from mgu.tasks.regression import Regression


class GateDataset:
    """Makes the truth table of a gate.

    Args:
        config: The data set's section of the run configuration.
    """

    examples: ClassVar[str] = "rows"
    default_lr: ClassVar[float] = 0.01
    default_last_batch: ClassVar[str] = "short"

    def __init__(self, config: GatesConfig) -> None:
        self.config = config

    @staticmethod
    def resolve(values: dict[str, Any]) -> dict[str, Any]:
        """Returns the values as they are."""
        return values

    @staticmethod
    def count_classes(values: Mapping[str, Any]) -> int | None:
        """Returns None: a number is predicted."""
        return None

    @property
    def splits(self) -> Splits:
        """The rows, twice."""
        from mgu.data.gates.rows import truth_table
        from mgu.data.splits import Splits

        rows = truth_table(self.config.gate)
        note = f"all {len(rows)} rows of {self.config.gate} train and validate, so that nothing is said of other data"
        return Splits(rows, rows, notes=(note,))

    @property
    def shapes(self) -> Shapes:
        """The shapes of one row."""
        from mgu.data.shapes import Shapes

        return Shapes((1 if self.config.gate in ("not", "identity") else 2,), 1)

    @property
    def task(self) -> Regression:
        """The squared error of 0 and 1 as they are."""
        from mgu.tasks.regression import Regression

        return Regression(0.0, 1.0)

    @property
    def preprocessing(self) -> Preprocessing:
        """Inputs as they are, and the output."""
        from mgu.results.on_disk.preprocessing import Arrays, Preprocessing, Quantity

        inputs = Arrays(shape=list(self.shapes.inputs), source="dataset=gates")
        return Preprocessing(inputs=inputs, outputs=Quantity(mean=0.0, std=1.0, target=self.config.gate))
