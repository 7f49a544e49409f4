"""The task of a data set with classes, weighted where the configuration says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from mgu.config.balance import BalanceConfig
from mgu.data.splits import Labelled, Splits
from mgu.tasks.classification import Classification, balance


def build_classification(config: BalanceConfig, num_classes: int, read: Callable[[], Splits]) -> Classification:
    """Builds the loss and the metrics of a classification.

    Args:
        config: The data set's section of the run configuration.
        num_classes: Number of classes.
        read: Returns the splits; called only for class weights, which count the training examples.

    Returns:
        The task.
    """
    if config.class_weights == "none":
        return Classification(num_classes)
    train = cast(Labelled, read().train)
    return Classification(num_classes, balance(train.labels, num_classes))
