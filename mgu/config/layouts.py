"""Layouts: the layers of a network before any norm, residual or unit is put around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from mgu.config.directed import DirectedLayoutConfig
from mgu.config.engine_rule import ANY, WITHOUT_BLOCKS, EngineRule
from mgu.config.equilibrium import EquilibriumLayoutConfig
from mgu.config.fields import ActivationName, BelowOne, ConfigModel, Count, Name, Positive32
from mgu.config.identity import NOT_IDENTITY, UNLESS_DEFAULT
from mgu.config.masked_layout import MaskedLayoutConfig
from mgu.config.nago_layout import NagoLayoutConfig
from mgu.config.python import ImportedConfig
from mgu.errors import UserError

LayoutName = Annotated[Name, NOT_IDENTITY]


OwnLayer = Annotated[ImportedConfig | None, UNLESS_DEFAULT]  # of the user's, as a text my_pkg:Layer or with its options


class PythonLayoutConfig(ImportedConfig):
    """Configures a whole network of the user's, see mgu/factory/imported.py."""

    engine_rule: ClassVar[EngineRule] = WITHOUT_BLOCKS

    name: LayoutName = Field(description="Name of the layout: that of its YAML file, or of the class.")

    @property
    def as_list(self) -> str:
        """The import path and the options; the paper has a notation for convolutions only."""
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.target}({options})" if options else self.target


class FactorsLayoutConfig(ConfigModel):
    """Configures matrix factorisation, which has no layers."""

    engine_rule: ClassVar[EngineRule] = WITHOUT_BLOCKS

    name: LayoutName = Field(description="Name of the layout: that of its YAML file.")
    factors: int = Field(gt=0, le=10_000, description="Number of factors of a user and of an item.")

    @property
    def as_list(self) -> str:
        """The number of factors; the paper has a notation for convolutions only."""
        return f"factors [{self.factors}]"


class DenseLayoutConfig(ConfigModel):
    """Configures a stack of dense layers that all have the same width."""

    engine_rule: ClassVar[EngineRule] = ANY

    name: LayoutName = Field(description="Name of the layout: that of its YAML file.")
    depth: int = Field(gt=0, le=1000, description="Number of dense layers.")
    width: int = Field(gt=0, le=100_000, description="Number of outputs of each layer.")
    activation: ActivationName = Field(description="Activation function of every layer.")
    dropout: BelowOne = Field(description="Share of the values that dropout zeroes after every block.")
    layer: OwnLayer = Field(None, description="A layer of the user's in place of torch.nn.Linear; null: that one.")

    @property
    def as_list(self) -> str:
        """Depth and width; the paper has a notation for convolutions only."""
        return f"dense [{self.depth}, {self.width}]{_describe_layer(self.layer)}"


def _null_for_identity(value: object) -> object:
    """Gives both words for no activation one identity."""
    return None if value == "identity" else value


class RecurrentLayoutConfig(ConfigModel):
    """Configures recurrent layers over a sequence, the last of which hands on its last state."""

    engine_rule: ClassVar[EngineRule] = EngineRule(
        ("native", "compiled"), "auto or eager", "for recurrent layers, whose loop is one operation"
    )

    name: LayoutName = Field(description="Name of the layout: that of its YAML file.")
    cell: Literal["relu", "tanh", "lstm"] = Field(
        description="relu, tanh: the activation from one state to the next; lstm: long short-term memory."
    )
    depth: int = Field(gt=0, le=100, description="Number of recurrent layers.")
    width: int = Field(gt=0, le=100_000, description="Size of the state of each layer.")
    start: Literal["identity", "positive_definite", "uniform"] = Field(
        description="How recurrent weights start, see mgu/layers/recurrent_init.py; uniform for lstm."
    )
    input_std: Positive32 | None = Field(
        description="Standard deviation of the input weights at the start; null: what goes with layout.start."
    )
    activation: Annotated[Literal["identity"] | ActivationName | None, BeforeValidator(_null_for_identity)] = Field(
        description="Activation function behind a layer, of its norm or unit; null, or identity: none but the one in "
        "its cell."
    )
    dropout: BelowOne = Field(description="Share of the values that dropout zeroes after every block.")

    @property
    def as_list(self) -> str:
        """Cell, depth and width; the paper has a notation for convolutions only."""
        return f"{self.cell} [{self.depth}, {self.width}] from {self.start}"

    @model_validator(mode="after")
    def _check(self) -> RecurrentLayoutConfig:
        if self.cell == "lstm" and (self.start != "uniform" or self.input_std is not None):
            raise ValueError(
                "start must be uniform and input_std null for cell=lstm, which starts as torch's, but got "
                f"{self.start} and {self.input_std}. Pass layout=recurrent_lstm."
            )
        return self


