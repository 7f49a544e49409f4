"""Schedules of the learning rate, told apart by their names.

Each begins with a linear warm-up, of no length unless it is given one; what is said of a schedule counts from its end.
One of the user's own is named by import path. See mgu/train/schedules.py.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from mgu.config.fields import BelowOne, ConfigModel, Count, NonNegative, Positive, tag_of
from mgu.config.python import ImportedConfig

Factor = Annotated[float, Field(gt=0, lt=1)]


class _Warming(ConfigModel):
    """Configures what all schedules have."""

    name: str = Field(description="Name of the schedule.")
    warmup_epochs: NonNegative = Field(
        0.0, description="Epochs, also parts of one, over which the rate first grows from near 0 to optimizer.lr."
    )


class KerasDecayConfig(_Warming):
    """Configures the time-based decay of Keras 2, the schedule of the paper's protocol."""

    name: Literal["keras_decay"] = Field(description="Name of the schedule.")
    decay: NonNegative = Field(description="Decay of the learning rate: step s takes lr / (1 + decay * s), s from 0.")


class ConstantConfig(_Warming):
    """Configures a learning rate that stays as it is."""

    name: Literal["constant"] = Field(description="Name of the schedule.")


class CosineConfig(_Warming):
    """Configures half a cosine (Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983), without restarts."""

    name: Literal["cosine"] = Field(description="Name of the schedule.")
    final: BelowOne = Field(description="Share of optimizer.lr that is left at the end of training.epochs.")


class StepConfig(_Warming):
    """Configures a learning rate that drops at regular intervals."""

    name: Literal["step"] = Field(description="Name of the schedule.")
    every_epochs: Positive = Field(description="Epochs, also parts of one, between two drops.")
    factor: Factor = Field(description="Factor of the learning rate at each drop.")


class PlateauConfig(_Warming):
    """Configures a learning rate that drops when the validation score no longer gets better."""

    name: Literal["plateau"] = Field(description="Name of the schedule.")
    patience: Count = Field(description="Epochs without a better validation score after which the rate drops.")
    factor: Factor = Field(description="Factor of the learning rate at each drop.")


class PythonScheduleConfig(ImportedConfig, _Warming):
    """Configures a function of the user's from a step to a factor of the rate, see mgu/train/own_schedule.py."""

    name: Literal["python"] = Field(description="Name of the schedule.")


AnySchedule = Annotated[
    Annotated[KerasDecayConfig, Tag("[keras_decay]")]
    | Annotated[ConstantConfig, Tag("[constant]")]
    | Annotated[CosineConfig, Tag("[cosine]")]
    | Annotated[StepConfig, Tag("[step]")]
    | Annotated[PlateauConfig, Tag("[plateau]")]
    | Annotated[PythonScheduleConfig, Tag("[python]")],
    Discriminator(tag_of),
]
