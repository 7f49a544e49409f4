"""Networks of equilibrium layouts, from a configuration."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mgu.config.equilibrium import EquilibriumLayoutConfig
from mgu.equilibrium.layer import Equilibrium, convolutional_equilibrium, dense_equilibrium
from mgu.equilibrium.settings import Settings
from mgu.factory.blocks import build_block
from mgu.factory.resolved_run import ResolvedRun
from mgu.layers.channels import Channels
from mgu.models.convnet import ConvNet, convolution
from mgu.models.mlp import MLP


def build_equilibrium(resolved: ResolvedRun) -> ConvNet | MLP:
    """Builds the block of an equilibrium layout and the read-out."""
    config, layout = resolved.config, resolved.config.layout
    assert isinstance(layout, EquilibriumLayoutConfig)
    inputs, num_outputs, _ = resolved.shapes
    if layout.kernel_size:
        block = build_block(config, build_convolutional(layout, list(inputs)), 0, Channels(layout.width, -3))
        return ConvNet([block], layout.width, num_outputs, layout.dropout, native=False)
    block = build_block(config, build_dense(layout, math.prod(inputs)), 0, Channels(layout.width, -1))
    return MLP([block], layout.width, num_outputs, layout.dropout)


def build_warmup_equilibrium(resolved: ResolvedRun) -> list[tuple[nn.Module, Tensor]]:
    """Builds the block of an equilibrium of one number, or of images as large as its kernel."""
    config, layout = resolved.config, resolved.config.layout
    assert isinstance(layout, EquilibriumLayoutConfig)
    if side := layout.kernel_size:
        layer = build_convolutional(layout, [1, side, side])
        return [(build_block(config, layer, 0, Channels(layout.width, -3)), torch.ones(2, 1, side, side))]
    return [(build_block(config, build_dense(layout, 1), 0, Channels(layout.width, -1)), torch.ones(2, 1))]


def build_settings(layout: EquilibriumLayoutConfig) -> Settings:
    """Returns how the equilibrium of a layout is defined and found."""
    return Settings(
        inner_activation=layout.inner_activation,
        sublayers=layout.sublayers,
        averaging=layout.averaging,
        norm_bound=layout.norm_bound,
        power_iterations=layout.power_iterations,
        solver=layout.solver,
        tolerance=layout.tolerance,
        eval_tolerance=layout.eval_tolerance,
        max_iterations=layout.max_iterations,
        prior=layout.prior,
        prior_weight=layout.prior_weight,
        viscosity_steps=layout.viscosity_steps,
    )


def build_dense(layout: EquilibriumLayoutConfig, num_inputs: int) -> Equilibrium:
    """Builds the dense equilibrium of a layout.

    Args:
        layout: The layout.
        num_inputs: Numbers of an example.

    Returns:
        The layer.
    """
    return dense_equilibrium(num_inputs, layout.width, build_settings(layout), layout.input_norm)


def build_convolutional(layout: EquilibriumLayoutConfig, image_shape: list[int]) -> Equilibrium:
    """Builds the convolutional equilibrium of a layout.

    Args:
        layout: The layout.
        image_shape: Channels, height and width of the images.

    Returns:
        The layer.
    """
    kernel = layout.kernel_size
    assert kernel is not None  # of a convolutional layout
    injection = convolution(image_shape[0], layout.width * layout.sublayers, kernel, layout.stride, kernel // 2)
    size = layout.output_size(image_shape)
    return convolutional_equilibrium(injection, kernel, size, build_settings(layout), layout.input_norm)


def equilibria_of(model: nn.Module) -> dict[str, Equilibrium]:
    """Finds the equilibria in a model.

    Args:
        model: The network.

    Returns:
        The layers by the names of their modules.
    """
    return {name: module for name, module in model.named_modules() if isinstance(module, Equilibrium)}
