"""Layouts: the layers of a network before any norm, residual or unit is put around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from mgu.config.fields import NAME, Activation, Count, Fraction, Section
from mgu.errors import UserError


class FactorsLayoutConfig(Section):
    """Matrix factorisation: no layers."""

    name: Annotated[str, Field(pattern=NAME)]
    factors: Annotated[int, Field(gt=0, le=10_000)]

    @property
    def as_list(self) -> str:
        """The number of factors; the paper's notation is of convolutions."""
        return f"factors [{self.factors}]"


class DenseLayoutConfig(Section):
    """A stack of dense layers, all of one width."""

    name: Annotated[str, Field(pattern=NAME)]
    depth: Annotated[int, Field(gt=0, le=1000)]
    width: Annotated[int, Field(gt=0, le=100_000)]
    activation: Activation
    dropout: Fraction  # after every block

    @property
    def as_list(self) -> str:
        """Depth and width; the paper's notation is of convolutions."""
        return f"dense [{self.depth}, {self.width}]"


class Convolution(Section):
    """One layer of a layout, as the grid code of seed 001 derives it."""

    in_channels: Count
    out_channels: Count
    kernel_size: Count
    stride: Count
    padding: Annotated[int, Field(ge=0)]


class LayoutConfig(Section):
    """A stack of convolutions in the terms of the grid code of seed 001."""

    name: Annotated[str, Field(pattern=NAME)]
    num_layers: Annotated[int, Field(gt=0, le=1000)]
    num_reductions: Annotated[int, Field(ge=0)]
    max_strides: Count
    min_layer_padding_same: Annotated[float, Field(ge=1)]  # .inf: valid padding throughout
    scale_filters: Annotated[float, Field(gt=0, le=100)]
    start_filters: Count
    max_filters: Count
    kernel_size: Count  # a padded layer is padded alike on all sides; Keras differs from that where it also strides
    activation: Activation
    dropout: Fraction

    def convolutions(self, image_shape: list[int]) -> list[Convolution]:
        """The layers in order; raises UserError naming the first whose input is smaller than its kernel."""
        channels, *size = image_shape
        layers = []
        for index in range(self.num_layers):
            layer = self._convolution(index, channels)
            if min(size) + 2 * layer.padding < self.kernel_size:
                raise UserError(
                    f"layout {self.name!r} must keep every feature map at least as large as its "
                    f"{self.kernel_size}x{self.kernel_size} kernel, but layer {index + 1} of {self.num_layers} gets "
                    f"{size[0]}x{size[1]} from a {image_shape[1]}x{image_shape[2]} image. "
                    "Use fewer layers or reductions, or pad from an earlier layer (min_layer_padding_same)."
                )
            size = [(side + 2 * layer.padding - self.kernel_size) // layer.stride + 1 for side in size]
            channels = layer.out_channels
            layers.append(layer)
        return layers

    def _convolution(self, index: int, in_channels: int) -> Convolution:
        # Layers count from 0 here and from 1 in min_layer_padding_same, as in the grid code.
        padded = index >= self.min_layer_padding_same - 1
        return Convolution(
            in_channels=in_channels,
            out_channels=min(self.max_filters, int(self.start_filters * self.scale_filters**index)),
            kernel_size=self.kernel_size,
            stride=self.max_strides if index < self.num_reductions else 1,
            padding=self.kernel_size // 2 if padded else 0,
        )

    @property
    def as_list(self) -> str:
        """The paper's notation: [layers, reductions, strides, first padded layer, filter scale]."""
        values = (self.num_layers, self.num_reductions, self.max_strides, self.min_layer_padding_same)
        return f"[{', '.join(f'{value:g}' for value in (*values, self.scale_filters))}]"

    @model_validator(mode="after")
    def _check(self) -> LayoutConfig:
        padded = self.min_layer_padding_same <= self.num_layers
        if padded and self.kernel_size % 2 == 0:
            raise ValueError("kernel_size must be odd where layers are padded. Use 3, or min_layer_padding_same=.inf.")
        if int(self.start_filters * min(1.0, self.scale_filters ** (self.num_layers - 1))) < 1:
            raise ValueError("scale_filters must leave every layer at least one filter. Raise it or start_filters.")
        return self


def _kind_of_layout(values: Any) -> str:
    keys = values if isinstance(values, Mapping) else type(values).model_fields
    return "[dense]" if "depth" in keys else "[factors]" if "factors" in keys else "[convolutions]"


AnyLayout = Annotated[
    Annotated[LayoutConfig, Tag("[convolutions]")]
    | Annotated[DenseLayoutConfig, Tag("[dense]")]
    | Annotated[FactorsLayoutConfig, Tag("[factors]")],
    Discriminator(_kind_of_layout),
]
