"""What a run is about: its data, its task, and the shapes that a model for it must have."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch

from mgu.config.datasets import (
    AdultConfig,
    AnyDataset,
    CasesConfig,
    DatasetConfig,
    ImagesConfig,
    MovieLensConfig,
    TableConfig,
)
from mgu.data.cases.cases import load_cases
from mgu.data.images.dataset import load_splits
from mgu.data.images.images import Images
from mgu.data.ratings.movielens import load_movielens
from mgu.data.ratings.splits import Ratings, split_next_item, split_ratings
from mgu.data.splits import Splits, hold_out
from mgu.data.tables.adult import TARGET, load_adult
from mgu.data.tables.columns import check_table, describe_columns
from mgu.data.tables.files import read_table
from mgu.data.tables.table import Table, encode_table
from mgu.errors import UserError
from mgu.tasks.classification import Classification, balance
from mgu.tasks.ranking import Ranking
from mgu.tasks.regression import Regression
from mgu.tasks.task import Task

MAX_CATEGORIES = 100  # of a column of Adult, whose countries are 42


class Shapes(NamedTuple):
    """Of one example: what goes into a model, and how many numbers come out."""

    inputs: tuple[int, ...]
    num_outputs: int
    dtype: torch.dtype = torch.float32


def build_splits(dataset: AnyDataset) -> Splits:
    """The data, in main memory. Raises UserError where it cannot be had or learned from."""
    if isinstance(dataset, DatasetConfig):
        return load_splits(dataset.name, dataset.root, dataset.split, dataset.image_shape, dataset.num_classes)
    if isinstance(dataset, CasesConfig):
        return _load_cases(dataset.model_dump_json())
    return load_ratings(dataset).splits if isinstance(dataset, MovieLensConfig) else load_table(dataset).splits


def build_task(dataset: AnyDataset) -> Task:
    """Loss and metrics; of a table once it is read, for it tells the classes, or the unit of what is predicted."""
    if isinstance(dataset, CasesConfig) and dataset.class_weights == "balanced":
        images = build_splits(dataset).train
        assert isinstance(images, Images)
        return Classification(dataset.num_classes, balance(images.labels, dataset.num_classes))
    if isinstance(dataset, ImagesConfig):
        return Classification(dataset.num_classes)
    if isinstance(dataset, MovieLensConfig):
        ratings = load_ratings(dataset)
        if dataset.task == "ranking":
            return Ranking(len(ratings.item_features))
        return Regression(ratings.mean, ratings.std)
    table = load_table(dataset)
    if table.classes:
        return Classification(len(table.classes))
    return Regression(table.target_mean, table.target_std)


def find_shapes(dataset: AnyDataset) -> Shapes:
    """Of images as configured, of a table as it is encoded."""
    if isinstance(dataset, ImagesConfig):
        return Shapes(tuple(dataset.image_shape), dataset.num_classes)
    if isinstance(dataset, MovieLensConfig):
        return Shapes((2,), 1, torch.int64)  # a user and an item, by number
    table = load_table(dataset)
    return Shapes((table.num_inputs,), len(table.classes) or 1)


def load_table(dataset: AdultConfig | TableConfig) -> Table:
    """Read, split and encode, in main memory even where a model is sized without any."""
    with torch.device("cpu"):
        if isinstance(dataset, AdultConfig):
            return _load_adult(dataset.root, dataset.split)
        return _load_file(dataset.model_dump_json())


def load_ratings(dataset: MovieLensConfig) -> Ratings:
    """Read and split, likewise."""
    with torch.device("cpu"):
        return _load_movielens(dataset.root, dataset.download, dataset.sha256, dataset.task, dataset.num_sampled)


# The last one is kept, for model and task ask for what it tells of itself.
@lru_cache(maxsize=1)
def _load_adult(root: str, split: str) -> Table:
    train, test = load_adult(Path(root).expanduser())
    return encode_table(train, test, TARGET, "classification", split, MAX_CATEGORIES)


@lru_cache(maxsize=1)
def _load_file(dataset_json: str) -> Table:
    dataset = TableConfig.model_validate_json(dataset_json)
    whole = read_table(dataset.path, dataset.separator, dataset.sha256)
    frame = check_table(whole, dataset.target, dataset.task, dataset.drop, dataset.path)
    rest, held_out = hold_out(len(frame), max(int(len(frame) * dataset.test_share), 1))
    train, test = frame.iloc[rest.numpy()], frame.iloc[held_out.numpy()]
    if len(train) < 2:
        raise UserError(
            "dataset.test_share must leave a row to train on and one to validate by, but "
            f"{dataset.test_share:g} of {len(frame)} leaves {len(train)}. Lower it."
        )
    table = encode_table(train, test, dataset.target, dataset.task, dataset.split, dataset.max_categories)
    notes = (describe_columns(frame, dataset.target), *table.splits.notes)
    return table._replace(splits=replace(table.splits, notes=notes))


@lru_cache(maxsize=1)
def _load_movielens(root: str, download: bool, sha256: str, task: str, num_sampled: int) -> Ratings:
    everything = load_movielens(Path(root).expanduser(), download, sha256)
    return split_ratings(everything) if task == "regression" else split_next_item(everything, num_sampled)


@lru_cache(maxsize=1)
def _load_cases(dataset_json: str) -> Splits:
    return load_cases(CasesConfig.model_validate_json(dataset_json))
