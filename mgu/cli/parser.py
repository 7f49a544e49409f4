"""Argument parser of the sub-commands, with errors in the project's own form."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from mgu.errors import UserError
from mgu.text.nearest import nearest

SIMILAR = 0.7  # of a flag to a mistyped one; below it words are alike by chance
UNKNOWN = "unrecognized arguments: "  # begins what argparse says


class Once(argparse._StoreAction):
    """Takes the value of an option, of which argparse would take the last one without a word."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if option_string and isinstance(parser, Parser):
            if self.dest in parser.given:
                both = (parser.given[self.dest], values)
                was, now = (" ".join(map(str, each)) if isinstance(each, list) else each for each in both)
                advice = "Name all after one of them." if isinstance(values, list) else "Leave one of them out."
                raise UserError(f"{option_string} must be given once, but got {was} and {now}. {advice}")
            parser.given[self.dest] = values
        super().__call__(parser, namespace, values, option_string)


class Parser(argparse.ArgumentParser):
    """Parses arguments; its errors are UserErrors.

    Attributes:
        given: The options of the arguments that are parsed, with their values.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.given: dict[str, Any] = {}
        for name in (None, "store"):
            self.register("action", name, Once)

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        """Parses arguments, of which each option may be given once."""
        self.given = {}
        return super().parse_known_args(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raises UserError for a mistake that argparse found."""
        hint = suggest_flag(message.removeprefix(UNKNOWN).split()[0], [self]) if message.startswith(UNKNOWN) else ""
        raise UserError(f"arguments must be as {self.prog} --help says, but: {message}.{hint}")

    def parse_with_run(self, arguments: Sequence[str], plan_does: str) -> tuple[argparse.Namespace, list[str]]:
        """Parses the options of a sub-command that is given a run as `mgu-run` itself is.

        Args:
            arguments: Arguments of the sub-command.
            plan_does: What mgu-run plan does with all runs of a sweep, for the error.

        Returns:
            The options, and the arguments of the run.

        Raises:
            UserError: The arguments are of a sweep.
        """
        options, rest = self.parse_known_args(arguments)
        if {"-m", "--multirun"} & set(rest):
            raise UserError(
                f"{self.prog} must be of one run, but got -m. Leave it out and pass one value of each key; mgu-run "
                f"plan {plan_does} all runs of a sweep."
            )
        return options, rest


def suggest_flag(typed: str, parsers: Sequence[argparse.ArgumentParser]) -> str:
    """Suggests the flag that is nearest to a mistyped one.

    Args:
        typed: What was typed, also with a value behind an equals sign.
        parsers: Those that know the flags.

    Returns:
        " Did you mean --format?", which begins with a blank; "" where none is near.
    """
    flags = (flag for parser in parsers for action in parser._actions for flag in action.option_strings)
    close = nearest(typed.partition("=")[0].lstrip("-"), [flag[2:] for flag in flags if flag.startswith("--")], SIMILAR)
    return f" Did you mean --{close}?" if close and typed.startswith("-") else ""
