"""The part of a run's configuration that is about units: what one is made of, and how its gates are trained."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mgu.config.fields import NAME, NonNegative, Positive, Section
from mgu.errors import did_you_mean
from mgu.unit.wiring import WIRINGS, BypassKind, GateKind, Mixing, Wiring, build_wiring

# The paths of conf/mgu that are not the paper's, as `_digest` has them: their name says enough.
PUBLISHED = {"highway": "758f", "paths": "5b10", "squeeze_excitation": "01db", "switchable_norm": "be33"}


class DecisiveConfig(Section):
    """Arguments of mgu/train/gate_penalty.py; free gates without a weight are trained as without this section.

    gates, temperature: see mgu/unit/settling.py; in a run's identity only for gates that settle.
    """

    gates: Literal["free", "settling"] = "free"
    temperature: Annotated[float, Field(gt=0, le=1)] = 0.03
    weight: NonNegative = 0.0
    over: Literal["gate", "channel", "element"] = "gate"
    start: Annotated[float, Field(ge=0, le=1)] = 0.2  # share of the epochs
    end: Annotated[float, Field(ge=0, le=1)] = 0.7

    @property
    def settles(self) -> bool:
        return self.gates == "settling"

    @property
    def is_on(self) -> bool:
        return self.weight > 0 or self.settles

    @property
    def identity(self) -> dict[str, Any]:
        """Its part in a run's, if it is on."""
        return self.model_dump(exclude=None if self.settles else {"gates", "temperature"})

    @model_validator(mode="after")
    def _check(self) -> DecisiveConfig:
        if self.start > self.end:
            raise ValueError(
                f"start must not be after end, but got {self.start} > {self.end}. Lower mgu.decisive.start."
            )
        return self


class UnitConfig(Section):
    """Arguments of MultiGatedUnit, and how its gates are trained. Those with a default are in a run's identity only
    where they differ from it.
    """

    wiring: Annotated[str, Field(pattern=NAME)]  # one of the paper's, or a name for processors of one's own
    residual_gate: bool
    skip_gate: bool = True
    gate_bias: dict[str, float]
    gate: GateKind = "replica"
    bypass: BypassKind = "replica"
    processors: Annotated[dict[str, list[str]], Field(min_length=1)] | None = (
        None  # see `build_wiring` in mgu/unit/wiring.py
    )
    mixing: Mixing = "tree"  # of one's own processors
    bn_momentum: Annotated[float, Field(gt=0, le=1)]
    bn_eps: Positive
    ln_eps: Positive
    decisive: DecisiveConfig = DecisiveConfig()

    @property
    def name(self) -> str:
        """As it stands in the name of a run."""
        words = {
            self._digest: self.processors and PUBLISHED.get(self.wiring) != self._digest,
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
        """Tells paths of one's own from others that are called the same."""
        paths = [list((self.processors or {}).items()), self.residual_gate, self.skip_gate]
        return hashlib.sha256(json.dumps(paths).encode()).hexdigest()[:4]

    @property
    def is_paper(self) -> bool:
        """Whether it chooses among what the paper's unit does, by whatever gates."""
        return not self.processors and self.skip_gate

    @property
    def described(self) -> Wiring:
        """What the unit chooses among."""
        return build_wiring(self.processors, self.mixing) if self.processors else WIRINGS[self.wiring]

    @property
    def identity(self) -> dict[str, Any]:
        """Its part in a run's: the processors, whose order matters, in place of what they are called together."""
        values = self.model_dump(exclude_defaults=True)
        values.pop("decisive", None)
        if self.decisive.is_on:
            values["decisive"] = self.decisive.identity
        if self.processors:
            values["wiring"] = list(values.pop("processors").items())
        if self.bypass in ("projection", "identity"):
            values["bypass"] = [self.bypass, "batch_norm"]  # projections were without a norm once, and blew up
        return values

    @model_validator(mode="after")
    def _check(self) -> UnitConfig:
        if self.processors and self.wiring in WIRINGS:
            raise ValueError(f"wiring must not be {self.wiring} with processors of its own. Call them otherwise.")
        if not self.processors and self.wiring not in WIRINGS:
            raise ValueError(
                f"wiring must be one of {', '.join(WIRINGS)}, or be given processors, but got {self.wiring!r}."
                f"{did_you_mean(self.wiring, WIRINGS) or ' See conf/mgu/paths.yaml.'}"
            )
        if self.mixing == "softmax" and not self.processors:
            raise ValueError(f"mixing must be tree for wiring={self.wiring}, but got softmax. Choose mgu=paths.")
        is_in = {"residual": self.residual_gate, "skip": self.skip_gate}
        known = [gate for gate in self.described.gates if is_in.get(gate, True)]
        for gate, bias in self.gate_bias.items():
            if gate not in known and (bias != 0 or gate not in self.described.gates):
                raise ValueError(
                    f"gate_bias must name gates ({', '.join(known)}), but got {gate!r}."
                    f"{did_you_mean(gate, known) or ' Leave it out.'}"
                )
        return self
