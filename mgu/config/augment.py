"""Augmentation: how training images are changed at random before each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from mgu.config.fields import ConfigModel


class FlipCropConfig(ConfigModel):
    """Configures random crops and flips, see mgu/augment/flip_crop.py."""

    name: Literal["flip_crop", "randaugment", "mixup"] = Field(description="Kind of augmentation.")
    padding: float = Field(
        ge=0,
        le=0.5,
        description="Black added on each side before a crop of the old size, as a share of height and width; 0: none.",
    )
    flip: float = Field(ge=0, le=1, description="Probability that an image is mirrored, left to right.")


class RandAugmentConfig(FlipCropConfig):
    """Configures crops and flips followed by RandAugment, see mgu/augment/rand_augment.py."""

    num_ops: int = Field(gt=0, le=14, description="Number of operations applied to each image, one after the other.")
    magnitude: int = Field(ge=0, le=30, description="Strength of every operation, from 0 to 30.")


class MixupConfig(FlipCropConfig):
    """Configures crops and flips followed by mixup, see mgu/augment/mixup.py."""

    alpha: float = Field(
        ge=0.01, le=100, description="Both parameters of the Beta distribution that mixing weights are drawn from."
    )


def _kind_of_augment(values: Any) -> str:
    if values is None:
        return "[none]"
    name = values.get("name") if isinstance(values, Mapping) else getattr(values, "name", None)
    return f"[{name}]" if name in ("randaugment", "mixup") else "[flip_crop]"


AnyAugment = Annotated[
    Annotated[FlipCropConfig, Tag("[flip_crop]")]
    | Annotated[RandAugmentConfig, Tag("[randaugment]")]
    | Annotated[MixupConfig, Tag("[mixup]")]
    | Annotated[None, Tag("[none]")],
    Discriminator(_kind_of_augment),
]
