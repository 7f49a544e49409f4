"""What a command says on standard error of files that cannot be read: a line for each, or of many one line."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from mgu.text.printable import printable

MOST_LINES = 6
MOST_NAMED = 3  # files in the one line, and folders in its advice


def print_skipped(skipped: Sequence[str], folders: Sequence[str | Path]) -> None:
    """Prints which files were skipped and why, at most `MOST_LINES` lines.

    Args:
        skipped: One line for each file: its path and why it could not be read.
        folders: What was searched for them, as a report is told.
    """
    for line in describe_skipped(skipped, folders):
        print(printable(line), file=sys.stderr)


def describe_skipped(skipped: Sequence[str], folders: Sequence[str | Path]) -> list[str]:
    """Describes which files were skipped.

    Args:
        skipped: As for `print_skipped`.
        folders: As for `print_skipped`.

    Returns:
        Lines: one for each file, or of many one with their number, the first of them, and how to list all.
    """
    if len(skipped) <= MOST_LINES:
        return [f"skipped {line}" for line in skipped]
    named = " ".join(shlex.quote(str(folder)) for folder in folders) if len(folders) <= MOST_NAMED else "RUNS"
    command = " ".join(filter(None, ["mgu-run report", named, "--format json"]))
    return [f'skipped {len(skipped):,} files: {name_first(skipped)}. `{command}` lists all of them, as "skipped"']


def name_first(skipped: Sequence[str]) -> str:
    """Returns the first of the lines of files that were skipped, and how many there are beside them.

    Args:
        skipped: As for `print_skipped`.

    Returns:
        The lines, separated by semicolons.
    """
    more = [f"and {len(skipped) - MOST_NAMED:,} more"] if len(skipped) > MOST_NAMED else []
    return "; ".join([*skipped[:MOST_NAMED], *more])
