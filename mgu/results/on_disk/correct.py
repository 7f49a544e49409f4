"""Reads and writes correct.bits: which test examples a run classified correctly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from mgu.results.on_disk.file_names import CORRECT_FILE
from mgu.results.on_disk.files import replacing
from mgu.results.on_disk.sealed import Changed, read_known


def write_correct(folder: Path, num_examples: int, bits: bytes, group_sizes: Sequence[int] = ()) -> None:
    """Writes which test examples were classified correctly.

    The file holds the number of examples in ASCII, for examples in groups also the number of those of each group, a
    line feed, and the bits.

    Args:
        folder: The run's folder.
        num_examples: Number of test examples.
        bits: One bit for each example, 1 if it was classified correctly, as numpy.packbits orders them.
        group_sizes: Number of examples of each group, such as a case, if there are groups; those of one lie together.
    """
    header = " ".join(str(number) for number in (num_examples, *group_sizes))
    with replacing(folder / CORRECT_FILE) as temporary:
        temporary.write_bytes(header.encode() + b"\n" + bits)


def read_correct(
    folder: Path,
    digests: Mapping[str, str] = MappingProxyType({}),
    packed: Mapping[str, bytes] | None = None,
    skipped: list[str] | None = None,
) -> tuple[int, bytes, tuple[int, ...]] | None:
    """Reads which test examples were classified correctly.

    Args:
        folder: The run's folder.
        digests: Checksums of the run's files, as its result has them.
        packed: Contents of the files of a packed run, see `Run`.
        skipped: Gets a line with the file and why it cannot be read, if so.

    Returns:
        Number of examples, bits and sizes of groups as `write_correct` takes them; None if there is no such file, or it
        is not whole, or not what the run wrote.
    """
    try:
        return _parse(read_known(folder / CORRECT_FILE, digests, packed))
    except FileNotFoundError:
        return None
    except ValueError as error:
        if skipped is not None:
            verb = "" if isinstance(error, Changed) else "is "
            skipped.append(f"{folder / CORRECT_FILE} {verb}{error}")
        return None


def _parse(content: bytes) -> tuple[int, bytes, tuple[int, ...]]:
    """Returns what `read_correct` does; raises ValueError where the file is not whole."""
    header, _, bits = content.partition(b"\n")
    if not re.fullmatch(rb"\d+( \d+)*", header):
        raise ValueError("not whole")
    number, *sizes = map(int, header.split(b" "))
    if not 0 < number <= 8 * len(bits) < number + 8 or (sizes and sum(sizes) != number):
        raise ValueError("not whole")
    return number, bits, tuple(sizes)
