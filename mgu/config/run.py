"""The configuration of one run: every value that can be set, with its rule, and the run's name and identity.

The YAML files in conf/ hold the values; this package holds the rules.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Annotated, Any, Literal, TypeGuard
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from mgu.config.augment import AnyAugment
from mgu.config.datasets import AnyDataset
from mgu.config.fields import BelowOne, ConfigModel, Count, Matches, Name, Positive
from mgu.config.identity import NOT_IDENTITY, UNLESS_DEFAULT, IdentityRule, identity_values, unless
from mgu.config.layouts import AnyLayout, PythonLayoutConfig
from mgu.config.optimizers import AnyOptimizer
from mgu.config.schedules import AnySchedule, KerasDecayConfig
from mgu.config.unit import UnitConfig
from mgu.tasks.score import SCORES, Score

Device = Annotated[str, AfterValidator(Matches(r"auto|cpu|cuda(:\d{1,3})?", "auto, cpu, cuda or cuda:N"))]
Country = Annotated[str, AfterValidator(Matches("[A-Z]{3}", "a country's ISO 3166 code, three capital letters"))]


class NormConfig(ConfigModel):
    """Configures the normalisation of a baseline; its numbers are the defaults of Keras."""

    name: Literal["bn_pre", "bn_post", "ln", "no_norm"] = Field(
        description="Batch norm before or after the activation, layer norm, or none."
    )
    momentum: float = Field(
        0.01, gt=0, le=1, description="Weight of the newest batch in running statistics; Keras calls this 0.99."
    )
    eps: Positive = Field(1e-3, description="Added to the variance.")


def _optimizer_values(config: RunConfig) -> dict[str, Any]:
    """Returns what stands for the optimizer in the identity: with the decay that was its own before schedules were."""
    decay = {"decay": config.schedule.decay} if _is_plain_decay(config.schedule) else {}
    return identity_values(config.optimizer) | decay


def _is_plain_decay(schedule: AnySchedule) -> TypeGuard[KerasDecayConfig]:
    return isinstance(schedule, KerasDecayConfig) and not schedule.warmup_epochs


OPTIMIZER = IdentityRule("yes, with schedule.decay", encode=_optimizer_values)
UNLESS_PLAIN_DECAY = IdentityRule(
    "unless keras_decay without warm-up", lambda config, name: not _is_plain_decay(getattr(config, name))
)


class TrainingConfig(ConfigModel):
    """Configures the training loop, see mgu/train/loop.py, and how long a run may take."""

    epochs: Count = Field(description="Largest number of epochs.")
    batch_size: Count = Field(description="Number of examples in a training batch.")
    last_batch: Annotated[Literal["short", "even"], UNLESS_DEFAULT] = Field(
        "short",
        description="short: what is left after full batches; even: equal batches; auto: by the kind of data.",
    )
    eval_batch_size: Count = Field(description="Number of examples in an evaluation batch.")
    patience: Count = Field(description="Epochs without a better validation score after which training stops.")
    clip_norm: Annotated[Positive | None, UNLESS_DEFAULT] = Field(
        None, description="Norm to which the gradients of a step, taken together, are cut; null: they are not."
    )
    label_smoothing: Annotated[BelowOne, UNLESS_DEFAULT] = Field(
        0.0, description="Share of a label that is spread over all classes in the training loss of a classification."
    )
    ema: Annotated[Annotated[float, Field(gt=0, lt=1)] | None, UNLESS_DEFAULT] = Field(
        None, description="Decay by step of a running mean of the weights, which is what is evaluated; null: none."
    )
    select: Annotated[Literal["best", "last"], UNLESS_DEFAULT] = Field(
        "best", description="best: keep the weights of the epoch with the best validation score; last: of the last one."
    )
    precision: Annotated[Literal["float32", "bf16"], UNLESS_DEFAULT] = Field(
        "float32",
        description="bf16: training steps compute products and convolutions with 8 bits of precision, not 24.",
    )
    timeout: Annotated[Positive | None, NOT_IDENTITY] = Field(
        description="Seconds after which a run is stopped and counts as failed, but can be resumed; null: no limit."
    )

    @property
    def has_even_batches(self) -> bool:
        """Whether the batches of an epoch have equal sizes, see mgu/train/batches.py."""
        return self.last_batch == "even"

    def steps_per_epoch(self, num_examples: int) -> int:
        """Returns the number of batches that the examples are split into."""
        return math.ceil(num_examples / self.batch_size)


class EnergyConfig(ConfigModel):
    """Configures the measurement of energy, see mgu/measure/energy.py."""

    enabled: bool = Field(description="Whether energy is measured.")
    country: Country = Field(description="Country whose carbon intensity counts, as an ISO 3166 code of three letters.")
    period_s: Positive = Field(description="Seconds between two readings of the power.")


class TensorBoardConfig(ConfigModel):
    """Configures the tracking with TensorBoard, see mgu/tracking/tensorboard.py."""

    dir: str | None = Field(
        description="Folder that gets a folder for each run; null: tensorboard/ in the run's own folder."
    )


class MlflowConfig(ConfigModel):
    """Configures the tracking with MLflow, see mgu/tracking/mlflow.py."""

    tracking_uri: str | None = Field(
        description="URI of the tracking server or store; null: MLFLOW_TRACKING_URI, else mlflow.db in the runs folder."
    )

    @field_validator("tracking_uri")
    @classmethod
    def _holds_no_password(cls, uri: str | None) -> str | None:
        if uri and urlsplit(uri).password:
            raise ValueError(
                "the URI must be without a password, for it is written into result.json, but got one. "
                "Set MLFLOW_TRACKING_URI, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
            )
        return uri


class RunConfig(ConfigModel):
    """Holds the checked configuration of one run.

    `norm` and `residual` are axes of the grid of baselines: a unit learns them, so its runs have neither.
    """

    experiment_name: Annotated[Name, NOT_IDENTITY] = Field(
        description="Folder below the runs folder; an experiment sets its own."
    )
    seed: int = Field(ge=0, lt=2**63, description="Seed of initial weights, shuffling and dropout.")
    device: Annotated[Device, NOT_IDENTITY] = Field(
        description="auto, cpu, cuda or cuda:N; auto: a GPU where there is one."
    )
    deterministic: bool = Field(
        description="true: the same bits every time on the same GPU, at some cost; the CPU always gives them."
    )
    tf32: Annotated[bool, UNLESS_DEFAULT] = Field(
        False, description="true: multiply on CUDA with 10 bits of precision instead of 23, faster for large layers."
    )
    engine: Annotated[Literal["auto", "eager", "packed", "native", "compiled"], unless("auto")] = Field(
        description="How models are computed; auto: what starts at once and is fast, see docs/unit.md."
    )
    step: Annotated[Literal["auto", "eager", "graph"], UNLESS_DEFAULT] = Field(
        "auto", description="How a training step is launched; auto: as a CUDA graph where that is possible."
    )
    threads: Annotated[int, Field(gt=0, le=1024)] | None = Field(
        description="CPU threads, at most as many as there are idle cores; null: torch's own."
    )
    runs_dir: Annotated[str | None, NOT_IDENTITY] = Field(
        description="The runs folder; null: MGU_RUNS, else runs/ of the checkout, else of the working directory."
    )
    force: Annotated[bool, NOT_IDENTITY] = Field(description="true: train finished runs again.")
    seeds_at_once: Annotated[Count, NOT_IDENTITY] = Field(
        description="Largest number of runs with the same configuration but for the seed that a sweep trains together."
    )
    dataset: AnyDataset = Field(description="The data.")
    layout: AnyLayout = Field(description="The layers of the network.")
    norm: NormConfig | None = Field(None, description="The normalisation of a baseline; null: a unit learns it.")
    residual: bool | None = Field(
        None, description="Whether the layers of a baseline have residual connections; null: a unit learns it."
    )
    mgu: UnitConfig | None = Field(None, description="The unit around every layer; null: train a baseline.")
    optimizer: Annotated[AnyOptimizer, OPTIMIZER] = Field(description="The optimizer.")
    schedule: Annotated[AnySchedule, UNLESS_PLAIN_DECAY] = Field(description="The schedule of the learning rate.")
    training: TrainingConfig = Field(description="The training loop.")
    augment: Annotated[AnyAugment, UNLESS_DEFAULT] = Field(
        None, description="How training images are changed at random; null: not at all."
    )
    energy: Annotated[EnergyConfig, NOT_IDENTITY] = Field(description="The measurement of energy.")
    tensorboard: Annotated[TensorBoardConfig | None, NOT_IDENTITY] = Field(
        None, description="The tracking with TensorBoard; null: none."
    )
    mlflow: Annotated[MlflowConfig | None, NOT_IDENTITY] = Field(
        None, description="The tracking with MLflow; null: none."
    )

    @property
    def identity(self) -> str:
        """Hash of all that can change the result; the rules on the fields say what is left out."""
        values = json.dumps(identity_values(self), sort_keys=True)
        return hashlib.sha256(values.encode()).hexdigest()[:8]

    @property
    def score(self) -> Score:
        """The metric that selects the best epoch and ranks runs."""
        return SCORES[self.dataset.task]

    @property
    def stem(self) -> str:
        """The name without its fold and seed."""
        return self.name.removesuffix("".join(f"-{part}" for part in self._replicate))

    @property
    def name(self) -> str:
        """A short name for people; `identity` makes it unique."""
        parts = [self.layout.name]
        if layer := getattr(self.layout, "layer", None):
            parts.append(layer.target.rpartition(":")[2])
        if self.mgu:
            parts += ["mgu", self.mgu.name]
        elif not isinstance(self.layout, PythonLayoutConfig):
            assert self.norm is not None
            parts += [self.norm.name] + ["res"] * bool(self.residual)
        return "-".join([*parts, *self._replicate])

    @property
    def _replicate(self) -> list[str]:
        """What the name says of the fold, in cross-validation, and of the seed; see mgu/results/replicate.py."""
        folds = getattr(self.dataset, "folds", None)  # not every kind of data has folds
        return [f"f{getattr(self.dataset, 'fold', 0)}"] * bool(folds) + [f"s{self.seed}"]
