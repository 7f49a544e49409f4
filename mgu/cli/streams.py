"""Standard output and error of the command, whatever the shell made of them."""

from __future__ import annotations

import contextlib
import os
import sys
from io import TextIOWrapper

from mgu.errors import UserError

ONLY_PRINT = ("report", "plan", "check", "card")  # sub-commands that have no effect but their output


def prepare_streams(arguments: list[str]) -> None:
    """Opens streams that are closed on the null device, and replaces characters that a stream lacks.

    Python has None for a stream that is closed, as by `>&-`, and the next file to be opened would take its place.

    Args:
        arguments: Arguments of the command line.

    Raises:
        UserError: Standard output is closed, and the command does nothing but print.
    """
    is_closed = sys.stdout is None
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - it stays open
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    if is_closed and arguments[:1] and arguments[0] in ONLY_PRINT:
        raise UserError(
            f"standard output must be open for mgu-run {arguments[0]}, but it is closed. "
            "Leave out `>&-`, or write to a file, as in `> report.txt`."
        )


def silence_output() -> None:
    """Sends what is still to be printed to the null device, for Python would fail again when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
