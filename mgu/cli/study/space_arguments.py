"""Settings of a space under its own name: gemm.m=512 is space.m=512, and nago=tiny is space.preset=tiny."""

from __future__ import annotations

from collections.abc import Sequence

SPACES = ("density", "gemm", "nago")  # those that have settings


def of_space(arguments: Sequence[str]) -> list[str]:
    """Returns arguments with the settings of a space under its name written as those of `space`.

    Args:
        arguments: Arguments of the command line.
    """
    return [_of_space(argument) for argument in arguments]


def _of_space(argument: str) -> str:
    key, equals, value = argument.partition("=")
    kind, dot, name = key.partition(".")
    if kind not in SPACES or not equals:
        return argument
    return f"space.{name}={value}" if dot else f"space.preset={value}"
