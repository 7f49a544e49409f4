"""Checks of directed networks and of how they learn: what does not go together with them."""

from __future__ import annotations

from mgu.config.datasets import AnyDataset
from mgu.config.directed import DirectedLayoutConfig
from mgu.config.gates import GatesConfig
from mgu.config.run import RunConfig
from mgu.errors import UserError


def check_learning(config: RunConfig) -> None:
    """Checks that there are two equilibria to learn from, and that what is removed of them stays so on average.

    Args:
        config: A run.

    Raises:
        UserError: The layout has none, or averaged weights would keep what is removed.
    """
    if config.learning and not isinstance(config.layout, DirectedLayoutConfig):
        raise UserError(
            f"learning must be backpropagation for layout={config.layout.name}, whose outputs are no states that can "
            "be nudged, but got equilibrium. Pass learning=backpropagation or layout=directed_gates."
        )
    if config.learning and config.learning.sparsify == "published" and config.training.ema:
        raise UserError(
            "learning.sparsify must be none or permanent with training.ema, for averaged weights do not drop to 0 with "
            "the connections, but got published. Pass learning.sparsify=permanent or training.ema=null."
        )


def check_directed(config: RunConfig, layout: DirectedLayoutConfig) -> None:
    """Checks that a directed network is alone, on targets that its states can reach, and eagerly computed.

    Args:
        config: A run.
        layout: Its layout.

    Raises:
        UserError: It is not.
    """
    if config.mgu or config.residual or (config.norm and config.norm.name != "no_norm"):
        raise UserError(
            f"layout {layout.name} must be alone, for it is one graph without layers to wrap, but got a norm, a "
            "residual or a unit. Pass norm=no_norm residual=without mgu=without."
        )
    if not isinstance(config.dataset, GatesConfig) and config.dataset.task != "classification":
        raise UserError(
            f"dataset must have classes, or be gates, for layout={layout.name}, whose states lie in [0, 1], but got "
            f"{config.dataset.name}, a {config.dataset.task}. Pass dataset=gates, or another layout."
        )
    for key, value, legal in _settings(config, config.dataset):
        if value != legal:
            raise UserError(f"{key} must be {legal} for layout={layout.name}, but got {value}. Pass {key}={legal}.")
    if config.engine not in ("auto", "eager"):
        raise UserError(f"engine must be auto or eager for layout={layout.name}, but got {config.engine}. "
                        "Pass engine=auto.")  # fmt: skip


def _settings(config: RunConfig, dataset: AnyDataset) -> list[tuple[str, object, object]]:
    """Returns what the squared error of states in [0, 1] leaves no choice in: key, value, and the legal value."""
    return [
        ("training.precision", config.training.precision, "float32"),
        ("training.label_smoothing", config.training.label_smoothing, 0.0),
        ("dataset.class_weights", getattr(dataset, "class_weights", "none"), "none"),
        ("augment", "mixup" if config.augment and config.augment.name == "mixup" else "none", "none"),
    ]
