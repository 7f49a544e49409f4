"""Texts of any origin, such that a terminal may show them."""

from __future__ import annotations

MAX_LINE = 1000  # characters of a message; a longer one says its beginning and its end


def printable(text: str) -> str:
    """Shows control characters as escapes, for names of files, columns and classes may hold any.

    An escape character would command the terminal, a line feed forge a line, a bidirectional mark reorder one.

    Args:
        text: Text of any origin.

    Returns:
        The text, in which each character that is not printable is written as in Python.
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape", "surrogatepass").decode() for sign in text
    )


def printable_message(message: str) -> str:
    """Makes a message fit for a terminal: lines of bounded length, with control characters escaped.

    Args:
        message: The message, in one line or several.

    Returns:
        The message in as many lines; of a line longer than MAX_LINE its beginning and its end.
    """
    return "\n".join(_bound(printable(line)) for line in message.split("\n"))


def _bound(line: str) -> str:
    return line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 300]} [...] {line[-250:]}"
