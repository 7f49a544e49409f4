"""Compares fingerprints of data; mgu/data/python/fingerprint.py takes them. It imports no schema: reports use it."""

from __future__ import annotations

from typing import Any

SAME = 1e-4  # difference of two numbers that rounding may make; one other image among 60,000 makes 1e-3


def fingerprint_of(config: Any) -> str | None:
    """Returns what tells whether the data of a run are the same.

    Args:
        config: Its configuration, nested as in result.json, which may be of any version.

    Returns:
        The fingerprint; None where it is not known, and for data that are known by their name or their checksum.
    """
    dataset = config.get("dataset") if isinstance(config, dict) else None
    fingerprint = dataset.get("fingerprint") if isinstance(dataset, dict) else None
    return fingerprint if isinstance(fingerprint, str) else None


def is_same_data(first: str | None, second: str | None) -> bool:
    """Tells whether two fingerprints are of the same data.

    Args:
        first: A fingerprint; None: not known, as of runs that were trained before there were any.
        second: Another one.

    Returns:
        False where they differ by more than rounding.
    """
    if not first or not second or first == second:
        return True
    try:
        one, other = ([float(word) for word in fingerprint.split()] for fingerprint in (first, second))
    except ValueError:  # somebody has edited it
        return False
    return len(one) == len(other) and all(abs(a - b) <= SAME for a, b in zip(one, other, strict=True))
