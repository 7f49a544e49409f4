"""Suggesting the legal name that is nearest to a mistyped one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mgu.text.hydra_quoting import as_typed


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.5) -> str | None:
    """Returns the choice most similar to `word`, ignoring case and surrounding blanks; None if none is similar.

    Of choices with as many letters in common, that wins which takes fewer edits: adamm is adamw rather than nadam.

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
    matches = difflib.get_close_matches(typed, folded, n=5, cutoff=cutoff)
    similarities = [difflib.SequenceMatcher(None, match, typed).ratio() for match in matches]
    tied = [match for match, similarity in zip(matches, similarities, strict=True) if similarity == similarities[0]]
    return folded[min(tied, key=lambda match: _count_edits(typed, match))] if tied else None


def _count_edits(one: str, other: str) -> int:
    """Returns how many letters are to be put in, taken out or changed to make one text of another."""
    counts = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        diagonal, counts[0] = counts[0], row
        for column, other_letter in enumerate(other, start=1):
            fewest = min(diagonal + (letter != other_letter), counts[column - 1] + 1, counts[column] + 1)
            diagonal, counts[column] = counts[column], fewest
    return counts[-1]


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
