"""The augmentation of a run, and the data that it trains on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu.data.splits import Data
from mgu.errors import UserError
from mgu.factory.resolved_run import ResolvedRun

if TYPE_CHECKING:
    from mgu.augment.pipeline import Augment


def build_augment_for(resolved: ResolvedRun) -> Augment | None:
    """Builds the configured augmentation.

    Args:
        resolved: A run's configuration with its device and data.

    Returns:
        The augmentation before its first draw; None where none is configured.

    Raises:
        UserError: The inputs are no images that it can change.
    """
    config, shape = resolved.config, resolved.shapes.inputs
    if config.augment is None:
        return None
    kind = config.augment.name
    if len(shape) != 3:
        raise UserError(
            f"augment must be none where inputs are no images (channels, height, width), but got {kind} for inputs of "
            f"shape {list(shape)}. Pass augment=none."
        )
    if kind == "randaugment" and shape[0] not in (1, 3):
        raise UserError(
            f"augment must be none, flip_crop or mixup for images of {shape[0]} channels, for operations on colours "
            "take 1 or 3, but got randaugment. Pass augment=flip_crop."
        )
    from mgu.augment.pipeline import build_augment  # torchvision takes longer to import than torch

    return build_augment(config.augment, config.seed, resolved.shapes.num_outputs)


def augment_training(data: Data, augment: Augment | None) -> Data:
    """Returns training data whose batches are augmented; the same data without an augmentation."""
    if augment is None:
        return data
    from mgu.augment.data import AugmentedData  # as above

    return AugmentedData(data, augment)
