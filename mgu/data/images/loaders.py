"""Loaders of image classification sets by name, and the check that a configuration describes what they load."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from mgu.config.datasets import NamedImagesConfig
from mgu.data.images.digits import load_digits
from mgu.data.images.images import Images
from mgu.data.images.sequences import read_as_sequences
from mgu.data.images.vision import load_vision
from mgu.data.splits import Splits, split_holdout, split_paper
from mgu.errors import UserError
from mgu.text.nearest import did_you_mean

# To add a data set: its loader here, the value of white below, and a YAML of that name in conf/dataset/.
LOADERS: dict[str, Callable[[Path], tuple[Images, Images]]] = {
    "digits": lambda root: load_digits(),
    "mnist": lambda root: load_vision("MNIST", root),
    "fashion_mnist": lambda root: load_vision("FashionMNIST", root),
    "cifar10": lambda root: load_vision("CIFAR10", root),
}
PIXEL_MAX = {"digits": 16.0}  # the value of white, where it is not 255: predict knows it without the images
OWN = " A YAML of your own begins with `defaults: [python]`, or with another kind of data that reads your files."


def load_splits(config: NamedImagesConfig) -> Splits:
    """Loads and splits a data set. Raises UserError for one that is unknown, missing or not as configured."""
    name = config.name
    if name not in LOADERS:
        raise UserError(
            f"dataset.name must be one of {', '.join(LOADERS)}, but got {name!r}.{did_you_mean(name, LOADERS) or OWN}"
        )
    train, test = LOADERS[name](Path(os.path.expanduser(config.root)))
    if list(train.pixels.shape[1:]) != config.image_shape:
        raise UserError(
            f"dataset.image_shape must be that of {name}, {list(train.pixels.shape[1:])}, but got "
            f"{config.image_shape}. Correct it in the YAML of the data set."
        )
    if (num_classes := int(train.labels.max()) + 1) != config.num_classes:
        raise UserError(
            f"dataset.num_classes must be that of {name}, {num_classes}, but got {config.num_classes}. "
            "Correct it in the YAML of the data set."
        )
    white = PIXEL_MAX.get(name, 255.0)
    if wrong := {train.pixel_max, test.pixel_max} - {white}:
        others = " and ".join(f"{pixel_max:g}" for pixel_max in sorted(wrong))
        raise UserError(
            f"pixel_max of the images of {name} must be that of PIXEL_MAX in mgu/data/images/loaders.py, {white:g}, "
            f"but got {others}. Correct the one that is wrong: what is "
            "trained by one would be predicted by the other."
        )
    splits = split_paper(train, test) if config.split == "paper" else split_holdout(train, test)
    return read_as_sequences(splits, config) if config.sequence else splits
