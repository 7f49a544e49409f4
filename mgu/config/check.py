"""Checks a whole configuration: each value by the rule of its field, then what must hold across values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mgu.config.datasets import AdultConfig, AnyImages, MovieLensConfig, TableConfig
from mgu.config.faults import describe_faults
from mgu.config.layouts import FactorsLayoutConfig, LayoutConfig
from mgu.config.run import RunConfig
from mgu.errors import UserError


def check_config(values: Mapping[str, Any]) -> RunConfig:
    """Checks the values of a run.

    Args:
        values: Resolved values by key, nested as in the YAML files.

    Returns:
        The checked configuration.

    Raises:
        UserError: Values are not legal, or not together; its message lists every fault and what to do about it.
    """
    try:
        config = RunConfig.model_validate(values)
    except ValidationError as error:
        raise UserError(describe_faults(error.errors(include_url=False))) from None
    _check_axes(config)
    _check_augment(config)
    if isinstance(config.layout, FactorsLayoutConfig):
        _check_factors(config)
    elif isinstance(config.layout, LayoutConfig):
        _check_convolutions(config, config.layout)
    else:
        _check_dense(config)
    return config


def check_types(values: Mapping[str, Any]) -> None:
    """Checks what can be checked before data is read, so that data are not searched for a mistyped value.

    Args:
        values: As for `check_config`, with the values of a data set as they were given.

    Raises:
        UserError: A value is not legal; what is found in the data, or worded by its reader, is left to that.
    """
    try:
        RunConfig.model_validate(values)
    except ValidationError as error:
        if early := [fault for fault in error.errors(include_url=False) if not _is_readers(fault)]:
            raise UserError(describe_faults(early)) from None


def _is_readers(fault: ErrorDetails) -> bool:
    """Whether the reader of a data set knows better: what is not set, or a column that is called like a number."""
    value, kind = fault["input"], fault["type"]
    is_name = kind == "string_type" and isinstance(value, int | float)
    is_name |= kind == "string_type" and isinstance(value, list) and fault["loc"][-1] in ("path", "target")
    is_name |= kind == "list_type" and isinstance(value, str) and value != ""
    return fault["loc"][0] == "dataset" and (value is None or is_name or not kind.endswith("_type"))


def _check_axes(config: RunConfig) -> None:
    """A baseline has a norm and a residual choice; a unit learns both and must be given neither."""
    chosen = {
        "norm": config.norm and config.norm.name,
        "residual": None if config.residual is None else "with" if config.residual else "without",
    }
    for axis, value in chosen.items():
        if config.mgu and value:
            raise UserError(
                f"{axis} must not be set together with a unit, which learns it, but got {axis}={value}. "
                f"Leave {axis} out, or train the baseline with mgu=without."
            )
        if not config.mgu and not value:
            raise UserError(
                f"{axis} must be set for a baseline, but is missing. Pass {axis}=..., or choose a unit with mgu=..."
            )


def _check_augment(config: RunConfig) -> None:
    """Images are augmented, and the host draws for every batch what a recorded step would repeat."""
    if config.augment is None:
        return
    if isinstance(config.dataset, AdultConfig | TableConfig | MovieLensConfig):
        raise UserError(
            f"augment must be none for dataset={config.dataset.name}, which has no images, but got "
            f"{config.augment.name}. Pass augment=none."
        )
    if config.augment.name == "mixup" and config.dataset.task != "classification":
        raise UserError(
            f"augment must be none, flip_crop or randaugment for {config.dataset.task}, which has no classes to mix, "
            "but got mixup. Pass augment=flip_crop."
        )
    if config.step == "graph":
        raise UserError(
            f"step must be auto or eager with augment={config.augment.name}, which draws anew for every batch, but got "
            "graph. Pass step=auto."
        )


def _check_factors(config: RunConfig) -> None:
    """Factorisation is for ratings, and has no layers to put anything around."""
    name = config.layout.name
    if not isinstance(config.dataset, MovieLensConfig):
        raise UserError(
            f"layout must have layers for dataset={config.dataset.name}, but got {name}, which factorises users and "
            "items. Pass another layout."
        )
    if config.mgu or config.residual or (config.norm and config.norm.name != "no_norm"):
        raise UserError(
            f"layout {name} must be alone, for it has no layers, but got a norm, a residual or a unit. "
            "Pass norm=no_norm residual=without mgu=without."
        )


def _check_dense(config: RunConfig) -> None:
    """Dense layers take any data, but instance normalisation of one value a channel would leave nothing of it."""
    steps = {step for own in ((config.mgu and config.mgu.processors) or {}).values() for step in own}
    if "instance_norm" in steps:
        raise UserError(
            "mgu.processors must be without instance_norm around dense layers, whose channels have one value each, "
            "of which it leaves nothing. Take layer_norm or rms_norm."
        )


def _check_convolutions(config: RunConfig, layout: LayoutConfig) -> None:
    """Convolutions are for images that are large enough for them."""
    if not isinstance(config.dataset, AnyImages):
        raise UserError(
            f"layout must be a dense one where the data are no images, but got {layout.name} for "
            f"dataset={config.dataset.name}. Pass layout=dense_3, or one of your own with depth and width."
        )
    layout.convolutions(config.dataset.image_shape)