class Convolution(ConfigModel):
    """Describes one layer of a convolutional layout, as the paper's grid code derives it (section 5.1)."""

    in_channels: Count = Field(description="Number of input channels.")
    out_channels: Count = Field(description="Number of output channels.")
    kernel_size: Count = Field(description="Side of the square kernel in pixels.")
    stride: Count = Field(description="Stride in pixels, in both directions.")
    padding: int = Field(ge=0, description="Zeros added on each of the four sides, in pixels.")


class LayoutConfig(ConfigModel):
    """Configures a stack of convolutions in the terms of Damian and Piciu (2020), section 5.1."""

    engine_rule: ClassVar[EngineRule] = ANY

    name: LayoutName = Field(description="Name of the layout: that of its YAML file.")
    num_layers: int = Field(gt=0, le=1000, description="Number of convolutions.")
    num_reductions: int = Field(ge=0, description="Number of layers, from the first on, that take stride max_strides.")
    max_strides: Count = Field(description="Stride of the first num_reductions layers in pixels; the others take 1.")
    min_layer_padding_same: float = Field(
        ge=1,
        description="First layer, counted from 1, whose padding keeps the size; .inf: no layer is padded.",
    )
    scale_filters: float = Field(gt=0, le=100, description="Factor from the filters of a layer to those of the next.")
    start_filters: Count = Field(description="Number of filters of the first layer.")
    max_filters: Count = Field(description="Largest number of filters of a layer.")
    # Keras pads a layer that also strides on two sides only; here all four sides are padded alike.
    kernel_size: Count = Field(description="Side of every square kernel in pixels; odd where layers are padded.")
    activation: ActivationName = Field(description="Activation function of every layer.")
    dropout: BelowOne = Field(description="Share of the features that dropout zeroes before the read-out.")
    layer: OwnLayer = Field(None, description="A layer of the user's in place of torch.nn.Conv2d; null: that one.")

    def convolutions(self, image_shape: list[int]) -> list[Convolution]:
        """Derives the layers for images of one shape.

        Args:
            image_shape: Channels, height and width in pixels.

        Returns:
            The layers in order.

        Raises:
            UserError: The input of a layer is smaller than its kernel; the first such layer is named.
        """
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
        # Layers count from 0 here and from 1 in min_layer_padding_same, as in the paper's grid code.
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
        return f"[{', '.join(f'{value:g}' for value in (*values, self.scale_filters))}]{_describe_layer(self.layer)}"

    @model_validator(mode="after")
    def _check(self) -> LayoutConfig:
        padded = self.min_layer_padding_same <= self.num_layers
        if padded and self.kernel_size % 2 == 0:
            raise ValueError("kernel_size must be odd where layers are padded. Use 3, or min_layer_padding_same=.inf.")
        if int(self.start_filters * min(1.0, self.scale_filters ** (self.num_layers - 1))) < 1:
            raise ValueError("scale_filters must leave every layer at least one filter. Raise it or start_filters.")
        return self


def _describe_layer(layer: ImportedConfig | None) -> str:
    return f" of {layer.target}" if layer else ""


WithoutBlocks = FactorsLayoutConfig | PythonLayoutConfig | NagoLayoutConfig | DirectedLayoutConfig


# Of layouts by a key that no kind above it has; without any of them: convolutions.
KINDS = {
    "target": "[python]",
    "init_std": "[directed]",
    "inner_activation": "[equilibrium]",
    "cell": "[recurrent]",
    "density": "[masked]",
    "top_nodes": "[nago]",
    "depth": "[dense]",
    "factors": "[factors]",
}


def _kind_of_layout(values: Any) -> str:
    keys = values if isinstance(values, Mapping) else type(values).model_fields
    return next((kind for key, kind in KINDS.items() if key in keys), "[convolutions]")


AnyLayout = Annotated[
    Annotated[LayoutConfig, Tag("[convolutions]")]
    | Annotated[DenseLayoutConfig, Tag("[dense]")]
    | Annotated[RecurrentLayoutConfig, Tag("[recurrent]")]
    | Annotated[MaskedLayoutConfig, Tag("[masked]")]
    | Annotated[NagoLayoutConfig, Tag("[nago]")]
    | Annotated[FactorsLayoutConfig, Tag("[factors]")]
    | Annotated[PythonLayoutConfig, Tag("[python]")]
    | Annotated[EquilibriumLayoutConfig, Tag("[equilibrium]")]
    | Annotated[DirectedLayoutConfig, Tag("[directed]")],
    Discriminator(_kind_of_layout),
]
