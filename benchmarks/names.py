"""A list of names on the command line of a benchmark: unknown ones are refused before anything is measured."""

from __future__ import annotations

import argparse
from collections.abc import Iterable


def names_among(known: Iterable[str], text: str) -> str:
    """Returns a list of names, separated by commas, as it is.

    Raises:
        argparse.ArgumentTypeError: A name is not among the known ones.
    """
    known = list(known)
    if unknown := [name for name in text.split(",") if name not in known]:
        raise argparse.ArgumentTypeError(f"must name some of {', '.join(known)}, but got {', '.join(unknown)}.")
    return text
