"""The base model of all configuration classes, and the types of fields that several of them have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator

SMALLEST = 2.0**-126  # of float32; processors are told to take smaller ones for 0 (mgu/factory/device.py)
LARGEST = 2.0**128 - 2.0**104  # of float32
NEXT_TO_ONE = 1 - 2.0**-25  # from there on float32 rounds to 1


@dataclass(frozen=True)
class Matches:
    """Validates that the whole of a string matches a pattern; messages and the reference say the pattern in words.

    Attributes:
        pattern: A regular expression.
        rule: What the pattern means, as the words that follow "must be".
    """

    pattern: str
    rule: str

    def fits(self, value: str) -> bool:
        """Returns whether the string matches."""
        return re.fullmatch(self.pattern, value) is not None

    def __call__(self, value: str) -> str:
        """Returns the string; raises ValueError where it does not match."""
        if not self.fits(value):
            raise PatternError(self.rule)
        return value


class PatternError(ValueError):
    """Says what a string must be; its text is the rule alone."""


def _in_float32(value: float) -> float:
    """Returns a number that networks compute with; raises ValueError where float32 makes it 0 or infinite."""
    if 0 < value < SMALLEST:
        raise PatternError(f"at least {SMALLEST:.2g}, the smallest number that float32 tells from 0")
    if value > LARGEST:
        raise PatternError(f"at most {LARGEST:.2g}, the largest number of float32")
    return value


def _below_one_in_float32(value: float) -> float:
    """Returns a share; raises ValueError where float32 rounds it to 1, or makes it 0."""
    if value >= NEXT_TO_ONE:
        raise PatternError("less than 1, also when it is rounded to float32")
    return _in_float32(value)


def _number_or_auto(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Raises one fault where the parts of the union below would raise one each."""
    try:
        return check(value)
    except ValueError:
        raise PatternError("auto, or a number from 1 to 1024") from None


NumberOrAuto = Annotated[
    Literal["auto"] | Annotated[int, Field(gt=0, le=1024)],
    WrapValidator(_number_or_auto),
]
# It becomes part of a path.
Name = Annotated[
    str, AfterValidator(Matches(r"\w[\w.-]*", "letters, digits, '.', '_' and '-', not beginning with '.' or '-'"))
]
Sha256 = Annotated[str, AfterValidator(Matches("[0-9a-f]{64}", "64 hexadecimal digits, or null"))]
Count = Annotated[int, Field(gt=0, lt=2**63)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
# What networks and optimizers compute with; Positive and NonNegative are seconds, kilowatt-hours and the like.
Positive32 = Annotated[Positive, AfterValidator(_in_float32)]
NonNegative32 = Annotated[NonNegative, AfterValidator(_in_float32)]
BelowOne = Annotated[float, Field(ge=0, lt=1), AfterValidator(_below_one_in_float32)]
Fraction = Annotated[float, Field(gt=0, lt=1), AfterValidator(_below_one_in_float32)]
ActivationName = Literal["selu", "relu", "gelu", "silu", "tanh"]
TEST_SHARE, VAL_SHARE = 0.2, 0.1  # in conf/dataset/ of data without official test examples; a label leaves them out


class ConfigModel(BaseModel):
    """Holds a part of the configuration: unknown keys and wrong types are refused, nothing is coerced.

    Every field has a description of one sentence with its unit, which `mgu-run --help` and docs/reference/config.md
    show.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, ser_json_inf_nan="strings")


def tag_of(values: Any) -> str:
    """Returns the tag of one of several kinds of a group, which are told apart by their `name`: [name]."""
    return f"[{values.get('name') if isinstance(values, Mapping) else getattr(values, 'name', None)}]"


def models_of(annotation: Any) -> list[type[BaseModel]]:
    """Returns the configuration classes that the annotation of a field allows.

    Args:
        annotation: The annotation: one class, a union of several, or that of a plain value.

    Returns:
        The classes in the order of the annotation; [] for a plain value.
    """
    models = []
    for part in (annotation, *get_args(annotation)):
        model = getattr(part, "__origin__", part)  # the members of a tagged union are Annotated
        if isinstance(model, type) and issubclass(model, BaseModel):
            models.append(model)
    return models
