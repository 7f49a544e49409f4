"""The schema of a run: every value that can be configured, its rule, and the checks across values.

The YAML files in conf/ hold the values; this file holds the rules. It imports neither torch nor Hydra, so that a whole
sweep can be checked before anything heavy starts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from mgu.errors import UserError
from mgu.score import SCORES, Score
from mgu.sections import (
    NAME,
    Activation,
    AdultConfig,
    CasesConfig,
    ClassesConfig,
    Count,
    DenseLayoutConfig,
    FactorsLayoutConfig,
    Fraction,
    MovieLensConfig,
    NonNegative,
    Positive,
    Section,
    TableConfig,
)
from mgu.unit_config import UnitConfig

# What a data set is not known by; those of a user's own files have a sha256.
NOT_OF_THE_DATA = ("root", "path", "download", "stages", "stage_pattern", "broken", "memory_gib", "cache_gib")


class DatasetConfig(ClassesConfig):
    """Images: see mgu/data/splits.py for what validates."""

    image_shape: Annotated[list[Count], Field(min_length=3, max_length=3)]  # channels, height, width
    num_classes: Annotated[int, Field(ge=2)]


ImagesConfig = DatasetConfig | CasesConfig


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


class NormConfig(Section):
    """The normalisation of a baseline; momentum and eps are those of Keras' defaults."""

    name: Literal["bn_pre", "bn_post", "ln", "no_norm"]
    momentum: Annotated[float, Field(gt=0, le=1)] = 0.01  # weight of the newest batch, as torch counts it
    eps: Positive = 1e-3


class OptimizerConfig(Section):
    """Arguments of mgu/train/optim.py."""

    name: Literal["nadam"]
    lr: Positive
    decay: NonNegative
    beta1: Fraction
    beta2: Fraction
    eps: Positive
    momentum_decay: NonNegative


class TrainingConfig(Section):
    """Arguments of mgu/train/loop.py, and how long a call may take."""

    epochs: Count
    batch_size: Count
    eval_batch_size: Count
    patience: Count
    timeout: Positive | None  # seconds; null: none. Not part of a run's identity


class EnergyConfig(Section):
    """Arguments of mgu/energy.py; not part of a run's identity."""

    enabled: bool
    country: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    period_s: Positive


class TensorBoardConfig(Section):
    """Arguments of mgu/tracking/tensorboard.py; not part of a run's identity."""

    dir: str | None  # null: tensorboard/ in the run's own folder


class MlflowConfig(Section):
    """Arguments of mgu/tracking/mlflow.py; not part of a run's identity."""

    tracking_uri: str | None  # null: MLFLOW_TRACKING_URI, else mlflow.db in the runs folder

    @field_validator("tracking_uri")
    @classmethod
    def _holds_no_password(cls, uri: str | None) -> str | None:
        if uri and urlsplit(uri).password:
            raise ValueError(
                "the URI must be without a password, for it is written into result.json, but got one. "
                "Set MLFLOW_TRACKING_URI, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
            )
        return uri


def _kind_of_data(values: Any) -> str:
    name = values.get("name") if isinstance(values, Mapping) else values.name
    return f"[{name}]" if name in ("adult", "table", "cases", "movielens") else "[images]"


def _kind_of_layout(values: Any) -> str:
    keys = values if isinstance(values, Mapping) else type(values).model_fields
    return "[dense]" if "depth" in keys else "[factors]" if "factors" in keys else "[convolutions]"


AnyDataset = Annotated[
    Annotated[DatasetConfig, Tag("[images]")]
    | Annotated[AdultConfig, Tag("[adult]")]
    | Annotated[TableConfig, Tag("[table]")]
    | Annotated[CasesConfig, Tag("[cases]")]
    | Annotated[MovieLensConfig, Tag("[movielens]")],
    Discriminator(_kind_of_data),
]
AnyLayout = Annotated[
    Annotated[LayoutConfig, Tag("[convolutions]")]
    | Annotated[DenseLayoutConfig, Tag("[dense]")]
    | Annotated[FactorsLayoutConfig, Tag("[factors]")],
    Discriminator(_kind_of_layout),
]


class RunConfig(Section):
    """One run, resolved. `norm` and `residual` are axes of the grid only: a unit learns them."""

    experiment_name: Annotated[str, Field(pattern=NAME)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    threads: Count | None  # of the CPU; null: as many as torch chooses
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d{1,3})?)$")]
    deterministic: bool  # on CUDA; the CPU always is
    tf32: bool = False  # on CUDA
    engine: Literal["auto", "eager", "packed", "native", "compiled"]  # see mgu/layers/engine.py, mgu/compiled.py
    step: Literal["auto", "eager", "graph"] = "auto"  # see mgu/train/graph.py
    runs_dir: str | None
    force: bool
    seeds_at_once: Count  # runs of a sweep that differ in their seed only and may be trained together
    dataset: AnyDataset
    layout: AnyLayout
    norm: NormConfig | None = None
    residual: bool | None = None
    mgu: UnitConfig | None = None
    optimizer: OptimizerConfig
    training: TrainingConfig
    energy: EnergyConfig
    tensorboard: TensorBoardConfig | None = None
    mlflow: MlflowConfig | None = None

    @property
    def identity(self) -> str:
        """Hash of what is trained: not where it lies, what it is called, what it runs on or how it is watched."""
        values = self.model_dump(
            exclude={
                *("experiment_name", "runs_dir", "force", "seeds_at_once"),
                *("energy", "device", "tensorboard", "mlflow"),
            }
        )
        if self.mgu:
            values["mgu"] = self.mgu.identity
        for name in ("engine", "step"):
            if values[name] == "auto":  # like the device: whatever computes it fastest, equal but for rounding
                values.pop(name)
        if not self.tf32:
            values.pop("tf32")
        for where in NOT_OF_THE_DATA:
            values["dataset"].pop(where, None)
        values["training"].pop("timeout")
        values["layout"].pop("name")
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def score(self) -> Score:
        """What its epochs are selected by, and it is ranked by."""
        return SCORES[self.dataset.task]

    @property
    def name(self) -> str:
        """Readable and short; `identity` makes it unique."""
        if self.mgu:
            parts = [self.layout.name, "mgu", self.mgu.name]
        else:
            assert self.norm is not None
            parts = [self.layout.name, self.norm.name] + ["res"] * bool(self.residual)
        return "-".join([*parts, f"s{self.seed}"])
