"""How often a benchmark measures: its option --rounds, and other numbers of tries. Imports neither torch nor mgu."""

from __future__ import annotations

import argparse
from functools import partial

FOR_QUARTILES = 2


def add_rounds(parser: argparse.ArgumentParser, default: int, least: int = FOR_QUARTILES) -> None:
    """Adds the option, and refuses fewer rounds than what is printed of them needs, before anything is measured."""
    parser.add_argument(
        "--rounds",
        type=partial(at_least, least),
        default=default,
        help=f"how often each way is measured, {least} or more (default: %(default)s)",
    )


def at_least(least: int, text: str) -> int:
    """Reads a number of tries.

    Raises:
        argparse.ArgumentTypeError: It is no whole number, or too small.
    """
    if not text.isdecimal() or int(text) < least:
        why = " Quartiles need two rounds." if least == FOR_QUARTILES else ""
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, but got {text}.{why}")
    return int(text)
