"""Texts as they are typed on the command line, so that the shell and Hydra read them as they are."""

from __future__ import annotations

import re
import shlex

# What Hydra and YAML read as a number, a truth value or nothing, though it has letters.
_NO_TEXT = re.compile(r"null|true|false|yes|no|on|off|[+-]?(nan|inf|\d[\d_]*e[+-]?\d+|0[xob]\w+)", re.IGNORECASE)


def as_typed(value: str) -> str:
    """Returns a text as it is typed after `key=` in a POSIX shell, so that Hydra reads that text.

    Args:
        value: The text that Hydra is to read.

    Returns:
        The text itself where it is plain, else quoted for Hydra and for the shell.
    """
    is_plain = re.fullmatch(r"[A-Za-z_][\w./-]*|[\w-]*[A-Za-z][\w./-]*", value, re.ASCII) and not _NO_TEXT.fullmatch(
        value
    )
    return value if is_plain else shlex.quote(quote(value, '"'))


def quote(value: str, mark: str = "'") -> str:
    """Quotes a text for Hydra's grammar of overrides, whatever characters it has.

    Args:
        value: The text.
        mark: Quotation mark to use, ' or ".

    Returns:
        The text between two marks, with marks in it, and backslashes before a mark, escaped.
    """
    escaped = re.sub(rf"(\\*){mark}", rf"\1\1\\{mark}", value)
    return mark + re.sub(r"(\\+)$", r"\1\1", escaped) + mark
