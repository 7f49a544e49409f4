"""Checks of recurrent layouts: they read sequences, and blocks and units wrap their layers as a whole."""

from __future__ import annotations

from mgu.config.datasets import NamedImagesConfig
from mgu.config.layouts import RecurrentLayoutConfig
from mgu.config.python import PythonDatasetConfig
from mgu.config.run import RunConfig
from mgu.config.unit import UnitConfig
from mgu.errors import UserError

GATES, BYPASSES = ("channel", "scalar"), ("padded", "replica")  # that are made for a layer from sequences to states


def check_recurrent(config: RunConfig, layout: RecurrentLayoutConfig) -> None:
    """Checks that the data are sequences, and that blocks or units fit the layers.

    Args:
        config: A run, each value of which is legal by itself.
        layout: Its layout.

    Raises:
        UserError: They do not.
    """
    _check_sequences(config, layout)
    if config.residual and layout.depth == 1:
        raise UserError(
            f"residual must be without for layout={layout.name} of one layer, for the first has no block before it "
            "whose input could be kept, but got with. Pass residual=without, or layout.depth=2."
        )
    if config.mgu:
        _check_unit(config.mgu, layout)


def _check_sequences(config: RunConfig, layout: RecurrentLayoutConfig) -> None:
    """Raises UserError for data whose inputs are no steps of features."""
    dataset = config.dataset
    if isinstance(dataset, PythonDatasetConfig):
        if len(dataset.input_shape) != 2:
            raise UserError(
                f"inputs must be sequences (N, T, D) for layout={layout.name}, but those of {dataset.target} have "
                f"shape (N, {', '.join(map(str, dataset.input_shape))}). Return such, or pass layout=dense_3."
            )
        return
    if getattr(dataset, "sequence_shape", None):
        return
    if isinstance(dataset, NamedImagesConfig):
        steps = dataset.image_shape[1] * dataset.image_shape[2]
        raise UserError(
            f"dataset.sequence must be set for layout={layout.name}, which reads sequences, but is null. "
            f"Pass dataset.sequence={steps} for one pixel a step, or another layout."
        )
    raise UserError(
        f"dataset must have sequences for layout={layout.name}, but got {dataset.name}. Pass dataset=adding, or "
        "layout=dense_3."
    )


def _check_unit(unit: UnitConfig, layout: RecurrentLayoutConfig) -> None:
    """Raises UserError for gates and a bypass that are no good around recurrent layers."""
    if unit.gate not in GATES:
        raise UserError(
            f"mgu.gate must be {' or '.join(GATES)} around the recurrent layers of layout={layout.name}, for a copy of "
            f"such a layer is bounded by the activation in its cell, but got {unit.gate}. Pass mgu=lean."
        )
    if unit.bypass not in BYPASSES:
        raise UserError(
            f"mgu.bypass must be {' or '.join(BYPASSES)} around the recurrent layers of layout={layout.name}, but got "
            f"{unit.bypass}. Pass mgu=lean."
        )
    if "instance_norm" in {step for steps in (unit.processors or {}).values() for step in steps}:
        raise UserError(
            "mgu.processors must be without instance_norm around recurrent layers, whose last state has one value a "
            "channel, of which it leaves nothing. Take layer_norm or rms_norm."
        )
