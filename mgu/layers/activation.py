"""Activations by the names that layouts and units use.

SELU: Klambauer et al. 2017, https://arxiv.org/abs/1706.02515
"""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from mgu.text.nearest import did_you_mean

Activation = Callable[[Tensor], Tensor]

ACTIVATIONS: dict[str, Activation] = {
    "selu": F.selu,
    "relu": F.relu,
    "gelu": F.gelu,
    "silu": F.silu,
    "tanh": F.tanh,
}

NAMES_IN_C: dict[Activation, str] = {F.selu: "SELU", F.relu: "RELU", F.silu: "SILU", F.tanh: "TANH"}  # activations.h


def find_activation(activation: str | Activation) -> Activation:
    """Returns the activation of a name; a function is returned as it is.

    Args:
        activation: A name in ACTIVATIONS, or a function from a tensor to one of its shape.

    Returns:
        The function.

    Raises:
        TypeError: It is neither a name nor a function; a class, such as nn.ReLU, makes a module and no tensor.
        ValueError: The name is unknown.
    """
    if isinstance(activation, type):
        raise TypeError(
            f"activation must be a function or one of {', '.join(ACTIVATIONS)}, but got the class "
            f"{activation.__name__}. Pass {activation.__name__}()."
        )
    if callable(activation):
        return activation
    if not isinstance(activation, str):
        raise TypeError(
            f"activation must be a function or one of {', '.join(ACTIVATIONS)}, but got {activation!r}. Name one."
        )
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation must be one of {', '.join(ACTIVATIONS)} or a function, but got {activation!r}."
            f"{did_you_mean(activation, ACTIVATIONS)}"
        )
    return ACTIVATIONS[activation]


def unchanged(x: Tensor) -> Tensor:
    """Returns its input: the activation behind a layer that has its own within.

    Args:
        x: The output of that layer.

    Shape:
        x: (*); returns (*).

    Returns:
        The same tensor.
    """
    return x
