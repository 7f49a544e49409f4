"""The schema of a run: every value that can be configured, its rule, and the checks across values.

The YAML files in conf/ hold the values; this file holds the rules. It imports neither torch nor Hydra, so that a whole
sweep can be checked before anything heavy starts.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from mgu.config.datasets import (
    NOT_OF_THE_DATA,
    AnyDataset,
)
from mgu.config.fields import NAME, Count, Fraction, NonNegative, Positive, Section
from mgu.config.layouts import AnyLayout
from mgu.config.unit import UnitConfig
from mgu.tasks.score import SCORES, Score


class NormConfig(Section):
    """The normalisation of a baseline; momentum and eps are those of Keras' defaults."""

    name: Literal["bn_pre", "bn_post", "ln", "no_norm"]
    momentum: Annotated[float, Field(gt=0, le=1)] = 0.01  # weight of the newest batch, as torch counts it
    eps: Positive = 1e-3


class OptimizerConfig(Section):
    """Arguments of mgu/train/nadam.py."""

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
    """Arguments of mgu/measure/energy.py; not part of a run's identity."""

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


class RunConfig(Section):
    """One run, resolved. `norm` and `residual` are axes of the grid only: a unit learns them."""

    experiment_name: Annotated[str, Field(pattern=NAME)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    threads: Count | None  # of the CPU; null: as many as torch chooses
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d{1,3})?)$")]
    deterministic: bool  # on CUDA; the CPU always is
    tf32: bool = False  # on CUDA
    engine: Literal["auto", "eager", "packed", "native", "compiled"]  # see mgu/unit/engine.py, mgu/factory/compile.py
    step: Literal["auto", "eager", "graph"] = "auto"  # see mgu/train/cuda_graph.py
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
