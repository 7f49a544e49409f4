"""Sentences begin with a capital letter."""

from __future__ import annotations


def capitalise(text: str) -> str:
    """Returns a text with a capital letter at its beginning; what follows stays, unlike by `str.capitalize`.

    Args:
        text: The text; it may be empty.

    Returns:
        The text, changed in its first letter at most.
    """
    return text[:1].upper() + text[1:]
