"""The user's own networks and layers, named by import path, and the check of models that are made of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from mgu.config.layouts import PythonLayoutConfig
from mgu.config.python import ImportedConfig
from mgu.config.run import RunConfig
from mgu.data.shapes import Shapes
from mgu.errors import UserError
from mgu.user_code.faults import blaming
from mgu.user_code.loading import call_target, find_target


def import_network(layout: PythonLayoutConfig, shapes: Shapes) -> nn.Module:
    """Builds a whole network of the user's.

    Args:
        layout: Names the class; it is given what its constructor asks for by name: `input_shape` (without the batch),
            `num_inputs` (how many numbers an input has), `num_outputs` and `num_classes` (how many the network must
            return), beside its options.
        shapes: Shapes of one example.

    Returns:
        The network, as its constructor leaves it.

    Raises:
        UserError: The class cannot be found or called, or makes no network.
    """
    offered = {
        "input_shape": tuple(shapes.inputs),
        "num_inputs": math.prod(shapes.inputs),
        "num_outputs": shapes.num_outputs,
        "num_classes": shapes.num_outputs,
    }
    build = find_target("layout.target", layout.target, layout.folder, layout.sha256)
    with blaming(f"layout.target {layout.target} must make a network", "Correct it, or its layout.options."):
        network = call_target("layout", layout.target, build, layout.options, offered)
    return _check_module("layout.target", layout.target, network)


def import_layer(config: ImportedConfig) -> Callable[..., nn.Module]:
    """Finds a layer of the user's.

    Args:
        config: Names the class.

    Returns:
        A function that is called as torch's own class: with input and output channels, size of the kernel, stride and
        padding for a convolution, with input and output features for a dense layer.

    Raises:
        UserError: The class cannot be found; the function raises it where the class cannot be called or makes no layer.
    """
    key, target = "layout.layer", config.target
    build = find_target(key, target, config.folder, config.sha256)

    def make(*sizes: int) -> nn.Module:
        with blaming(
            f"{key} {target} must make a layer by {target}{sizes}", "Give it these parameters, in this order."
        ):
            layer = build(*sizes, **config.options)
        return _check_module(key, target, layer)

    return make


def check_outputs(model: nn.Module, inputs: torch.Tensor, num_outputs: int, section: ImportedConfig, key: str) -> None:
    """Computes two examples, and checks what a model returns for them.

    Args:
        model: The whole network, on the device of the inputs; it is left in training mode.
        inputs: Two examples (2, *).
        num_outputs: How many numbers it must return for each.
        section: Names the user's code that it is made of.
        key: What that is called in messages.

    Raises:
        UserError: The user's code fails, or the shape is another.
    """
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise UserError(
            f"{key} {section.target} must have weights to train, but has none. Give it torch.nn.Parameters."
        )
    shape = f"({', '.join(['B', *map(str, inputs.shape[1:])])})"
    with torch.no_grad(), blaming(f"{key} {section.target} must compute inputs of shape {shape}", "Correct it."):
        outputs = model.eval()(inputs)
        model.train()
    if not isinstance(outputs, torch.Tensor):
        raise UserError(
            f"{key} {section.target} must return one tensor, but returns {type(outputs).__name__}. Return the "
            "tensor of its outputs alone."
        )
    is_fitting = outputs.shape == (2, num_outputs) or (num_outputs == 1 and outputs.shape == (2,))
    if not is_fitting:
        shown = ", ".join(["B", *map(str, outputs.shape[1:])]) if len(outputs.shape) else ""
        raise UserError(
            f"{key} {section.target} must return (B, {num_outputs}) for the data, but returns ({shown}). Its "
            f"constructor is given num_outputs={num_outputs} if it has that parameter."
        )


def blaming_own_code(config: RunConfig) -> AbstractContextManager[None]:
    """Returns a context in which exceptions of training by code of the user's are told as the user's.

    Args:
        config: The configuration of a run.

    Returns:
        The context; exceptions pass it where all that trains is this package's own.
    """
    sections = {"optimizer.target": config.optimizer, "schedule.target": config.schedule}
    known = filter(None, [section_of(config.layout), *sections.items()])
    names = [f"{key} {section.target}" for key, section in known if isinstance(section, ImportedConfig)]
    return blaming(f"{' with '.join(names)} must train on two batches", "Correct it.") if names else nullcontext()


def _check_module(key: str, target: str, made: Any) -> nn.Module:
    if not isinstance(made, nn.Module):
        raise UserError(f"{key} must make a torch.nn.Module, but {target} makes {type(made).__name__}. Name another.")
    return made


def section_of(layout: Any) -> tuple[str, ImportedConfig] | None:
    """Finds the user's code that a layout is made of.

    Args:
        layout: The layout of a run.

    Returns:
        What the code is called in messages, and its section; None for a layout of this package's own modules.
    """
    if isinstance(layout, PythonLayoutConfig):
        return "layout.target", layout
    layer = getattr(layout, "layer", None)
    return ("layout.layer", layer) if layer else None
