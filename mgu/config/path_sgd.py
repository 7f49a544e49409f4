"""Checks that a network is positively homogeneous, which path-SGD needs: its kappa is defined for no other."""

from __future__ import annotations

from mgu.config.layouts import DenseLayoutConfig, LayoutConfig, RecurrentLayoutConfig
from mgu.config.ratings import AnyRatings
from mgu.config.run import RunConfig
from mgu.errors import UserError

KEY = "optimizer=path_sgd"


def is_homogeneous(config: RunConfig) -> bool:
    """Tells whether the network of a run is known to be positively homogeneous, whatever optimizer trains it.

    Args:
        config: The configuration of the run.

    Returns:
        Whether `check_path_sgd` accepts it.
    """
    try:
        check_path_sgd(config)
    except UserError:
        return False
    return True


def check_path_sgd(config: RunConfig) -> None:
    """Checks what a network that path-SGD trains is made of.

    Args:
        config: A run, each value of which is legal by itself.

    Raises:
        UserError: It has something that is not positively homogeneous.
    """
    layout = config.layout
    if config.mgu:
        raise UserError(
            f"mgu must be without for {KEY}, for gates are not positively homogeneous, but got {config.mgu.name}. "
            "Pass mgu=without, or optimizer=sgd."
        )
    if config.norm and config.norm.name != "no_norm":
        raise UserError(
            f"norm must be no_norm for {KEY}, for a normalised network is not positively homogeneous, but got "
            f"{config.norm.name}. Pass norm=no_norm, or optimizer=sgd."
        )
    if isinstance(config.dataset, AnyRatings) or not isinstance(
        layout, LayoutConfig | DenseLayoutConfig | RecurrentLayoutConfig
    ):
        raise UserError(
            f"layout must be a convolutional, dense or recurrent one for {KEY}, which must know layers to be "
            f"positively homogeneous, but got {layout.name} for dataset={config.dataset.name}. Pass optimizer=sgd."
        )
    if isinstance(layout, RecurrentLayoutConfig):
        if layout.cell != "relu":
            raise UserError(
                f"layout.cell must be relu for {KEY}, for {layout.cell} is not positively homogeneous. "
                "Pass layout=recurrent_relu, or optimizer=sgd."
            )
    elif layout.layer:
        raise UserError(
            f"layout.layer must be null for {KEY}, which must know layers to be positively homogeneous, but got "
            f"{layout.layer.target}. Leave it out, or pass optimizer=sgd."
        )
    if layout.activation not in ("relu", "identity", None):
        raise UserError(
            f"layout.activation must be relu for {KEY}, for no other one is positively homogeneous, but got "
            f"{layout.activation}. Pass layout.activation=relu, or optimizer=sgd."
        )
