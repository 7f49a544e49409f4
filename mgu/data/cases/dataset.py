"""The kind of data `cases`: the user's own images, several a case. Imports no torch before it is read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from mgu.data.image_files.dataset import ImageFileDataset

if TYPE_CHECKING:
    from mgu.data.splits import Splits


class CaseDataset(ImageFileDataset):
    """Reads images of cases, such as patients, from folders or a CSV, and splits them by case.

    Args:
        config: The data set's section of the run configuration.
    """

    examples: ClassVar[str] = "cases"

    @staticmethod
    def resolve(values: dict[str, Any]) -> dict[str, Any]:
        """Returns the values with the classes and the checksum of the chosen images, see mgu/data/cases/files.py."""
        from mgu.data.cases.files import resolve

        return resolve(values)

    @cached_property
    def splits(self) -> Splits:
        """The examples in main memory; raises UserError where they cannot be loaded or learned from."""
        from mgu.data.cases.cases import load_cases

        return load_cases(self.config)
