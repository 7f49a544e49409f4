"""Layouts of one equilibrium layer (OptEq), dense or convolutional, and what its iteration may be told."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from mgu.config.engine_rule import ITERATIVE, EngineRule
from mgu.config.fields import ActivationName, BelowOne, ConfigModel, Count, Name, NonNegative32, Positive32
from mgu.config.identity import NOT_IDENTITY
from mgu.equilibrium.names import INNER_ACTIVATIONS, Prior, Solver, refuse_activation
from mgu.errors import UserError


def _identity_for_null(value: object) -> object:
    """Gives both words for no activation one identity."""
    return "identity" if value is None else value


class EquilibriumLayoutConfig(ConfigModel):
    """Configures an equilibrium layer and a read-out, see mgu/equilibrium/layer.py."""

    engine_rule: ClassVar[EngineRule] = ITERATIVE

    name: Annotated[Name, NOT_IDENTITY] = Field(description="Name of the layout: that of its YAML file.")
    width: int = Field(gt=0, le=100_000, description="Features, or channels, of the equilibrium.")
    kernel_size: Count | None = Field(
        description="Side of the square kernels in pixels, odd; null: a dense equilibrium of all numbers of an example."
    )
    stride: Count = Field(description="Stride in pixels of the convolution that images enter by; dense: 1.")
    input_norm: bool = Field(description="Whether what enters the iteration is batch-normalised, outside of it.")
    inner_activation: str = Field(
        description="Activation inside of the iteration, with slopes in [0, 1]: relu, leaky_relu, elu, softplus, tanh "
        "or sigmoid."
    )
    activation: Annotated[Literal["identity"] | ActivationName, BeforeValidator(_identity_for_null)] = Field(
        description="Activation function of the block or unit around the equilibrium; identity, or null: none."
    )
    sublayers: int = Field(gt=0, le=100, description="Number of maps that an iteration applies in turn.")
    averaging: float = Field(
        ge=1, le=10_000, description="a: each map is (1/a) f(z) + (1 - 1/a) z; without effect on a single one."
    )
    norm_bound: Positive32 = Field(le=1, description="Largest operator norm of the weights of the iteration.")
    power_iterations: Count = Field(description="Power iterations a training step that estimate that norm.")
    solver: Solver = Field(
        description="picard: repeat the map; anderson: combine earlier iterates, fewer but dearer iterations."
    )
    tolerance: Positive32 = Field(description="Relative residual at which training stops to iterate.")
    eval_tolerance: Positive32 = Field(description="Relative residual at which evaluation stops to iterate.")
    max_iterations: int = Field(
        ge=2, le=100_000, description="Iterations at most; what has not converged by then is counted in result.json."
    )
    prior: Prior = Field(
        description="none, l1, l2: added to the objective; viscosity: of several fixed points, the one nearest to 0."
    )
    prior_weight: NonNegative32 = Field(description="Weight of the prior l1 or l2; else 0.")
    viscosity_steps: Count = Field(description="Iterations over which the viscosity falls, then stays; only for it.")
    dropout: BelowOne = Field(description="Share of the values that dropout zeroes before the read-out.")

    def output_size(self, image_shape: list[int]) -> tuple[int, int]:
        """Derives height and width in pixels of the equilibrium of images.

        Args:
            image_shape: Channels, height and width in pixels.

        Returns:
            Height and width behind the stride.

        Raises:
            UserError: The images are smaller than the kernel.
        """
        assert self.kernel_size is not None  # of a convolutional layout only
        height, width = ((side - 1) // self.stride + 1 for side in image_shape[1:])
        if min(image_shape[1:]) < self.kernel_size:
            raise UserError(
                f"layout.kernel_size must be at most the sides of the images, but got {self.kernel_size} for "
                f"{image_shape[1]}x{image_shape[2]}. Pass layout.kernel_size={min(image_shape[1:]) // 2 * 2 - 1}."
            )
        return height, width

    @property
    def as_list(self) -> str:
        """Width, sub-layers and averaging; the paper has a notation for convolutions only."""
        kernel = f", {self.kernel_size}x{self.kernel_size}/{self.stride}" if self.kernel_size else ""
        deep = f", {self.sublayers} sub-layers, a {self.averaging:g}" if self.sublayers > 1 else ""
        prior = {"none": "", "viscosity": ", viscosity"}.get(self.prior, f", {self.prior} {self.prior_weight:g}")
        return f"equilibrium [{self.width}{kernel}{deep}{prior}]"

    @model_validator(mode="after")
    def _check(self) -> EquilibriumLayoutConfig:
        """Checks that the values of the layout go together."""
        if self.inner_activation not in INNER_ACTIVATIONS:
            raise ValueError(f"layout.inner_activation {refuse_activation(self.inner_activation)}")
        if self.kernel_size is None and self.stride != 1:
            raise ValueError(f"stride must be 1 for a dense equilibrium, but got {self.stride}. Pass layout.stride=1.")
        if self.kernel_size is not None and self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, but got {self.kernel_size}. Pass layout.kernel_size=3.")
        if (self.prior in ("l1", "l2")) != (self.prior_weight > 0):
            raise ValueError(
                f"prior_weight must be above 0 with prior l1 or l2, and 0 without, but got {self.prior_weight:g} with "
                f"{self.prior}. Pass layout.prior_weight={0.01 if self.prior_weight == 0 else 0}."
            )
        if self.prior == "viscosity" and self.viscosity_steps >= self.max_iterations:
            raise ValueError(
                f"viscosity_steps must be below max_iterations, but got {self.viscosity_steps} of "
                f"{self.max_iterations}. Pass layout.viscosity_steps={max(1, self.max_iterations // 2)}."
            )
        return self
