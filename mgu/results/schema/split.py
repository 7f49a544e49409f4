"""How reports call the way in which data were split."""

from __future__ import annotations


def name_split(split: str, data: object) -> str:
    """Names a split for people to read.

    Args:
        split: The value of `dataset.split`.
        data: The value of `dataset.name`.

    Returns:
        The value; "no test data" where it is "paper" for data of a function, of which there are no official ones.
    """
    return "no test data" if split == "paper" and data == "python" else split
