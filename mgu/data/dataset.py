"""The protocol of a data set: what the parent process and the training process ask of it.

The parent process imports no torch, so a module that defines a `Dataset` imports torch and its loaders only inside the
methods that need them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Splits
    from mgu.results.on_disk.preprocessing import Preprocessing
    from mgu.tasks.task import Task


class Dataset(Protocol):
    """Describes one kind of data: an object of it is one data set, which is read once, when it is first needed.

    Args:
        config: The data set's section of the run configuration.
    """

    examples: ClassVar[str]  # what one example is called, in the plural
    default_lr: ClassVar[float]  # what `optimizer.lr=auto` stands for
    default_last_batch: ClassVar[str]  # what `training.last_batch=auto` stands for

    def __init__(self, config: Any) -> None: ...

    @staticmethod
    def resolve(values: dict[str, Any]) -> dict[str, Any]:
        """Returns the unchecked values of the section with what the user's files decide: task, classes, checksum.

        Raises UserError for files that cannot be read or learned from. Imports no torch.
        """
        ...

    @staticmethod
    def count_classes(values: Mapping[str, Any]) -> int | None:
        """Returns the number of classes as far as the values of the section tell it. Imports no torch."""
        ...

    @property
    def splits(self) -> Splits:
        """The examples in main memory; raises UserError where they cannot be loaded or learned from."""
        ...

    @property
    def shapes(self) -> Shapes:
        """The shapes of one example; reads the data only where the configuration does not tell them."""
        ...

    @property
    def task(self) -> Task:
        """Loss and metrics; reads the data only where the configuration does not tell them."""
        ...

    @property
    def preprocessing(self) -> Preprocessing:
        """How inputs are made of the user's files, and what outputs stand for; reads the data where that is in it."""
        ...
