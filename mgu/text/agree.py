"""Words that agree with the number of what they are about."""

from __future__ import annotations


def agree(number: float, one: str, several: str) -> str:
    """Returns the form of words that goes with a number, as in "1 run was" and "2 runs were".

    Args:
        number: How many things the words are about.
        one: The words about one thing.
        several: The words about none or several.

    Returns:
        One of both.
    """
    return one if number == 1 else several
