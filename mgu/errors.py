"""The two kinds of bad news: a mistake of the user's, and runs that failed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something the user can put right: shown as its message alone, exit code 2."""


class RunsFailed(Exception):  # noqa: N818 - it is an outcome
    """Runs that stopped on an exception; each has its traceback in its own folder, exit code 1."""


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like `word`, whatever its case and the blanks around it; None where none is like it."""
    folded = {choice.strip().casefold(): choice for choice in choices if choice != word}
    found = difflib.get_close_matches(word.strip().casefold(), folded, n=1, cutoff=0.5)
    return folded[found[0]] if found else None


def how_to_install(extra: str) -> str:
    """A sentence on an optional part of this package."""
    return f"Install it with `make extra-{extra}` in a checkout, elsewhere with `pip install 'mgu[{extra}]'`."


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """' Did you mean <nearest>?', or nothing where no choice is near."""
    choice = nearest(word, choices)
    if choice is None:
        return ""
    return f" Did you mean {choice if choice == choice.strip() else repr(choice)}?"
