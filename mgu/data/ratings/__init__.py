"""Ratings: MovieLens-100K, split by time, to predict ratings or to rank the next item.

dataset.py is the kind of data; files.py fetches, movielens.py reads and splits.py splits the files; candidates.py
samples items to rank.
"""
