"""Text for people: counts, durations, sizes, and lines that are printed at once."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mgu.text.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

VOWELS = tuple("aeiou")  # before a y, which then stays in the plural, as in keys
HISSING = ("s", "x", "tch", "sh")  # ends of nouns that get es in the plural
PLAIN_WIDTH = 240  # characters where there is no terminal to ask: wide enough not to fold a cell


def print_line(line: str) -> None:
    """Prints one line and flushes it, even if the reader is gone (`| head`), which must not stop training.

    Args:
        line: The line; its control characters are shown as escapes.
    """
    try:
        print(printable(line), flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_wait(what: str) -> None:
    """Prints on standard error what this process waits for.

    Args:
        what: A participle and its object, as "importing torch".
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):  # it is closed, or there is none
        print(f"{what} ...", file=sys.stderr, flush=True)


def count(number: int, noun: str) -> str:
    """Counts things in English, as in "1 run", "2 runs", "2 studies", "2 classes" and "49,392 points".

    Args:
        number: How many.
        noun: What is counted, in the singular.

    Returns:
        The number and the noun.
    """
    if number == 1:
        return f"1 {noun}"
    ends_in_ies = noun.endswith("y") and noun[-2:-1] not in VOWELS
    plural = f"{noun[:-1]}ies" if ends_in_ies else f"{noun}{'es' if noun.endswith(HISSING) else 's'}"
    return f"{number:,} {plural}"


def name_some(names: Sequence[str], most: int) -> str:
    """Lists names, the first of many only, as in "a, b and 7 more".

    Args:
        names: What there is.
        most: How many are named.

    Returns:
        The list.
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def describe_s(seconds: float) -> str:
    """Formats a duration for people: 0.4 s, 42 s, 3 min 20 s, 5 h 10 min, 3 d 4 h.

    Args:
        seconds: The duration.

    Returns:
        The duration in its two largest units.
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes < 10:
        return f"{minutes} min {rest_s} s" if rest_s else f"{minutes} min"
    hours, rest_min = divmod(round(seconds / 60), 60)
    if hours == 0:
        return f"{rest_min} min"
    if hours < 48:
        return f"{hours} h {rest_min} min"
    return f"{hours // 24} d {hours % 24} h"


def table_console() -> Console:
    """Builds a console for tables.

    Returns:
        The terminal; if there is none, a console of COLUMNS characters, or so wide that no cell is folded.
    """
    from rich.console import Console  # takes longer to import than a report in any other form takes to make

    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=PLAIN_WIDTH)


def size(params: int | None) -> str:
    """Formats a number of parameters or operations, as in 5.23K and 1.40M.

    Args:
        params: The number; None if it is not known.

    Returns:
        The number in thousands below a million, else in millions; "-" if it is not known.
    """
    if params is None:
        return "-"
    scale, unit = (1e6, "M") if params >= 1e6 else (1e3, "K")
    return f"{params / scale:.2f}{unit}"
