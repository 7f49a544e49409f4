"""Checks a whole configuration: each value by the rule of its field, then what must hold across values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mgu.config.datasets import AddingConfig, AnyImages
from mgu.config.directed import DirectedLayoutConfig
from mgu.config.equilibrium import EquilibriumLayoutConfig
from mgu.config.faults import describe_faults
from mgu.config.layouts import (
    DenseLayoutConfig,
    FactorsLayoutConfig,
    LayoutConfig,
    PythonLayoutConfig,
    RecurrentLayoutConfig,
)
from mgu.config.learning import check_directed, check_learning
from mgu.config.masked_layout import MaskedLayoutConfig
from mgu.config.nago_layout import NagoLayoutConfig
from mgu.config.python import PythonDatasetConfig
from mgu.config.ratings import AnyRatings
from mgu.config.recipe import check_recipe
from mgu.config.recurrent import check_recurrent
from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.tasks.score import SCORES


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
    config = _with_usual_score(config)
    check_learning(config)
    kind = type(config.layout)
    if check := CHECKS_BEFORE.get(kind):
        check(config, config.layout)
    _check_axes(config)
    check_recipe(config)
    if check := CHECKS.get(kind):
        check(config, config.layout)
    return config


def _with_usual_score(config: RunConfig) -> RunConfig:
    """Returns the run as it is where nobody names its score, if the usual one is named: both are one run."""
    if config.training.score != SCORES[config.dataset.task].metric:
        return config
    return config.model_copy(update={"training": config.training.model_copy(update={"score": None})})


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
    """Tells whether the reader of a data set knows better: of what is not set, or a column called like a number."""
    value, kind = fault["input"], fault["type"]
    is_name = kind == "string_type" and isinstance(value, int | float)
    is_name |= kind == "string_type" and isinstance(value, list) and fault["loc"][-1] in ("path", "target")
    is_name |= kind == "list_type" and isinstance(value, str) and value != "" and fault["loc"][-1] != "image_shape"
    return fault["loc"][0] == "dataset" and (value in (None, "auto") or is_name or not kind.endswith("_type"))


def _check_axes(config: RunConfig) -> None:
    """Checks that a baseline has a norm and a residual choice, and a unit, which learns both, neither."""
    residual = "with" if config.residual else "without"
    chosen = {
        "norm": config.norm and config.norm.name,
        "residual": None if config.residual is None else residual,
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


def _check_own_network(config: RunConfig, layout: PythonLayoutConfig) -> None:
    """Checks that a network of the user's is alone: it takes no users and items, and nothing goes around its layers."""
    if isinstance(config.dataset, AnyRatings):
        raise UserError(
            f"layout must be dense or mf_32 for dataset={config.dataset.name}, whose inputs are users and items, but "
            f"got {layout.name}. Pass layout=dense_3."
        )
    given = {
        "mgu": config.mgu and config.mgu.name,
        "norm": config.norm and config.norm.name != "no_norm" and config.norm.name,
        "residual": config.residual and "with",
    }
    for axis, value in given.items():
        if value:
            raise UserError(
                f"{axis} must be left out for {layout.target}, a network with layers of its own, but got "
                f"{axis}={value}. Leave it out; layout.layer=my_pkg:Layer puts a layer of yours into the layouts of "
                "this package."
            )


def _check_factors(config: RunConfig, layout: FactorsLayoutConfig) -> None:
    """Checks that factorisation has ratings, and nothing around the layers that it does not have."""
    name = layout.name
    if not isinstance(config.dataset, AnyRatings):
        raise UserError(
            f"layout must have layers for dataset={config.dataset.name}, but got {name}, which factorises users and "
            "items. Pass another layout."
        )
    if config.mgu or config.residual or (config.norm and config.norm.name != "no_norm"):
        raise UserError(
            f"layout {name} must be alone, for it has no layers, but got a norm, a residual or a unit. "
            "Pass norm=no_norm residual=without mgu=without."
        )


def _check_dense(config: RunConfig, layout: object) -> None:
    """Checks that no instance normalisation is around dense layers: of one value a channel it would leave nothing."""
    steps = {step for steps in ((config.mgu and config.mgu.processors) or {}).values() for step in steps}
    if "instance_norm" in steps:
        raise UserError(
            "mgu.processors must be without instance_norm around dense layers, whose channels have one value each, "
            "of which it leaves nothing. Take layer_norm or rms_norm."
        )


