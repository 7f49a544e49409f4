"""Suggesting the legal name that is nearest to a mistyped one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mgu.text.hydra_quoting import as_typed


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
