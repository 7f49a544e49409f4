"""The kind of data `python`: whatever a function of the user's returns. Imports no torch before it is called."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from mgu.errors import UserError
from mgu.isolation import DESCRIBE_DATA, Raised, call
from mgu.results.compare.fingerprints import is_same_data

if TYPE_CHECKING:
    from mgu.config.python import PythonDatasetConfig
    from mgu.data.python.load import Loaded
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Splits
    from mgu.results.on_disk.preprocessing import Preprocessing
    from mgu.tasks.task import Task


class OtherRowsError(UserError):
    """Says that a function returned other rows than a run was configured with."""


class PythonDataset:
    """Calls a function of the user's for the examples.

    Args:
        config: The data set's section of the run configuration.
    """

    examples: ClassVar[str] = "examples"
    default_lr: ClassVar[float] = 0.001
    default_last_batch: ClassVar[str] = "even"

    def __init__(self, config: PythonDatasetConfig) -> None:
        self.config = config

    @staticmethod
    def resolve(values: dict[str, Any]) -> dict[str, Any]:
        """Returns the values with what the function returns: task, shape of an input, classes, and whether it tests.

        The function is called in a process of its own, once for all runs that call it alike.
        """
        asked = {key: values.get(key) for key in ("target", "options", "folder", "sha256", "task", "split")}
        return values | _describe(json.dumps(asked, sort_keys=True))

    @staticmethod
    def count_classes(values: Mapping[str, Any]) -> int | None:
        """Returns the number of classes that were found."""
        return values.get("num_classes")

    @cached_property
    def loaded(self) -> Loaded:
        """The checked examples, and what they tell of the target.

        Raises UserError where they are not those that the run was configured with: rows that have trained would judge.
        """
        import torch

        from mgu.data.python.load import load_data

        with torch.device("cpu"):  # also where a model is sized on `meta`
            loaded = load_data(self.config.model_dump())
        if not is_same_data(self.config.fingerprint, loaded.fingerprint):
            raise OtherRowsError(
                f"dataset.target {self.config.target} must return the same rows at every call, but returned others. "
                "Seed what it draws, also noise, inside the function, as by random_state=0, default_rng(0) or "
                "generator.manual_seed(0): a generator of its module goes on from call to call."
            )
        return loaded

    @property
    def splits(self) -> Splits:
        """The examples in main memory; raises UserError where the function fails or returns something else."""
        return self.loaded.splits

    @property
    def shapes(self) -> Shapes:
        """The shapes of one example."""
        from mgu.data.shapes import Shapes

        return Shapes(tuple(self.config.input_shape), self.config.num_classes or 1)

    @property
    def task(self) -> Task:
        """Loss and metrics."""
        from mgu.data.balance import build_classification
        from mgu.tasks.regression import Regression

        if self.config.num_classes:
            return build_classification(self.config, self.config.num_classes, lambda: self.splits)
        return Regression(self.loaded.target_mean, self.loaded.target_std)

    @property
    def preprocessing(self) -> Preprocessing:
        """How inputs are made of arrays as the function returns them, and what the outputs are."""
        from mgu.data.images.images import Images
        from mgu.results.on_disk.preprocessing import Arrays, Classes, Pixels, Preprocessing, Quantity

        config, data, shape = self.config, self.splits.val, list(self.config.input_shape)
        return Preprocessing(
            inputs=Pixels(shape=shape, pixel_max=data.pixel_max, fit="exact")
            if isinstance(data, Images)
            else Arrays(shape=shape, source=config.target),
            outputs=Classes(names=[*range(config.num_classes)])
            if config.num_classes
            else Quantity(mean=self.loaded.target_mean, std=self.loaded.target_std, target="target"),
        )


@lru_cache(maxsize=1000)
def _describe(asked: str) -> dict[str, Any]:
    """Calls the function in a process of its own; the sources and options in `asked` tell calls apart."""
    try:
        description: dict[str, Any] = call(DESCRIBE_DATA, json.loads(asked))
    except Raised as error:  # a bug of ours: the user's own exceptions are UserErrors
        raise RuntimeError(error.traceback) from None
    return description
