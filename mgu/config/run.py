"""The configuration of one run: every value that can be set, with its rule, and the run's name and identity.

The YAML files in conf/ hold the values; this package holds the rules.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, TypeGuard

from pydantic import AfterValidator, Field

from mgu.config.augment import AnyAugment
from mgu.config.datasets import AnyDataset
from mgu.config.directed import EquilibriumLearningConfig
from mgu.config.energy import EnergyConfig
from mgu.config.fields import ConfigModel, Count, Matches, Name, NumberOrAuto, Positive32
from mgu.config.identity import NOT_IDENTITY, UNLESS_DEFAULT, IdentityRule, identity_values, unless
from mgu.config.layouts import AnyLayout, PythonLayoutConfig
from mgu.config.nago_layout import NagoLayoutConfig
from mgu.config.optimizers import AnyOptimizer
from mgu.config.schedules import AnySchedule, KerasDecayConfig
from mgu.config.tracking import MlflowConfig, TensorBoardConfig
from mgu.config.training import TrainingConfig
from mgu.config.unit import UnitConfig
from mgu.tasks.score import Score, score_of

Device = Annotated[str, AfterValidator(Matches(r"auto|cpu|cuda(:\d{1,3})?", "auto, cpu, cuda or cuda:N"))]


class NormConfig(ConfigModel):
    """Configures the normalisation of a baseline; its numbers are the defaults of Keras."""

    name: Literal["bn_pre", "bn_post", "ln", "no_norm"] = Field(
        description="Batch norm before or after the activation, layer norm, or none."
    )
    momentum: Positive32 = Field(
        0.01, le=1, description="Weight of the newest batch in running statistics; Keras calls this 0.99."
    )
    eps: Positive32 = Field(1e-3, description="Added to the variance.")


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
        description="CPU threads, no more than there are idle cores, for more are very slow; null: torch's own."
    )
    runs_dir: Annotated[str | None, NOT_IDENTITY] = Field(
        description="The runs folder; null: MGU_RUNS, else runs/ of the checkout, else of the working directory."
    )
    force: Annotated[bool, NOT_IDENTITY] = Field(description="true: train finished runs again.")
    seeds_at_once: Annotated[Count, NOT_IDENTITY] = Field(
        description="Largest number of runs with the same configuration but for the seed that a sweep trains together."
    )
    parallel: Annotated[NumberOrAuto, NOT_IDENTITY] = Field(
        1, description="Number of runs that a sweep trains side by side; auto: as many as there are cores for."
    )
    notify: Annotated[Annotated[str, Field(min_length=1)] | None, NOT_IDENTITY] = Field(
        None,
        # It may hold an address that only its owner should know, and results are shared.
        exclude=True,
        description="A command of the shell that is run once the run or the sweep is over; null: none.",
    )
    dataset: AnyDataset = Field(description="The data.")
    layout: AnyLayout = Field(description="The layers of the network.")
    norm: NormConfig | None = Field(None, description="The normalisation of a baseline; null: a unit learns it.")
    residual: bool | None = Field(
        None, description="Whether the layers of a baseline have residual connections; null: a unit learns it."
    )
    mgu: UnitConfig | None = Field(None, description="The unit around every layer; null: train a baseline.")
    learning: Annotated[EquilibriumLearningConfig | None, UNLESS_DEFAULT] = Field(
        None, description="How gradients come about; null: by backpropagation."
    )
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
        return score_of(self.dataset.task, self.training.score)

    @property
    def first_best_epoch(self) -> int:
        """The first epoch that can be the best one: the first whose gates are decided.

        A run that stops for now before its gates are decided still has a score: that of its last epoch.
        """
        decided = self.mgu.decisive.first_decided_epoch(self.training.epochs) if self.mgu else 1
        return min(decided, self.training.epochs_now)

    @property
    def stem(self) -> str:
        """The name without its fold and seed."""
        return self.name.removesuffix("".join(f"-{part}" for part in self._replicate))

    @property
    def folder_name(self) -> str:
        """Name of the folder that it is trained in."""
        return f"{self.name}-{self.identity}"

    @property
    def name(self) -> str:
        """A short name for people; `identity` makes it unique."""
        parts = [self.layout.name]
        if layer := getattr(self.layout, "layer", None):
            parts.append(layer.target.rpartition(":")[2])
        if self.mgu:
            parts += ["mgu", self.mgu.name]
        elif not isinstance(self.layout, PythonLayoutConfig | NagoLayoutConfig):
            assert self.norm is not None
            parts += [self.norm.name, "res"] if self.residual else [self.norm.name]
        parts += [self.learning.name] if self.learning else []
        # Else the same words would fit the run that it starts from, and itself.
        if sha256 := self.training.start_sha256:
            parts.append(f"from-{sha256[:8]}")
        return "-".join([*parts, *self._replicate])

    @property
    def _replicate(self) -> list[str]:
        """What the name says of the fold, in cross-validation, and of the seed; see mgu/results/schema/replicate.py."""
        folds = getattr(self.dataset, "folds", None)  # not every kind of data has folds
        fold = [f"f{getattr(self.dataset, 'fold', 0)}"] if folds else []
        return [*fold, f"s{self.seed}"]
