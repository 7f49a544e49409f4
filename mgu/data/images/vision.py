"""MNIST, Fashion-MNIST and CIFAR-10 through torchvision's own classes, files and downloads."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor

from mgu.data.images.images import Images
from mgu.errors import UserError

log = logging.getLogger(__name__)


def load_vision(class_name: str, root: Path) -> tuple[Images, Images]:
    """Returns training and test images of a torchvision class below `root`; downloads what is missing.

    CIFAR-10 consists of pickles: torchvision compares their checksums with the published ones before it opens them.
    Raises UserError where the files are missing and cannot be downloaded, or are damaged.
    """
    from torchvision import datasets

    load = getattr(datasets, class_name)
    return _load_part(load, root, train=True), _load_part(load, root, train=False)


def _load_part(load: Any, root: Path, train: bool) -> Images:
    """Loads the training or test images. Raises UserError."""
    try:
        part = load(root, train=train)
    except RuntimeError:  # not found, or its checksums are wrong
        part = download(load, root, train)
    except (AssertionError, ValueError, EOFError) as error:
        raise UserError(
            f"dataset {load.__name__} must be as its authors publish it, but a file below {root} is damaged ({error}). "
            "Remove it, and it is downloaded again."
        ) from None
    return Images(_channels_first(torch.as_tensor(part.data)), torch.as_tensor(part.targets).long())


def download(load: Any, root: Path, train: bool) -> Any:
    """Downloads a part of a data set below `root`. Raises UserError where that fails."""
    log.info("downloading %s to %s", load.__name__, root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        return load(root, train=train, download=True)
    except (RuntimeError, URLError, OSError) as error:
        raise UserError(
            f"dataset {load.__name__} must be below {root}, but is not there, and its download failed "
            f"({' '.join(str(error).split())}). "
            f"Run once with a network, or put the files where torchvision leaves them and pass dataset.root=... "
            "or set MGU_DATA."
        ) from None


def _channels_first(pixels: Tensor) -> Tensor:
    """Turns (N, H, W) or (N, H, W, C) into (N, C, H, W), without a copy: in memory channels stay last."""
    return pixels.unsqueeze(1) if pixels.dim() == 3 else pixels.permute(0, 3, 1, 2)
