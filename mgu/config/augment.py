"""Augmentation: how training images are changed at random before each step."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from mgu.config.fields import ConfigModel, tag_of


class CropConfig(ConfigModel):
    """Configures the crops and flips that every kind begins with, see mgu/augment/flip_crop.py."""

    name: str = Field(description="Kind of augmentation.")
    padding: float = Field(
        ge=0,
        le=0.5,
        description="Black added on each side before a crop of the old size, as a share of height and width; 0: none.",
    )
    flip: float = Field(ge=0, le=1, description="Probability that an image is mirrored, left to right.")


class FlipCropConfig(CropConfig):
    """Configures random crops and flips alone."""

    name: Literal["flip_crop"] = Field(description="Kind of augmentation.")


class RandAugmentConfig(CropConfig):
    """Configures crops and flips followed by RandAugment, see mgu/augment/rand_augment.py."""

    name: Literal["randaugment"] = Field(description="Kind of augmentation.")
    num_ops: int = Field(gt=0, le=14, description="Number of operations applied to each image, one after the other.")
    magnitude: int = Field(ge=0, le=30, description="Strength of every operation, from 0 to 30.")


class MixupConfig(CropConfig):
    """Configures crops and flips followed by mixup, see mgu/augment/mixup.py."""

    name: Literal["mixup"] = Field(description="Kind of augmentation.")
    alpha: float = Field(
        ge=0.01, le=100, description="Both parameters of the Beta distribution that mixing weights are drawn from."
    )


def _kind_of_augment(values: Any) -> str:
    if values is None:
        return "[none]"
    return tag_of(values)


AnyAugment = Annotated[
    Annotated[FlipCropConfig, Tag("[flip_crop]")]
    | Annotated[RandAugmentConfig, Tag("[randaugment]")]
    | Annotated[MixupConfig, Tag("[mixup]")]
    | Annotated[None, Tag("[none]")],
    Discriminator(_kind_of_augment),
]
