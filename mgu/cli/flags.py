"""Flags of a command line that trains: of Hydra, and of a sub-command that is given a run as `mgu-run` itself is."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from hydra._internal.utils import get_args_parser

from mgu.cli.parser import Parser, suggest_flag
from mgu.config.faults import nearest_key
from mgu.errors import UserError


def parse_flags(arguments: Sequence[str], own: Parser | None = None) -> Namespace:
    """Parses the flags of Hydra and the overrides.

    Args:
        arguments: Arguments without those that a sub-command has taken.
        own: Parser of the sub-command, whose flags are suggested, too.

    Returns:
        Flags and `overrides`.

    Raises:
        UserError: One is no flag; the message suggests what is near to it.
    """
    parser = Parser(prog="mgu-run", parents=[get_args_parser()], add_help=False, allow_abbrev=False)
    options, unknown = parser.parse_known_intermixed_args(list(arguments))
    if flags := [word.partition("=")[0] for word in unknown if word.startswith("-")]:
        listed = f"{own.prog} --help or --hydra-help lists" if own else "mgu-run --hydra-help lists"
        hint = suggest_flag(flags[0], [own, parser] if own else [parser]) or _advise_key(flags[0])
        raise UserError(f"flags must be ones that {listed}, but got {' '.join(flags)}.{hint}")
    return options


def _advise_key(flag: str) -> str:
    """Says which key may be meant by a flag that there is none of."""
    key = nearest_key(flag.lstrip("-").replace("-", "_"))
    return f" Values are set without dashes: {key}=..." if key else " Leave it out."
