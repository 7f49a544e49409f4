"""MovieLens-100K by what learns nothing: popularity for the next film, means for ratings; exact, on our own splits.

    .venv/bin/python benchmarks/movielens_baselines.py [ROOT]

Matrix factorisation, which learns, is `layout=mf_32` and part of `mgu-run +experiment=movielens`.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch
from torch import Tensor, nn

from mgu.data.ratings.movielens import load_movielens
from mgu.data.ratings.splits import split_next_item, split_ratings
from mgu.models.recommender import hide_no_item
from mgu.tasks.ranking import Ranking
from mgu.tasks.regression import Regression
from mgu.train.loop import evaluate


class Popularity(nn.Module):
    """Scores an item by how often training has it, whoever asks: nothing is learned.

    Args:
        counts: How often training has each item, (I,).

    Shape:
        pairs: (*, 2); returns scores, (*).
    """

    counts: Tensor

    def __init__(self, counts: Tensor) -> None:
        super().__init__()
        self.register_buffer("counts", counts.float())

    def forward(self, pairs: Tensor) -> Tensor:
        items = pairs[..., 1]  # (*)
        return hide_no_item(self.counts[items.clamp(max=len(self.counts) - 1)], pairs, len(self.counts))


class ItemMean(nn.Module):
    """What training has rated a film on average; the mean of all, 0, for a film that it has not."""

    def __init__(self, items: Tensor, ratings: Tensor, num_items: int) -> None:
        super().__init__()
        sums = torch.zeros(num_items).index_add_(0, items, ratings)
        self.means = sums / items.bincount(minlength=num_items).clamp(min=1)

    def forward(self, pairs: Tensor) -> Tensor:
        return self.means[pairs[:, 1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=Path(os.environ.get("MGU_DATA", "~/.cache/mgu")))
    everything = load_movielens(parser.parse_args().root.expanduser(), download=False)
    num_items = len(everything.item_features)

    splits = split_next_item(everything, num_sampled=1).splits
    taken = splits.train.batch(torch.arange(len(splits.train)))[0][:, 0, 1]  # the chosen come first
    counts = taken.bincount(minlength=num_items)
    for name, part in (("val", splits.val), ("test", splits.test)):
        assert part
        metrics = evaluate(Popularity(counts), part, Ranking(num_items), 1000)
        print(f"popularity  {name}  NDCG@10 {metrics['ndcg_at_10']:.4f}  recall@10 {metrics['recall_at_10']:.4f}")

    ratings = split_ratings(everything)
    pairs, targets = ratings.splits.train.batch(slice(None))
    model, task = ItemMean(pairs[:, 1], targets, num_items), Regression(ratings.mean, ratings.std)
    for name, part in (("val", ratings.splits.val), ("test", ratings.splits.test)):
        assert part
        metrics = evaluate(model, part, task, 1000)
        print(f"mean of the film  {name}  RMSE {metrics['rmse']:.4f} stars  R2 {metrics['r2']:.4f}")


if __name__ == "__main__":
    main()
