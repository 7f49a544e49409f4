"""The 1,797 real 8x8 digits (Alpaydin and Kaynak 1998) that scikit-learn carries: no download.

scikit-learn takes as long to import as torch. So its file is read here, and the split is drawn as its
`train_test_split(test_size=0.2, random_state=0, stratify=labels)` does, whose results are in every record of a run on
digits. A test compares both with scikit-learn.
"""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mgu.data.images.images import Images

FILE = "datasets/data/digits.csv.gz"  # in scikit-learn: 64 pixels and the label of each digit
NUM_TEST = 360


def load_digits() -> tuple[Images, Images]:
    """Returns training and test images; the set has no official test part, so a fixed stratified fifth is one."""
    table = _read_table()
    labels = table[:, -1]
    pixels = torch.from_numpy(table[:, :-1]).to(torch.uint8).reshape(-1, 1, 8, 8)  # (N, 1, 8, 8), values 0..16
    everything = Images(pixels, torch.from_numpy(labels), pixel_max=16.0)
    train_index, test_index = split_stratified(labels, NUM_TEST)
    return everything.subset(torch.from_numpy(train_index)), everything.subset(torch.from_numpy(test_index))


def _read_table() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Returns the file's rows (N, 65), found without importing scikit-learn."""
    spec = find_spec("sklearn")
    assert spec and spec.origin
    with gzip.open(Path(spec.origin).parent / FILE) as file:
        numbers = np.array(file.read().replace(b"\n", b",").rstrip(b",").split(b","), dtype=np.int64)
    return numbers.reshape(-1, 65)


def split_stratified(labels: np.ndarray[Any, Any], num_test: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Splits examples at random, always alike, with the same shares of the classes in both parts.

    Args:
        labels: The class of each example, (N,), from 0.
        num_test: Number of examples in the second part.

    Returns:
        The indices of the two parts, in random order.
    """
    draw = np.random.RandomState(0)  # NumPy keeps its draws the same for ever
    counts = np.bincount(labels)
    num_train = _share_out(counts, len(labels) - num_test, draw)
    num_tested = _share_out(counts - num_train, num_test, draw)
    train, test = list[Any](), list[Any]()
    for label, count in enumerate(counts):
        order = np.flatnonzero(labels == label)[draw.permutation(count)]
        train.append(order[: num_train[label]])
        test.append(order[num_train[label] : num_train[label] + num_tested[label]])
    return draw.permutation(np.concatenate(train)), draw.permutation(np.concatenate(test))


def _share_out(counts: np.ndarray[Any, Any], total: int, draw: np.random.RandomState) -> np.ndarray[Any, Any]:
    """Returns how many of `total` each class gets by its count; what rounding leaves goes to the largest remainders."""
    exact = counts / counts.sum() * total
    shares = np.floor(exact)
    remainders, left = exact - shares, int(total - shares.sum())
    for remainder in np.sort(np.unique(remainders))[::-1] if left else ():
        (indices,) = np.where(remainders == remainder)
        chosen = draw.choice(indices, size=min(len(indices), left), replace=False)
        shares[chosen] += 1
        left -= len(chosen)
        if left == 0:
            break
    shared: np.ndarray[Any, Any] = shares.astype(int)
    return shared
