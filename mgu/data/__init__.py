"""Data sets, one file each: tensors in memory that the loop asks for batches (mgu/data/splits.py)."""
