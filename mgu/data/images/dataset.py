"""A data set by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mgu.data.images.digits import load_digits
from mgu.data.images.images import Images
from mgu.data.images.vision import load_vision
from mgu.data.splits import Splits, split_holdout, split_paper
from mgu.errors import UserError, did_you_mean

# To add a data set: its loader here, and a YAML of that name in conf/dataset/.
DATASETS: dict[str, Callable[[Path], tuple[Images, Images]]] = {
    "digits": lambda root: load_digits(),
    "mnist": lambda root: load_vision("MNIST", root),
    "fashion_mnist": lambda root: load_vision("FashionMNIST", root),
    "cifar10": lambda root: load_vision("CIFAR10", root),
}


def load_splits(name: str, root: str, split: str, image_shape: list[int], num_classes: int) -> Splits:
    """The splits of data set `name`; `split` is "paper" or "holdout". Raises UserError where they cannot be had."""
    if name not in DATASETS:
        raise UserError(
            f"dataset.name must be one of {', '.join(DATASETS)}, but got {name!r}.{did_you_mean(name, DATASETS)}"
        )
    train, test = DATASETS[name](Path(root).expanduser())
    if list(train.pixels.shape[1:]) != image_shape:
        raise UserError(
            f"dataset.image_shape must be that of {name}, {list(train.pixels.shape[1:])}, but got {image_shape}. "
            "Correct it in the YAML of the data set."
        )
    if (found := int(train.labels.max()) + 1) != num_classes:
        raise UserError(f"dataset.num_classes must be that of {name}, {found}, but got {num_classes}.")
    return split_paper(train, test) if split == "paper" else split_holdout(train, test)
