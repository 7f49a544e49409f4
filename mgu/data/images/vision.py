"""MNIST, Fashion-MNIST and CIFAR-10 through torchvision's own classes, files and downloads."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor

from mgu.data.images.images import Images
from mgu.errors import UserError

log = logging.getLogger(__name__)

WHICH = {True: "the training data", False: "the test data"}
# SHA-256 of the pixels and of the labels, as bytes, of the training and of the test data.
MNIST = {
    True: (
        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    ),
    False: (
        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    ),
}


def load_vision(class_name: str, root: Path) -> tuple[Images, Images]:
    """Returns training and test images of a torchvision class below `root`; downloads what is missing.

    CIFAR-10 consists of pickles: torchvision compares their checksums with the published ones before it opens them. Of
    the files of MNIST and Fashion-MNIST it looks at the names only, so their contents are checked here.
    Raises UserError where the files are missing and cannot be downloaded, or are damaged.
    """
    from torchvision import datasets

    load = getattr(datasets, class_name)
    return _load_part(load, root, train=True), _load_part(load, root, train=False)


def _load_part(load: Any, root: Path, train: bool) -> Images:
    """Loads the training or test images. Raises UserError."""
    try:
        part = _find_or_download(load, root, train)
        images = Images(_channels_first(torch.as_tensor(part.data)), torch.as_tensor(part.targets).long())
        check_published(load.__name__, images, train)
    except OSError as error:
        raise UserError(
            f"dataset {load.__name__} must be readable, but {error.filename or root} is not ({error.strerror}). "
            "Change its permissions, or pass dataset.root=... or set MGU_DATA."
        ) from None
    except (AssertionError, ValueError, EOFError, TypeError, LookupError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"dataset {load.__name__} must be as its authors publish it, but a file of {WHICH[train]} below {root} is "
            f"damaged or another's ({reason}). Remove it, and it is downloaded again."
        ) from None
    return images


def _find_or_download(load: Any, root: Path, train: bool) -> Any:
    """Returns a part of a data set; downloads it where a file is missing, or a checksum is wrong."""
    try:
        return load(root, train=train)
    except RuntimeError as error:
        if "not found" not in str(error):
            raise
    return download(load, root, train)


def check_published(name: str, images: Images, train: bool) -> None:
    """Checks the contents of MNIST against their SHA-256, and those of Fashion-MNIST as far as they are known.

    Args:
        name: Name of the class of torchvision.
        images: The training or the test images.
        train: Which of them.

    Raises:
        ValueError: They are not what was published.
    """
    if name not in ("MNIST", "FashionMNIST"):
        return
    pixels = hashlib.sha256(images.pixels.numpy().tobytes()).hexdigest()
    labels = hashlib.sha256(images.labels.to(torch.uint8).numpy().tobytes()).hexdigest()
    is_mnist = (pixels, labels) == MNIST[train]
    if name == "MNIST":
        if not is_mnist:
            raise ValueError("its SHA-256 is not that of MNIST")
        return
    each = 6_000 if train else 1_000
    if pixels in (MNIST[True][0], MNIST[False][0]):
        raise ValueError("it is of MNIST")
    if len(images.pixels) != 10 * each or images.labels.bincount(minlength=10).tolist() != [each] * 10:
        raise ValueError(f"there must be {each} images of each of ten classes")


def download(load: Any, root: Path, train: bool) -> Any:
    """Downloads a part of a data set.

    Args:
        load: torchvision's class of the data set.
        root: Folder that it is put below.
        train: Whether it is the training part.

    Returns:
        torchvision's data set.

    Raises:
        UserError: The download fails.
    """
    log.info("downloading %s to %s", load.__name__, root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        return load(root, train=train, download=True)
    except (RuntimeError, URLError, OSError) as error:
        raise UserError(
            f"dataset {load.__name__} must be below {root}, but is missing or damaged there, and its download failed "
            f"({' '.join(str(error).split())}). "
            "Run once with a network, or put the files where torchvision leaves them and pass dataset.root=... "
            "or set MGU_DATA."
        ) from None


def _channels_first(pixels: Tensor) -> Tensor:
    """Turns (N, H, W) or (N, H, W, C) into (N, C, H, W), without a copy: in memory channels stay last."""
    return pixels.unsqueeze(1) if pixels.dim() == 3 else pixels.permute(0, 3, 1, 2)
