"""Exceptions that the command explains: the user's mistakes, failed runs, and bugs of this program."""

from __future__ import annotations

import difflib
import re
import shlex
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

MAX_LINE = 1000  # characters of a message; a longer one says its beginning and its end


class UserError(Exception):
    """Says that the user made a mistake and can correct it: shown as its message alone, exit code 2."""


class RunsFailed(Exception):  # noqa: N818 - it is an outcome
    """Says that training runs raised; each has its traceback in its own folder, exit code 1."""


class ProgramError(Exception):
    """Says that this program has a bug: shown with the traceback of the original exception, exit code 1.

    Attributes:
        traceback: Formatted traceback of the original exception. It is kept as text, for traceback objects do not
            survive the way from a launcher's process to this one.
    """

    def __init__(self, message: str, full_traceback: str) -> None:
        super().__init__(message, full_traceback)  # both, so that it can be pickled
        self.traceback = full_traceback

    def __str__(self) -> str:
        return str(self.args[0])


@contextmanager
def marking_bugs() -> Iterator[None]:
    """Turns exceptions of the block that nobody foresaw into ProgramError.

    Whatever runs after Hydra has composed the configuration runs in such a block. So an unforeseen exception outside
    comes from composing the user's input, and one inside is a bug of ours.

    Yields:
        None.

    Raises:
        ProgramError: The block raised anything but UserError, RunsFailed, ProgramError or OSError.
    """
    try:
        yield
    except (UserError, RunsFailed, ProgramError, OSError):
        raise
    except Exception as error:
        last_line = "".join(traceback.format_exception_only(error)).strip().splitlines()[0]
        raise ProgramError(last_line, traceback.format_exc()) from error


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.5) -> str | None:
    """Returns the choice most similar to `word`, ignoring case and surrounding blanks; None if none is similar.

    Args:
        word: What was typed.
        choices: What is legal.
        cutoff: Smallest similarity, between 0 and 1.

    Returns:
        The choice.
    """
    folded = {choice.strip().casefold(): choice for choice in choices if choice != word}
    typed = word.strip().casefold()
    if len(typed) > 2:  # half of two letters is one of them, half of more is chance, as in `fast` and `auto`
        cutoff = max(cutoff, 0.51)
    matches = difflib.get_close_matches(typed, folded, n=1, cutoff=cutoff)
    return folded[matches[0]] if matches else None


def how_to_install(extra: str) -> str:
    """Returns a sentence that says how to install an optional part of this package.

    Args:
        extra: Name of the extra in pyproject.toml.

    Returns:
        The sentence, for a checkout and for elsewhere.
    """
    return f"Install it with `make extra-{extra}` in a checkout, elsewhere with `pip install 'mgu[{extra}]'`."


def did_you_mean(word: str, choices: Iterable[str], cutoff: float = 0.5) -> str:
    """Returns ' Did you mean <nearest>?', or an empty string if no choice is similar to `word`.

    The choice is quoted where a shell or Hydra would read it as something else, as 2020_01, which is a number there.

    Args:
        word: What was typed.
        choices: What is legal.
        cutoff: Smallest similarity, between 0 and 1.

    Returns:
        The question, which begins with a blank, or "".
    """
    choice = nearest(word, choices, cutoff)
    return "" if choice is None else f" Did you mean {as_typed(choice)}?"


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


# What Hydra and YAML read as a number, a truth value or nothing, though it has letters.
_NO_TEXT = re.compile(r"null|true|false|yes|no|on|off|[+-]?(nan|inf|\d[\d_]*e[+-]?\d+|0[xob]\w+)", re.IGNORECASE)


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