def _check_equilibrium(config: RunConfig, layout: EquilibriumLayoutConfig) -> None:
    """Checks that an equilibrium, an iteration, is not to be compiled or computed in a short precision."""
    if config.engine not in ("auto", "eager"):
        raise UserError(
            f"engine must be auto or eager for layout={layout.name}, whose iteration ends by its residual, but got "
            f"{config.engine}. Pass engine=auto."
        )
    if config.training.precision != "float32":
        raise UserError(
            f"training.precision must be float32 for layout={layout.name}, whose tolerance is below that of "
            f"{config.training.precision}, but got {config.training.precision}. Leave it out."
        )
    if config.mgu and config.mgu.gate == "replica" and any(config.mgu.gate_bias.values()):
        started = {gate: bias for gate, bias in config.mgu.gate_bias.items() if bias}
        raise UserError(
            f"mgu.gate must be channel or scalar where mgu.gate_bias is set ({started}) around layout={layout.name}, "
            "for a copy of an equilibrium has no bias that a gate could start at, but got replica. "
            "Pass mgu.gate=channel."
        )
    if layout.kernel_size is None:
        _check_dense(config, layout)
        return
    _check_images(config, layout.name)
    layout.output_size(config.dataset.image_shape)  # type: ignore[union-attr]  # _check_images saw to it


def _check_nago(config: RunConfig, layout: NagoLayoutConfig) -> None:
    """Checks that generated networks have images, and no norms and connections but their own."""
    name = layout.name
    _check_images(config, name)
    if config.mgu or config.residual or (config.norm and config.norm.name != "no_norm"):
        raise UserError(
            f"layout {name} must be alone, for it has norms and connections of its own, but got a norm, a residual or "
            "a unit. Pass norm=no_norm residual=without mgu=without."
        )


def _check_convolutions(config: RunConfig, layout: LayoutConfig) -> None:
    """Checks that convolutions have images that are large enough for them."""
    _check_images(config, layout.name)
    layout.convolutions(config.dataset.image_shape)  # type: ignore[union-attr]  # _check_images saw to it


def _check_images(config: RunConfig, layout: str) -> None:
    """Raises UserError where the data are no images."""
    dataset = config.dataset
    if isinstance(dataset, PythonDatasetConfig) and len(dataset.input_shape) != 3:
        raise UserError(
            f"inputs must be images (N, C, H, W) for layout={layout}, but those of {dataset.target} have shape "
            f"(N, {', '.join(map(str, dataset.input_shape))}). Add an axis of channels, or pass layout=dense_3."
        )
    if isinstance(dataset, AddingConfig):
        raise UserError(
            f"layout must be a recurrent or a dense one for dataset={dataset.name}, but got {layout}. "
            "Pass layout=recurrent_relu norm=no_norm."
        )
    if not isinstance(dataset, AnyImages | PythonDatasetConfig):
        raise UserError(
            f"layout must be a dense one where the data are no images, but got {layout} for "
            f"dataset={dataset.name}. Pass layout=dense_3, or one of your own with depth and width."
        )
    if sequence := getattr(dataset, "sequence", None):
        raise UserError(
            f"dataset.sequence must be null for layout={layout}, whose convolutions take images, but got "
            f"{sequence}. Leave it out, or pass layout=recurrent_relu."
        )


# What a kind of layout asks for. Those that nothing can be put around say so before norm and unit are asked for.
CHECKS_BEFORE: dict[type, Callable[[RunConfig, Any], None]] = {
    PythonLayoutConfig: _check_own_network,
    DirectedLayoutConfig: check_directed,
}
CHECKS: dict[type, Callable[[RunConfig, Any], None]] = {
    FactorsLayoutConfig: _check_factors,
    LayoutConfig: _check_convolutions,
    EquilibriumLayoutConfig: _check_equilibrium,
    RecurrentLayoutConfig: check_recurrent,
    NagoLayoutConfig: _check_nago,
    DenseLayoutConfig: _check_dense,
    MaskedLayoutConfig: _check_dense,
}
