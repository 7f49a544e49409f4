"""The augmentation of a run, and the data that it trains on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu.data.python.examples import Examples
from mgu.data.splits import Data
from mgu.errors import UserError
from mgu.factory.resolved_run import ResolvedRun

if TYPE_CHECKING:
    from mgu.augment.pipeline import Augment


def build_augment_for(resolved: ResolvedRun) -> Augment | None:
    """Builds the configured augmentation.

    Args:
        resolved: A run's configuration with its device and data; mgu/config/recipe.py has checked that the two fit.

    Returns:
        The augmentation before its first draw; None where none is configured.
    """
    config = resolved.config
    if config.augment is None:
        return None
    from mgu.augment.pipeline import build_augment  # torchvision takes longer to import than torch

    return build_augment(config.augment, config.seed, resolved.shapes.num_outputs)


def augment_training(data: Data, augment: Augment | None) -> Data:
    """Gives data an augmentation to train with.

    Args:
        data: The training data.
        augment: The augmentation, or none.

    Returns:
        Training data whose batches are augmented; the same data without an augmentation.

    Raises:
        UserError: Its operations on colours would clip images of the user's own.
    """
    if augment is None:
        return data
    from mgu.augment.data import AugmentedData  # as above
    from mgu.augment.rand_augment import RandAugment

    if isinstance(data, Examples) and any(isinstance(stage, RandAugment) for stage in augment.stages):
        low, high = (bound.item() for bound in data.inputs.aminmax())
        if low < 0 or high > 1:
            raise UserError(
                "augment must be none, flip_crop or mixup for inputs beyond 0 to 1, which operations on colours would "
                f"clip, but got randaugment for inputs from {low:.3g} to {high:.3g}. Pass augment=flip_crop, or return "
                "images from 0 to 1."
            )
    return AugmentedData(data, augment)
