"""The layout of sparse dense networks, whose weight matrices have densities (Tessera and Rosman 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema, model_validator

from mgu.config.engine_rule import ANY, EngineRule
from mgu.config.fields import ActivationName, BelowOne, ConfigModel, Name
from mgu.config.identity import NOT_IDENTITY

Density = Annotated[float, Field(gt=0, le=1)]
NUMBER = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
ONE_OR_ALL: dict[str, Any] = {"anyOf": [{"type": "array", "items": NUMBER}, NUMBER]}  # one is repeated


class MaskedLayoutConfig(ConfigModel):
    """Configures a stack of dense layers of one width, each with a static random mask of its own density."""

    name: Annotated[Name, NOT_IDENTITY] = Field(description="Name of the layout: that of its YAML file.")
    depth: int = Field(gt=0, le=1000, description="Number of hidden dense layers.")
    width: int = Field(gt=0, le=100_000, description="Number of outputs of each hidden layer.")
    density: Annotated[list[Density], WithJsonSchema(ONE_OR_ALL)] = Field(
        description="Share of active weights of each matrix, depth + 1 with the read-out's; one number: of all."
    )
    mask_seed: int = Field(ge=0, lt=2**63, description="Seed of the masks, apart from that of the weights.")
    scale_init: bool = Field(description="true: initial weights are scaled for the active inputs and outputs only.")
    activation: ActivationName = Field(description="Activation function of every hidden layer.")
    dropout: BelowOne = Field(description="Share of the values that dropout zeroes after every block.")

    @property
    def engine_rule(self) -> EngineRule:
        """Masks are known to the engines eager and compiled."""
        masks = EngineRule(("native", "packed"), "auto, eager or compiled", "for layers with masks")
        return masks if min(self.density) < 1 else ANY

    @property
    def as_list(self) -> str:
        """Depth, width and densities; the paper has a notation for convolutions only."""
        densities = ", ".join(f"{density:.3g}" for density in self.density)
        return f"masked [{self.depth}, {self.width}] of [{densities}]"

    @model_validator(mode="before")
    @classmethod
    def _repeat(cls, values: Any) -> Any:
        """Writes one density out for all matrices, so that equal networks have equal identities."""
        if not isinstance(values, Mapping):
            return values
        density, depth = values.get("density"), values.get("depth")
        is_number = isinstance(density, int | float) and not isinstance(density, bool)
        if is_number and isinstance(depth, int) and 0 < depth <= 1000:
            return {**values, "density": [density] * (depth + 1)}
        return values

    @model_validator(mode="after")
    def _check(self) -> MaskedLayoutConfig:
        if len(self.density) != self.depth + 1:
            example = ",".join(["0.5"] * min(self.depth + 1, 4))
            raise ValueError(
                f"density must be one number, or depth + 1 = {self.depth + 1} of them, that of the read-out last, "
                f"but got {len(self.density)}. "
                + (f"Pass layout.density=[{example}]." if self.depth < 4 else "Pass layout.density=0.5.")
            )
        return self
