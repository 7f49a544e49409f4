"""Reads and writes correct.bits: which test examples a run classified correctly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mgu.results.files import replacing
from mgu.results.result import CORRECT_FILE


def write_correct(folder: Path, num_examples: int, bits: bytes, images_of_cases: Sequence[int] = ()) -> None:
    """`bits`: one an example, 1 where it was classified correctly, the first highest, as numpy.packbits gives them.

    The file is their number in ASCII, of images of cases also the number of each case's, a line feed, and the bits.
    """
    header = " ".join(str(number) for number in (num_examples, *images_of_cases))
    with replacing(folder / CORRECT_FILE) as temporary:
        temporary.write_bytes(header.encode() + b"\n" + bits)


def read_correct(folder: Path) -> tuple[int, bytes, tuple[int, ...]] | None:
    """Number of examples, bits and images of cases as they were written; None where there are none, or not as many as
    named.
    """
    try:
        header, _, bits = (folder / CORRECT_FILE).read_bytes().partition(b"\n")
        number, *of_cases = (int(word) for word in header.split(b" "))
    except (OSError, ValueError):
        return None
    is_whole = 0 < number <= 8 * len(bits) < number + 8 and (not of_cases or sum(of_cases) == number)
    return (number, bits, tuple(of_cases)) if is_whole else None
