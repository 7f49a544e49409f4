"""What is known of the published sets without reading them: a plan needs no more. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mgu.config.datasets import NamedImagesConfig


class Published(NamedTuple):
    """Holds what a set is published as.

    Attributes:
        num_training: Number of training images; those that `split: holdout` holds out are among them.
        image_shape: Channels, height and width.
        files: Bytes by name below `dataset.root`, as torchvision leaves them.
    """

    num_training: int
    image_shape: list[int]
    files: Mapping[str, int]


def _idx_files(folder: str) -> dict[str, int]:
    """Returns the files of MNIST, whose format and sizes Fashion-MNIST has, too."""
    return {
        f"{folder}/raw/train-images-idx3-ubyte": 47_040_016,
        f"{folder}/raw/train-labels-idx1-ubyte": 60_008,
        f"{folder}/raw/t10k-images-idx3-ubyte": 7_840_016,
        f"{folder}/raw/t10k-labels-idx1-ubyte": 10_008,
    }


_CIFAR10 = {
    "cifar-10-batches-py/data_batch_1": 31_035_704,
    "cifar-10-batches-py/data_batch_2": 31_035_320,
    "cifar-10-batches-py/data_batch_3": 31_035_999,
    "cifar-10-batches-py/data_batch_4": 31_035_696,
    "cifar-10-batches-py/data_batch_5": 31_035_623,
    "cifar-10-batches-py/test_batch": 31_035_526,
    "cifar-10-batches-py/batches.meta": 158,
}
PUBLISHED = {
    "digits": Published(1_437, [1, 8, 8], {}),
    "mnist": Published(60_000, [1, 28, 28], _idx_files("MNIST")),
    "fashion_mnist": Published(60_000, [1, 28, 28], _idx_files("FashionMNIST")),
    "cifar10": Published(50_000, [3, 32, 32], _CIFAR10),
}
NUM_CLASSES = 10  # of each


def count_published(config: NamedImagesConfig) -> int | None:
    """Counts the training examples of a published set without reading them.

    Args:
        config: The data set's section of the run configuration.

    Returns:
        Their number; None where the set must be read: it is unknown, not configured as it is published, or a file is
        missing or not of its published size.
    """
    published, root = PUBLISHED.get(config.name), Path(config.root).expanduser()
    if published is None or (config.image_shape, config.num_classes) != (published.image_shape, NUM_CLASSES):
        return None
    try:
        if any((root / name).stat().st_size != size for name, size in published.files.items()):
            return None
    except OSError:
        return None
    held_out = published.num_training // 10 if config.split == "holdout" else 0
    return published.num_training - held_out
