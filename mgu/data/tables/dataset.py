"""The kind of data `tables`: UCI Adult, or a file of the user's own. Imports no torch before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import pandas as pd

    from mgu.config.datasets import AdultConfig, TableConfig
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Splits
    from mgu.data.tables.table import Table
    from mgu.results.on_disk.preprocessing import Preprocessing
    from mgu.tasks.task import Task


class TableDataset:
    """Reads a table, splits its rows and encodes its columns, for classification or regression.

    Args:
        config: The data set's section of the run configuration.
    """

    examples: ClassVar[str] = "rows"
    default_lr: ClassVar[float] = 0.001
    default_last_batch: ClassVar[str] = "even"

    def __init__(self, config: AdultConfig | TableConfig) -> None:
        self.config = config

    @staticmethod
    def resolve(values: dict[str, Any]) -> dict[str, Any]:
        """Returns the values with the task and the checksum of the file, see mgu/data/tables/files.py."""
        if values.get("name") == "adult":
            return values
        from mgu.data.tables.files import resolve

        return resolve(values)

    @staticmethod
    def count_classes(values: Mapping[str, Any]) -> int | None:
        """Returns 2 for Adult; of another table only its rows tell."""
        return 2 if values.get("name") == "adult" else None

    @cached_property
    def table(self) -> Table:
        """The encoded rows, and what the encoding found: width, classes, mean and deviation of the target."""
        import torch

        from mgu.config.datasets import AdultConfig
        from mgu.data.tables.load import load_adult_table, load_own_table

        with torch.device("cpu"):  # also where a model is sized on `meta`
            config = self.config
            return load_adult_table(config) if isinstance(config, AdultConfig) else load_own_table(config)

    def cells(self, rows: pd.DataFrame) -> dict[str, list[Any]]:
        """Returns the cells of rows of `table` as they stand in the file, by the names of their columns."""
        from mgu.data.tables.cells import read_cells

        return read_cells(self.config, rows)

    @property
    def splits(self) -> Splits:
        """The examples in main memory; raises UserError where they cannot be loaded or learned from."""
        return self.table.splits

    @property
    def shapes(self) -> Shapes:
        """The shapes of one example."""
        from mgu.data.shapes import Shapes

        return Shapes((self.table.num_inputs,), len(self.table.classes) or 1)

    @property
    def task(self) -> Task:
        """Loss and metrics."""
        from mgu.data.balance import build_classification
        from mgu.tasks.regression import Regression

        if self.table.classes:
            return build_classification(self.config, len(self.table.classes), lambda: self.splits)
        return Regression(self.table.target_mean, self.table.target_std)

    @property
    def preprocessing(self) -> Preprocessing:
        """How inputs are made of columns, and what the outputs are."""
        from msgspec.structs import replace

        from mgu.config.datasets import AdultConfig
        from mgu.data.tables.adult import TARGET
        from mgu.results.on_disk.preprocessing import Classes, Preprocessing, Quantity

        config, table = self.config, self.table
        target = TARGET if isinstance(config, AdultConfig) else config.target
        columns = (
            replace(table.columns, missing_words=["?"])
            if isinstance(config, AdultConfig)
            else replace(table.columns, separator=config.separator, decimal=config.decimal)
        )
        return Preprocessing(
            inputs=columns,
            outputs=Classes(names=table.classes, target=target)
            if table.classes
            else Quantity(mean=table.target_mean, std=table.target_std, target=target),
        )
