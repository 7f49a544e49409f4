"""What pruning starts from: a trained unit on images, and the data that decide."""

from __future__ import annotations

from mgu.data.images.images import Images
from mgu.data.splits import Splits, split_holdout
from mgu.errors import UserError
from mgu.factory.trained import TrainedRun
from mgu.models.convnet import ConvNet
from mgu.prune.network import units_of


def unit_of(trained: TrainedRun) -> ConvNet:
    """Checks that a run can be pruned.

    Args:
        trained: A trained run.

    Returns:
        Its model, which has the paper's units with convolutions.

    Raises:
        UserError: The run is not on images, is a baseline, or has other layers or paths.
    """
    if not isinstance(trained.splits.train, Images):
        raise UserError(
            f"RUN must be of images, but {trained.folder} is of dataset={trained.config.dataset.name}, whose units are "
            "not pruned. Name another."
        )
    unit = trained.model
    if not isinstance(unit, ConvNet):
        raise UserError(
            f"RUN must have convolutions, but {trained.folder} has dense layers, whose units are not pruned. "
            "Name another."
        )
    if not units_of(unit):
        raise UserError(
            f"RUN must be of a unit, but {trained.folder} is a baseline: it has no gates to prune. Name another."
        )
    described = trained.config.mgu
    if not described or not described.is_paper:
        raise UserError(f"RUN must be of the paper's unit, but {trained.folder} has other paths. Name another.")
    return unit


def choosing_splits(trained: TrainedRun) -> tuple[Splits, str]:
    """Chooses the data that pruning trains on, decides by, and tests on.

    With split: paper, the test images validated the run and must not decide, so a tenth of the training images does.

    Args:
        trained: A trained run.

    Returns:
        The splits, of which `val` decides, and words for the data that decide.
    """
    if trained.splits.test is not None:
        return trained.splits, "the run's validation images"
    return (
        split_holdout(trained.splits.train, trained.splits.val),
        "a tenth of the training images, on which the unit was trained: that favours the unit, not the pruned network. "
        "Train with dataset.split=holdout to choose by images that neither has seen",
    )
