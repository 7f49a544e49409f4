"""Which split a group of images belongs to: a share of every class, a fold, or what its folder or table says."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mgu.config.image_files import ImageFilesConfig
from mgu.data.folds import assign_folds
from mgu.data.image_files.cache import Decoded
from mgu.data.image_files.decoded import PARTS
from mgu.data.splits import split_classes

Parts = dict[str, Tensor]


def find_rows(decoded: Decoded, config: ImageFilesConfig) -> Parts:
    """Returns the images of each split.

    No seed, broken image or size of the images moves a group to another split.

    Args:
        decoded: The description of the decoded images.
        config: The shares or folds.

    Returns:
        The number of each image, in order, by the name of its split.
    """
    if decoded.parts:  # those of a split lie together
        ends = torch.tensor([decoded.parts[part] for part in PARTS]).cumsum(0).tolist()
        return {part: torch.arange(end - decoded.parts[part], end) for part, end in zip(PARTS, ends, strict=True)}
    part_of = assign_parts(decoded.strata, decoded.given, config)
    numbers = torch.tensor([PARTS.index(part_of[group]) for group in decoded.groups])
    return {part: (numbers == number).nonzero().flatten() for number, part in enumerate(PARTS)}


def assign_parts(strata: Sequence[int], given: Sequence[str], config: ImageFilesConfig) -> list[str]:
    """Assigns groups of images to splits.

    Args:
        strata: The class of each group.
        given: The split that each group was put into; empty where none was. A split that none was put into takes its
            share of those put into train.
        config: The shares or folds.

    Returns:
        The split of each group.
    """
    classes, parts = torch.tensor(strata), list(given) or ["train"] * len(strata)
    is_left = torch.tensor([part == "train" for part in parts])
    shares = {"test": config.test_share, "val": config.val_share}
    if config.folds:
        in_fold = assign_folds(config.folds, classes) == config.fold
        parts = ["test" if is_in else "train" for is_in in in_fold.tolist()]
        is_left, shares = ~in_fold, {"val": config.val_share}
    missing = {part: share for part, share in shares.items() if part not in given}
    left = is_left.nonzero().flatten()
    for part, index in zip(missing, split_classes(classes[left], *missing.values())[1:], strict=True):
        for group in left[index].tolist():
            parts[group] = part
    return parts
