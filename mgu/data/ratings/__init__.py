"""Ratings: MovieLens-100K, split by time, to predict ratings or to rank the next item.

dataset.py is the kind of data; files.py fetches, movielens.py reads, splits.py splits, candidates.py draws what is ranked.
"""

from mgu.data.ratings.dataset import RatingDataset

__all__ = ["RatingDataset"]
