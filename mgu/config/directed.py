"""Directed networks that relax to an equilibrium: their layout, and how they learn from it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from mgu.config.engine_rule import ITERATIVE, EngineRule
from mgu.config.fields import ConfigModel, Count, Name, NonNegative32, Positive32
from mgu.config.identity import NOT_IDENTITY
from mgu.directed.names import Correction, FieldName, Graph, Mode, Rule


class DirectedLayoutConfig(ConfigModel):
    """Configures a directed graph of neurons, see mgu/directed/network.py."""

    engine_rule: ClassVar[EngineRule] = ITERATIVE

    name: Annotated[Name, NOT_IDENTITY] = Field(description="Name of the layout: that of its YAML file.")
    hidden: list[Count] = Field(min_length=1, max_length=100, description="Hidden neurons, by layer.")
    graph: Graph = Field(
        description="complete: every neuron leads to every other one; layered: to the layers before and after its own."
    )
    field: FieldName = Field(
        description="transport: a neuron loses what it gives to others, besides the leak; additive: the leak alone."
    )
    leak: NonNegative32 = Field(description="Share of its state that a neuron loses in a unit of time.")
    dt: Positive32 = Field(description="Step of Euler's method, in units of time.")
    steps: Count = Field(description="Steps of the free and of the nudged phase, at most.")
    tolerance: Positive32 = Field(description="Largest change of a state in a unit of time at which a network rests.")
    start: float = Field(
        ge=0, le=1, description="Upper bound of the random states that training starts from; 0: they start at 0."
    )
    init_std: Positive32 = Field(description="Standard deviation of the initial weights.")

    @property
    def as_list(self) -> str:
        """Graph, neurons and field; the paper has a notation for convolutions only."""
        widths = ", ".join(map(str, self.hidden))
        return f"directed [{self.graph}, {widths}, {self.field}, leak {self.leak:g}]"

    @model_validator(mode="after")
    def _check(self) -> DirectedLayoutConfig:
        if self.graph == "complete" and len(self.hidden) > 1:
            raise ValueError(
                f"hidden must be one number of neurons in a complete graph, which has no layers, but got "
                f"{len(self.hidden)}. Pass layout.hidden=[{sum(self.hidden)}] or layout.graph=layered."
            )
        return self


class EquilibriumLearningConfig(ConfigModel):
    """Configures learning from a free and a nudged equilibrium, see mgu/directed/rule.py."""

    name: Literal["equilibrium"] = Field(description="Name of the way to learn.")
    rule: Rule = Field(
        description="published: as the authors of the field do; exact: the gradient as nudging vanishes."
    )
    correction: Correction = Field(
        description="aep: a term in the nudged field that makes up for the asymmetry of the weights; none: without."
    )
    strength: Positive32 = Field(description="Strength of the nudging of the outputs towards their targets.")
    l1: NonNegative32 = Field(description="Weight of the L1 norm of the weights in what is minimised.")
    sparsify: Mode = Field(
        description="Removal of weak connections after an epoch. published: they may grow again; permanent: for good."
    )
    sparsify_tolerance: NonNegative32 = Field(description="Largest absolute weight of a weak connection.")
    sparsify_temperature: Positive32 = Field(
        description="Temperature of the probability with which a weak connection is removed."
    )
