"""Data of the study of the claim that the package has no configuration for: folds of the digits, and a user's table."""

from __future__ import annotations

from pathlib import Path

import torch
from sklearn.datasets import load_breast_cancer
from torch import Tensor

from mgu.data.images.digits import load_digits

FOLDS = 10  # of the training images of the digits


def digits_fold(fold: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Returns the training images of the digits, of which one in ten validates; the test images are not looked at.

    Args:
        fold: Which tenth, 0 to 9.
    """
    train, _ = load_digits()
    pixels = train.pixels.float() / train.pixel_max
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(1))
    held_out = torch.zeros(len(train), dtype=torch.bool)
    held_out[order[fold::FOLDS]] = True
    return {
        "train": (pixels[~held_out], train.labels[~held_out]),
        "val": (pixels[held_out], train.labels[held_out]),
    }


def write_table(file: Path) -> None:
    """Writes scikit-learn's breast cancer data, 569 rows of 30 numbers, as the CSV file that a user would have."""
    load_breast_cancer(as_frame=True).frame.to_csv(file, index=False)
