"""The training loop: how long, on which batches, by which of the options of a step, and from which weights."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mgu.config.fields import BelowOne, ConfigModel, Count, Fraction, NonNegative, Positive, Positive32, Sha256
from mgu.config.identity import NOT_IDENTITY, UNLESS_DEFAULT
from mgu.tasks.score import ScoreName


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
    clip_norm: Annotated[Positive32 | None, UNLESS_DEFAULT] = Field(
        None, description="Norm to which the gradients of a step, taken together, are cut; null: they are not."
    )
    label_smoothing: Annotated[BelowOne, UNLESS_DEFAULT] = Field(
        0.0, description="Share of a label that is spread over all classes in the training loss of a classification."
    )
    ema: Annotated[Fraction | None, UNLESS_DEFAULT] = Field(
        None, description="Decay by step of a running mean of the weights, which is what is evaluated; null: none."
    )
    precise_bn: Annotated[Count | None, UNLESS_DEFAULT] = Field(
        None,
        description="Training examples by which batch norms are evaluated, anew each time; null: running statistics.",
    )
    select: Annotated[Literal["best", "last"], UNLESS_DEFAULT] = Field(
        "best", description="best: keep the weights of the epoch with the best validation score; last: of the last one."
    )
    score: Annotated[ScoreName | None, UNLESS_DEFAULT] = Field(
        None,
        description="Validation metric that selects epochs and ranks; null: the task's accuracy, rmse or ndcg_at_10.",
    )
    precision: Annotated[Literal["float32", "bf16"], UNLESS_DEFAULT] = Field(
        "float32",
        description="bf16: training steps compute products and convolutions with 8 bits of precision, not 24.",
    )
    start_from: Annotated[str | None, NOT_IDENTITY] = Field(
        None, min_length=1, description="A finished run whose weights training starts from; null: new weights."
    )
    start_except: Annotated[list[str], UNLESS_DEFAULT] = Field(
        [], description="Parts of the model that start from new weights all the same, such as [readout]."
    )
    start_sha256: Annotated[Sha256 | None, UNLESS_DEFAULT] = Field(
        None, description="SHA-256 of the weights of start_from, filled in when they are read."
    )
    checkpoint_s: Annotated[NonNegative, NOT_IDENTITY] = Field(
        1.0, description="Seconds that are trained at least between two checkpoints; 0: one after every epoch."
    )
    stop_after: Annotated[Count | None, NOT_IDENTITY] = Field(
        None, description="Epochs after which training stops for now: a larger number, or null, continues the run."
    )
    timeout: Annotated[Positive | None, NOT_IDENTITY] = Field(
        description="Seconds after which a run is stopped and counts as failed, but can be resumed; null: no limit."
    )

    @model_validator(mode="after")
    def _starts_from_something(self) -> Self:
        if self.start_except and self.start_from is None:
            raise ValueError(
                "start_except must go with training.start_from, but there is no such run. Pass "
                "training.start_from=RUN, or leave training.start_except out."
            )
        return self

    @property
    def has_even_batches(self) -> bool:
        """Whether the batches of an epoch have equal sizes, see mgu/train/batches.py."""
        return self.last_batch == "even"

    @property
    def epochs_now(self) -> int:
        """Number of epochs after which this call stops at the latest."""
        return min(self.epochs, self.stop_after or self.epochs)

    def steps_per_epoch(self, num_examples: int) -> int:
        """Returns the number of batches that the examples are split into."""
        return math.ceil(num_examples / self.batch_size)
