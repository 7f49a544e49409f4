"""Data sets of which only is known what a run's preprocessing.json says: enough to build its model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mgu.config.run import RunConfig
from mgu.data.dataset import Dataset
from mgu.data.datasets import open_dataset
from mgu.data.ratings.dataset import RatingDataset
from mgu.data.ratings.splits import Known
from mgu.data.shapes import Shapes
from mgu.data.tables.dataset import TableDataset
from mgu.results.on_disk.preprocessing import Classes, Columns, Entities, Pairs, Preprocessing


class TableFromRecord(TableDataset):
    """Knows the shapes of a table from the record of a run.

    Args:
        config: The data set's section of the run configuration.
        preprocessing: The record.
    """

    def __init__(self, config: Any, preprocessing: Preprocessing) -> None:
        super().__init__(config)
        self.record = preprocessing

    @property
    def shapes(self) -> Shapes:
        """The shapes of one example."""
        columns, outputs = self.record.inputs, self.record.outputs
        assert isinstance(columns, Columns)
        flags = sum(column.missing is not None for column in columns.numbers)
        one_hot = sum(len(column.values) + column.has_other for column in columns.categories)
        cycles = sum(len(column.cycles) for column in columns.dates)
        num_outputs = len(outputs.names) if isinstance(outputs, Classes) else 1
        return Shapes((len(columns.numbers) + flags + one_hot + 2 * cycles,), num_outputs)


class RatingsFromRecord(RatingDataset):
    """Knows users and items from the record of a run.

    Args:
        config: The data set's section of the run configuration.
        pairs: The record.
    """

    def __init__(self, config: Any, pairs: Pairs) -> None:
        super().__init__(config)
        self.pairs = pairs

    @property
    def known(self) -> Known:
        """What a model is built from; its weights take the place of all initial values."""
        users, items = self.pairs.users, self.pairs.items
        return Known(_features(users), _features(items), (_is_trained(users), _is_trained(items)))


def dataset_from_record(config: RunConfig, preprocessing: Preprocessing) -> Dataset:
    """Returns a data set that a model can be built from without reading any data.

    Args:
        config: The configuration of a run.
        preprocessing: What the run has recorded.
    """
    if isinstance(preprocessing.inputs, Columns):
        return TableFromRecord(config.dataset, preprocessing)
    if isinstance(preprocessing.inputs, Pairs):
        return RatingsFromRecord(config.dataset, preprocessing.inputs)
    return open_dataset(config.dataset)  # of images and arrays the configuration tells the shapes


def _features(entities: Entities) -> Tensor:
    if not entities.features:
        return torch.zeros(len(entities.names), 0)
    return torch.tensor(entities.features, dtype=torch.float32)


def _is_trained(entities: Entities) -> Tensor:
    is_trained = torch.ones(len(entities.names), dtype=torch.bool)
    is_trained[entities.untrained] = False
    return is_trained
