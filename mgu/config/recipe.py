"""Checks of the recipe: what of it (optimizer, augmentation, ...) does not go together, or not with the task."""

from __future__ import annotations

from mgu.config.optimizers import NadamConfig, PathSGDConfig
from mgu.config.path_sgd import check_path_sgd
from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.tasks.score import KNOWN


def check_recipe(config: RunConfig) -> None:
    """Checks that a run can be trained by its recipe.

    Args:
        config: A run, each value of which is legal by itself.

    Raises:
        UserError: It cannot.
    """
    if config.step == "graph" and (reason := graph_obstacle(config)):
        raise UserError(f"step must be auto or eager with {reason}, but got graph. Pass step=auto.")
    if config.training.label_smoothing and config.dataset.task != "classification":
        raise UserError(
            f"training.label_smoothing must be 0 for task {config.dataset.task}, which has no classes, but got "
            f"{config.training.label_smoothing:g}. Pass training.label_smoothing=0."
        )
    usual, *others = [score.metric for score in KNOWN[config.dataset.task]]
    if config.training.score not in (None, usual, *others):
        raise UserError(
            f"training.score must be {', '.join([usual, *others[:-1]])} or {others[-1]} for task "
            f"{config.dataset.task}, but got {config.training.score}. Pass one of these, or leave it out for {usual}."
        )
    if isinstance(config.optimizer, PathSGDConfig):
        check_path_sgd(config)
    _check_augment(config)


def _check_augment(config: RunConfig) -> None:
    """Raises UserError where there are no images to be changed, or no classes to be mixed."""
    dataset, augment = config.dataset, config.augment
    if augment is None:
        return
    shape: list[int] = getattr(dataset, "image_shape", [])
    if len(shape) != 3:
        raise UserError(
            f"augment must be none for dataset={dataset.name}, which has no images, but got {augment.name}. "
            "Pass augment=none."
        )
    if getattr(dataset, "sequence", None):
        raise UserError(
            f"augment must be none where images are read as sequences, but got {augment.name}. Pass augment=none."
        )
    if augment.name == "randaugment" and shape[0] not in (1, 3):
        raise UserError(
            f"augment must be none, flip_crop or mixup for images of {shape[0]} channels, for operations on colours "
            "take 1 or 3, but got randaugment. Pass augment=flip_crop."
        )
    if augment.name == "mixup" and dataset.task != "classification":
        raise UserError(
            f"augment must be none, flip_crop or randaugment for {dataset.task}, which has no classes to mix, "
            "but got mixup. Pass augment=flip_crop."
        )


def graph_obstacle(config: RunConfig) -> str | None:
    """Returns why a training step of this recipe cannot be recorded as a CUDA graph.

    Args:
        config: The configuration of a run.

    Returns:
        The first reason, as words that follow "with"; None where nothing is in the way.
    """
    optimizer = config.optimizer
    if of_layout := config.layout.engine_rule.graph_obstacle:
        return f"layout={config.layout.name}, {of_layout}"
    if config.augment:
        return f"augment={config.augment.name}, which draws anew for every batch"
    if not isinstance(optimizer, NadamConfig):
        return f"optimizer={optimizer.name}, whose steps take their learning rate from the host"
    if optimizer.weight_decay:
        return f"optimizer.weight_decay={optimizer.weight_decay:g}, which torch's own Nadam computes"
    return None
