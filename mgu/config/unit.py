"""The part of a run's configuration that is about units: what one is made of, and how its gates are trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mgu.config.fields import ConfigModel, Name, NonNegative32, Positive32
from mgu.config.identity import UNLESS_DEFAULT, IdentityRule
from mgu.config.published import PUBLISHED, UnitStructure
from mgu.text.nearest import did_you_mean
from mgu.unit.wiring import WIRINGS, BypassKind, GateKind, Mixing, Wiring, build_wiring

_IF_ANNEALED = IdentityRule("if annealed", lambda decisive, name: decisive.settles)
_IF_ON = IdentityRule("if on", lambda unit, name: unit.decisive.is_on)
# The processors, whose order matters, stand for the name that the user gives them together.
_WIRING = IdentityRule(
    "processors in its place", encode=lambda unit: list((unit.processors or {}).items()) or unit.wiring
)
_IN_WIRING = IdentityRule("as wiring", lambda unit, name: False)
# Projections had no norm once, and training diverged: runs with a norm must not be taken for those without.
_BYPASS = IdentityRule(
    UNLESS_DEFAULT.when,
    UNLESS_DEFAULT.includes,
    lambda unit: [unit.bypass, "batch_norm"] if unit.bypass in ("projection", "identity") else unit.bypass,
)


Bias = Annotated[float, Field(ge=-1000, le=1000)]  # far beyond, a sigmoid in float32 is 0 or 1, and its gradient 0


class DecisiveConfig(ConfigModel):
    """Configures the penalty on undecided gates and their annealing, see mgu/train/gate_penalty.py.

    Free gates without a weight are trained as if there were no such section.
    """

    gates: Annotated[Literal["free", "settling"], _IF_ANNEALED] = Field(
        "free", description="settling: anneal every gate to a constant in training, see mgu/unit/settling.py."
    )
    temperature: Annotated[Positive32, _IF_ANNEALED] = Field(
        0.03, le=1, description="Temperature of the sigmoid of annealed gates at the end."
    )
    weight: NonNegative32 = Field(0.0, description="Weight of the penalty m (1 - m) on mean gate values m in the loss.")
    over: Literal["gate", "channel", "element"] = Field(
        "gate", description="What m is a mean over: the whole gate, each channel, or each element by itself."
    )
    start: float = Field(
        0.2, ge=0, le=1, description="Share of training.epochs after which penalty and annealing grow."
    )
    end: float = Field(0.7, ge=0, le=1, description="Share of training.epochs after which both have full strength.")

    @property
    def settles(self) -> bool:
        """Whether gates are annealed to constants."""
        return self.gates == "settling"

    @property
    def is_on(self) -> bool:
        """Whether gates are trained otherwise than by the loss alone."""
        return self.weight > 0 or self.settles

    def first_decided_epoch(self, epochs: int) -> int:
        """Returns the first epoch that can be the best one: the first that trains under the full weight.

        In earlier epochs gates are still free to vary, and their scores profit from it.

        Args:
            epochs: Number of epochs of the whole training.

        Returns:
            Its number, from 1; 1 where gates are trained by the loss alone.
        """
        if not self.is_on:
            return 1
        # The share that is done when an epoch begins, as `progress` of mgu/train/gate_penalty.py has it.
        return next((epoch for epoch in range(1, epochs) if (epoch - 1) / epochs >= self.end), epochs)

    @model_validator(mode="after")
    def _check(self) -> DecisiveConfig:
        if self.start > self.end:
            raise ValueError(
                f"start must not be after end, but got {self.start} > {self.end}. Lower mgu.decisive.start."
            )
        return self


class UnitConfig(ConfigModel):
    """Configures MultiGatedUnit, and how its gates are trained.

    Fields with a default are younger than the first runs, so they are in an identity only where they differ from it.
    """

    wiring: Annotated[Name, _WIRING] = Field(
        description="equations or reference, the paper's two wirings, or a name for `processors`."
    )
    residual_gate: bool = Field(description="Whether a gate decides about adding the bypass to the output.")
    skip_gate: Annotated[bool, UNLESS_DEFAULT] = Field(
        True, description="Whether a gate chooses between the bypass and the processed output."
    )
    gate_bias: dict[str, Bias] = Field(description="Initial bias of each gate before the sigmoid, by name.")
    gate: Annotated[GateKind, UNLESS_DEFAULT] = Field(
        "replica", description="Transform that computes a gate's values from the input, see mgu/unit/gates.py."
    )
    bypass: Annotated[BypassKind, _BYPASS] = Field(
        "replica", description="Transform that brings the input past the layer, see mgu/unit/bypass.py."
    )
    processors: Annotated[Annotated[dict[str, list[str]], Field(min_length=1)] | None, _IN_WIRING] = Field(
        None, description="Steps of each processor, by its name; null: those of the paper's wiring."
    )
    mixing: Annotated[Mixing, UNLESS_DEFAULT] = Field(
        "tree", description="How `processors` are mixed: by a tree of gates between two each, or by one softmax."
    )
    bn_momentum: Positive32 = Field(le=1, description="Weight of the newest batch in running statistics.")
    bn_eps: Positive32 = Field(description="Added to the variance in batch normalisation.")
    ln_eps: Positive32 = Field(description="Added to the variance in layer normalisation.")
    decisive: Annotated[DecisiveConfig, _IF_ON] = Field(
        DecisiveConfig(), description="How gates are made to decide in training."
    )

    @property
    def name(self) -> str:
        """The unit as it is called in the name of a run: its wiring, and what differs from the usual."""
        digest, published = self._digest, PUBLISHED.get(self.wiring)
        words = {
            digest: digest and (published is None or published.digest != digest),
            "nores": self.wiring in WIRINGS and not self.residual_gate,
            "noskip": self.wiring in WIRINGS and not self.skip_gate,
            f"gate-{self.gate}": self.gate != "replica",
            f"bypass-{self.bypass}": self.bypass != "replica",
            **{f"{gate}{bias:+g}": bias != 0 and self.wiring in WIRINGS for gate, bias in self.gate_bias.items()},
            "softmax": self.mixing == "softmax",
            "settling": self.decisive.settles,
            "decisive": self.decisive.weight > 0,
        }
        return "-".join([self.wiring, *(word for word, holds in words.items() if holds)])

    @property
    def _digest(self) -> str:
        return UnitStructure(self.processors, self.residual_gate, self.skip_gate).digest if self.processors else ""

    @property
    def is_paper(self) -> bool:
        """Whether it chooses among what the paper's unit does, by whatever gates."""
        return not self.processors and self.skip_gate

    @property
    def described(self) -> Wiring:
        """The wiring that `wiring` names or `processors` describe."""
        return build_wiring(self.processors, self.mixing) if self.processors else WIRINGS[self.wiring]

    @model_validator(mode="after")
    def _check_wiring(self) -> UnitConfig:
        if self.processors and self.wiring in WIRINGS:
            raise ValueError(f"wiring must not be {self.wiring} with processors of its own. Choose another name.")
        if not self.processors and self.wiring not in WIRINGS:
            raise ValueError(
                f"wiring must be one of {', '.join(WIRINGS)}, or be given processors, but got {self.wiring!r}."
                f"{did_you_mean(self.wiring, WIRINGS) or ' See conf/mgu/paths.yaml.'}"
            )
        if self.mixing == "softmax" and not self.processors:
            raise ValueError(f"mixing must be tree for wiring={self.wiring}, but got softmax. Choose mgu=paths.")
        return self

    @model_validator(mode="after")
    def _check_gate_bias(self) -> UnitConfig:
        is_in = {"residual": self.residual_gate, "skip": self.skip_gate}
        known = [gate for gate in self.described.gates if is_in.get(gate, True)]
        for gate, bias in self.gate_bias.items():
            if gate not in known and (bias != 0 or gate not in self.described.gates):
                raise ValueError(
                    f"gate_bias must name gates ({', '.join(known)}), but got {gate!r}."
                    f"{did_you_mean(gate, known) or ' Leave it out.'}"
                )
        return self
