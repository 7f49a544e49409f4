"""The parts of a result's configuration that are read without the schema of this version's configurations.

A result keeps its configuration as its own version wrote it. What reports and estimates look up in it must be what
they take it for, whoever wrote the file.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any

import msgspec

from mgu.results.schema.parts import Count, Number

# msgspec has gt=0 as "at least the next number", which is a subnormal one: where they are flushed, zero is as large.
Positive = Annotated[float, msgspec.Meta(ge=sys.float_info.min)]


class _Training(msgspec.Struct):
    epochs: Count


class _Optimizer(msgspec.Struct):
    lr: Positive


class _Dataset(msgspec.Struct):
    name: str | None = None
    num_classes: Number | None = None
    classes: list[Any] | None = None


class _Energy(msgspec.Struct):
    enabled: bool = False


class _Sections(msgspec.Struct):
    training: _Training
    optimizer: _Optimizer
    dataset: _Dataset = msgspec.field(default_factory=_Dataset)
    layout: dict[str, Any] = msgspec.field(default_factory=dict)
    energy: _Energy = msgspec.field(default_factory=_Energy)
    mgu: dict[str, Any] | None = None


def check_sections(config: dict[str, Any]) -> None:
    """Checks what is read of a result's configuration.

    Args:
        config: The configuration as the result has it.

    Raises:
        msgspec.ValidationError: A section or a value of it is missing or is something else.
    """
    try:
        msgspec.convert(config, _Sections)
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"config: {error}") from None
