"""The augmentation of a run, and the data that it trains on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu.data.splits import Data
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
    """Returns training data whose batches are augmented; the same data without an augmentation."""
    if augment is None:
        return data
    from mgu.augment.data import AugmentedData  # as above

    return AugmentedData(data, augment)
