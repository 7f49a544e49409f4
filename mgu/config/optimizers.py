"""Optimizers: the values of each kind, told apart by its name.

Weight decay is decoupled from the gradient for Nadam and AdamW and part of it for SGD, as in torch. Vectors (biases,
weights of norms, constant gates) are never decayed: see mgu/train/optimizers.py. The user's own optimizer is named by
import path.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from mgu.config.fields import BelowOne, ConfigModel, Count, Fraction, NonNegative32, Positive32, tag_of
from mgu.config.identity import UNLESS_DEFAULT
from mgu.config.python import ImportedConfig

# "auto" is resolved by the kind of data before the configuration is checked: see mgu/data/datasets.py.
LearningRate = Annotated[
    Positive32, Field(description="Largest learning rate; auto: by the optimizer and the kind of data.")
]


class NadamConfig(ConfigModel):
    """Configures Nadam (Dozat 2016), the optimizer of the paper's protocol; see mgu/train/nadam.py."""

    name: Literal["nadam"] = Field(description="Name of the optimizer.")
    lr: LearningRate
    weight_decay: Annotated[NonNegative32, UNLESS_DEFAULT] = Field(
        0.0, description="Share of a weight, times the learning rate, that a step takes away; vectors have none."
    )
    beta1: BelowOne = Field(description="Decay rate of the running mean of gradients, per step.")
    beta2: BelowOne = Field(description="Decay rate of the running mean of squared gradients, per step.")
    eps: Positive32 = Field(description="Added to the denominator of the update.")
    momentum_decay: NonNegative32 = Field(description="Rate at which Nadam's momentum warms up to beta1.")


class AdamWConfig(ConfigModel):
    """Configures AdamW (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101), torch's own."""

    name: Literal["adamw"] = Field(description="Name of the optimizer.")
    lr: LearningRate
    weight_decay: NonNegative32 = Field(
        description="Share of a weight, times the learning rate, that a step takes away; vectors have none."
    )
    beta1: BelowOne = Field(description="Decay rate of the running mean of gradients, per step.")
    beta2: BelowOne = Field(description="Decay rate of the running mean of squared gradients, per step.")
    eps: Positive32 = Field(description="Added to the denominator of the update.")


class SGDConfig(ConfigModel):
    """Configures stochastic gradient descent, by default with Nesterov's momentum, torch's own."""

    name: Literal["sgd"] = Field(description="Name of the optimizer.")
    lr: LearningRate
    weight_decay: NonNegative32 = Field(
        description="Factor of a weight that is added to its gradient, as an L2 penalty; vectors have none."
    )
    momentum: BelowOne = Field(description="Share of the last step that the next one keeps; 0: none.")
    nesterov: bool = Field(description="true: take the gradient where the momentum leads to.")

    @model_validator(mode="after")
    def _check(self) -> SGDConfig:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov must be false without momentum, but got true. Pass optimizer.nesterov=false.")
        return self


class MomentumConfig(ConfigModel):
    """Configures stochastic gradient descent with classical momentum (Polyak 1964), torch's own."""

    name: Literal["momentum"] = Field(description="Name of the optimizer.")
    lr: LearningRate
    weight_decay: NonNegative32 = Field(
        description="Factor of a weight that is added to its gradient, as an L2 penalty; vectors have none."
    )
    momentum: Fraction = Field(
        description="Share of the last step that the next one keeps; optimizer=sgd is also without."
    )


class PathSGDConfig(ConfigModel):
    """Configures path-SGD (Neyshabur et al. 2016, https://arxiv.org/abs/1605.07154); see mgu/train/path_sgd.py."""

    name: Literal["path_sgd"] = Field(description="Name of the optimizer.")
    lr: LearningRate
    kappa: Literal["first", "full"] = Field(
        description="first: gradients are divided by the sum over paths that use a weight once; full: over all paths."
    )
    floor: NonNegative32 = Field(
        description="Share of the largest kappa of a tensor that is added to all of its entries; 0: as published."
    )
    rescale_every: Annotated[int, Field(ge=0)] | None = Field(
        description="Steps between two measurements of the ratio of gradient to update; null: once, as published; "
        "0: no ratio."
    )
    every: Count = Field(description="Steps between two computations of kappa from the weights.")


class PythonOptimizerConfig(ImportedConfig):
    """Configures an optimizer of the user's, see mgu/train/own_optimizer.py."""

    name: Literal["python"] = Field(description="Name of the optimizer.")
    lr: LearningRate
    weight_decay: NonNegative32 | None = Field(
        description="Weight decay of a group without the vectors, which have none; null: one group, as it decides."
    )

    @model_validator(mode="after")
    def _check(self) -> PythonOptimizerConfig:
        for key in ("lr", "weight_decay"):
            if key in self.options:
                value = self.options[key]
                raise ValueError(f"options must be without {key}, but got {value}. Pass optimizer.{key}={value}.")
        return self


# Those which take parameters, not a network:
PlainOptimizer = NadamConfig | AdamWConfig | SGDConfig | MomentumConfig | PythonOptimizerConfig
AnyOptimizer = Annotated[
    Annotated[NadamConfig, Tag("[nadam]")]
    | Annotated[AdamWConfig, Tag("[adamw]")]
    | Annotated[SGDConfig, Tag("[sgd]")]
    | Annotated[MomentumConfig, Tag("[momentum]")]
    | Annotated[PathSGDConfig, Tag("[path_sgd]")]
    | Annotated[PythonOptimizerConfig, Tag("[python]")],
    Discriminator(tag_of),
]
