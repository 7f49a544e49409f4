"""The layer of an equilibrium layout, from its configuration."""

from __future__ import annotations

from torch import Tensor, nn

from mgu.config.equilibrium import EquilibriumLayoutConfig
from mgu.equilibrium.layer import Equilibrium, convolutional_equilibrium, dense_equilibrium
from mgu.equilibrium.settings import Settings
from mgu.models.convnet import convolution


def unchanged(x: Tensor) -> Tensor:
    """Returns its argument: the activation `identity` of a block or unit around an equilibrium."""
    return x


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
    """Returns the equilibria of a model by the names of their modules."""
    return {name: module for name, module in model.named_modules() if isinstance(module, Equilibrium)}
