"""Initial weights: of fresh copies of a wrapped layer, and of all layers as Keras draws them.

Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.parameter import is_lazy


def fresh_copy(layer: nn.Module) -> nn.Module:
    """Returns a trainable deep copy of a layer with its own initial weights.

    Linear layers and convolutions start glorot-uniform with zero biases, by their own fan (Keras' default); any other
    module by its own `reset_parameters()`, or by those of its sub-modules.

    Args:
        layer: The layer, which is not changed.

    Returns:
        The copy.

    Raises:
        TypeError: The layer cannot be copied, is lazy, or keeps a weight, so that a gate would start as its layer.
    """
    try:
        twin = copy.deepcopy(layer)
    except Exception as error:
        raise TypeError(f"layer must allow copy.deepcopy, but {type(layer).__name__} fails: {error}") from error
    check_is_shaped(layer)
    initialise(twin)
    twin.requires_grad_(True)
    _check_differs(layer, twin)
    return twin


def check_is_module(layer: object) -> None:
    """Checks that a layer is a module, and not its class or its name.

    Args:
        layer: What was given as the layer.

    Raises:
        TypeError: It is anything else.
    """
    if isinstance(layer, nn.Module):
        return
    got = f"the class {layer.__name__}" if isinstance(layer, type) else repr(layer)
    raise TypeError(f"layer must be a torch.nn.Module, but got {got}. Pass one such as nn.Linear(64, 32).")


def checked_tensor(output: object, layer: nn.Module) -> Tensor:
    """Checks that a layer returned one tensor, and not a tuple as recurrent layers and attention do.

    Args:
        output: What it returned.
        layer: The layer.

    Returns:
        The output.

    Raises:
        TypeError: It is anything else.
    """
    if not isinstance(output, Tensor):
        raise TypeError(
            f"layer must return one tensor, but {type(layer).__name__} returns {type(output).__name__}. "
            "Wrap it in a module that returns the tensor to be normalised."
        )
    return output


def check_is_shaped(layer: nn.Module) -> None:
    """Checks that a layer knows the shapes of its weights.

    Args:
        layer: The layer.

    Raises:
        TypeError: It is lazy, and has not been called yet.
    """
    if any(is_lazy(parameter) for parameter in layer.parameters()):
        raise TypeError(
            f"layer must have its final shape, but {type(layer).__name__} is lazy. Call it on one batch first."
        )


def initialise(module: nn.Module) -> None:
    """Draws new weights in place; a module with its own `reset_parameters()` is responsible for its sub-modules.

    Args:
        module: The module.
    """
    if isinstance(module, (nn.Linear, _ConvNd)) and type(module).__module__.startswith("torch.nn.modules"):
        glorot_(module)
    elif callable(reset := getattr(module, "reset_parameters", None)):
        reset()
    else:
        for child in module.children():
            initialise(child)
        if isinstance(module, nn.MultiheadAttention):
            module._reset_parameters()  # torch's, which draws the projections of the inputs alone


def glorot_(module: nn.Linear | _ConvNd) -> None:
    """Sets a glorot-uniform weight and a zero bias in place, the defaults of Keras.

    Args:
        module: A linear layer or a convolution.
    """
    nn.init.xavier_uniform_(module.weight)
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def place_like_(module: nn.Module, layer: nn.Module) -> None:
    """Moves a module to the device and the precision of a layer; a layer without parameters leaves it as it is.

    Args:
        module: What is moved, in place.
        layer: The layer.
    """
    parameter = next(layer.parameters(), None)
    if parameter is not None:
        module.to(parameter.device, parameter.dtype)


def _check_differs(layer: nn.Module, twin: nn.Module) -> None:
    """Raises TypeError where a weight was not drawn anew, and so would be the same in every gate; biases may be."""
    for (name, ours), theirs in zip(twin.named_parameters(), layer.parameters(), strict=True):
        is_constant = ours.is_meta or ours.numel() == 0 or bool((ours == ours.flatten()[0]).all())
        is_constant |= name in getattr(layer, "starts_alike", ())
        if not is_constant and ours.dim() > 1 and torch.equal(ours, theirs):
            raise TypeError(
                f"layer must draw new weights in reset_parameters(), but {name!r} of {type(layer).__name__} stays "
                "as it was. Give the layer, or the sub-module that owns it, a reset_parameters() method that draws it."
            )


def set_bias_(transform: nn.Module, value: float, gate: str) -> None:
    """Sets the bias of a gate's transform in place; 0 leaves it as it was initialised.

    Args:
        transform: The transform of the gate, with a tensor `bias`.
        value: Its initial value.
        gate: Name of the gate, for the error message.

    Raises:
        TypeError: The transform has no bias.
    """
    if value == 0:
        return
    bias = getattr(transform, "bias", None)
    if not isinstance(bias, Tensor):
        raise TypeError(
            f"gate_bias of {gate!r} must be 0 for a layer without a bias, but got {value}. Wrap one with bias=True."
        )
    nn.init.constant_(bias, value)
