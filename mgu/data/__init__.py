"""Data sets, one file each, all of one type: tensors in memory (mgu/data/images.py)."""
