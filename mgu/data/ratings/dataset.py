"""The kind of data `ratings`: interactions of users and items. Imports no torch before it is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from mgu.config.ratings import AnyRatings
    from mgu.data.ratings.movielens import Interactions
    from mgu.data.ratings.splits import Known, Ratings
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Splits
    from mgu.results.on_disk.preprocessing import Preprocessing
    from mgu.tasks.task import Task


class RatingDataset:
    """Reads MovieLens-100K or a file of the user's own, for predicting ratings or for ranking the next item.

    Args:
        config: The data set's section of the run configuration.
    """

    examples: ClassVar[str] = "ratings"
    default_lr: ClassVar[float] = 0.001
    default_last_batch: ClassVar[str] = "even"

    def __init__(self, config: AnyRatings) -> None:
        self.config = config

    @staticmethod
    def resolve(values: dict[str, Any]) -> dict[str, Any]:
        """Returns the values with the checksum of the files, see mgu/data/ratings/files.py and own.py."""
        from mgu.data.ratings import files, own

        return own.resolve(values) if values.get("name") == "ratings" else files.resolve(values)

    @staticmethod
    def count_classes(values: Mapping[str, Any]) -> int | None:
        """Returns None: there are no classes."""
        return None

    @cached_property
    def ratings(self) -> Ratings:
        """The splits, and what a model is built from: features of users and items, and which of them training has."""
        from dataclasses import replace

        import torch

        from mgu.config.ratings import RatingsConfig
        from mgu.data.ratings.films import describe_ties
        from mgu.data.ratings.splits import describe_unknown, describe_unscored, split_next_item, split_ratings

        config = self.config
        words = ("item", "moment") if isinstance(config, RatingsConfig) else ("film", "second")
        with torch.device("cpu"):  # also where a model is sized on `meta`
            interactions = _load(config)
            notes = interactions.notes
            if config.task == "regression":
                ratings = split_ratings(interactions)
                notes += (describe_unknown(ratings),) if isinstance(config, RatingsConfig) else ()
            else:
                ratings = split_next_item(interactions, config.num_sampled)
                ties = describe_ties(interactions.users, interactions.times, config.ties, *words)
                notes += tuple(filter(None, [ties, describe_unscored(ratings.splits)]))
            return ratings._replace(splits=replace(ratings.splits, notes=notes), interactions=interactions)

    @property
    def known(self) -> Known:
        """What a model is built from."""
        from mgu.data.ratings.splits import Known

        return Known(self.ratings.user_features, self.ratings.item_features, self.ratings.trained)

    @property
    def splits(self) -> Splits:
        """The examples in main memory; raises UserError where they cannot be loaded or learned from."""
        return self.ratings.splits

    @property
    def shapes(self) -> Shapes:
        """The shapes of one example."""
        import torch

        from mgu.data.shapes import Shapes

        return Shapes((2,), 1, torch.int64)  # a user and an item, by number

    @property
    def task(self) -> Task:
        """Loss and metrics."""
        from mgu.tasks.ranking import Ranking
        from mgu.tasks.regression import Regression

        if self.config.task == "ranking":
            return Ranking(len(self.ratings.item_features))
        return Regression(self.ratings.mean, self.ratings.std)

    @property
    def preprocessing(self) -> Preprocessing:
        """The names, and features, of users and items, and what the output is."""
        from mgu.config.ratings import RatingsConfig
        from mgu.data.ratings.names import describe_entities
        from mgu.results.on_disk.preprocessing import Pairs, Preprocessing, Quantity, RankingScore

        config, ratings = self.config, self.ratings
        known, (users, items) = ratings.interactions, ratings.trained
        assert known is not None  # as `ratings` left it
        columns = config.columns if isinstance(config, RatingsConfig) else None
        user, item = (columns.user or "user", columns.item or "item") if columns else ("user", "item")
        return Preprocessing(
            inputs=Pairs(
                users=describe_entities(user, known.user_names, users.tolist(), ratings.user_features.tolist()),
                items=describe_entities(
                    item, known.item_names, items.tolist(), ratings.item_features.tolist(), known.aliases
                ),
                separator=config.separator if isinstance(config, RatingsConfig) else ",",
            ),
            outputs=RankingScore()
            if config.task == "ranking"
            else Quantity(mean=ratings.mean, std=ratings.std, target="rating"),
        )


def _load(config: AnyRatings) -> Interactions:
    """Reads the files of either kind. Raises UserError where they cannot be had or used."""
    from mgu.config.ratings import RatingsConfig
    from mgu.data.ratings.movielens import load_movielens
    from mgu.data.ratings.own import load_ratings

    if isinstance(config, RatingsConfig):
        return load_ratings(config)
    root = Path(os.path.expanduser(config.root))
    return load_movielens(root, config.download, config.sha256, config.ties, config.join_films)
