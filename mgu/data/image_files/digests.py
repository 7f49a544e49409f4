"""Checksums of image files, and faults that these tell: missing files and copies. Imports no torch."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mgu.data.digest import digest_file
from mgu.data.image_files.names import ImageFile
from mgu.errors import UserError
from mgu.machine import count_cores
from mgu.text.agree import agree

AT_ONCE = 64  # files per task of a thread


def read_digests(files: Sequence[ImageFile]) -> list[str]:
    """Returns the SHA-256 of each file, read in parallel; an empty string where it cannot be read.

    Args:
        files: The files, of which those read before are not read again.

    Returns:
        In the order of the files.
    """
    chunks = [files[start : start + AT_ONCE] for start in range(0, len(files), AT_ONCE)]
    with ThreadPoolExecutor(count_cores()) as pool:
        digested = pool.map(lambda chunk: [_digest_of(file.path) for file in chunk], chunks)
        return [sha256 for chunk in digested for sha256 in chunk]


def _digest_of(path: Path) -> str:
    """Returns the SHA-256, or an empty string; a pipe or a device is not opened, for it may never end."""
    try:
        return digest_file(path) if os.path.isfile(path) else ""
    except (OSError, ValueError):  # ValueError: a path with a zero byte
        return ""


def digest(files: Sequence[ImageFile], digests: Sequence[str]) -> str:
    """Returns a checksum of what is learned from, in order; location, names and other files do not matter.

    Args:
        files: The chosen files.
        digests: The SHA-256 of each.

    Returns:
        The SHA-256 of classes, groups, contents, and of splits where they are given.
    """
    texts = [
        text
        for file, sha256 in zip(files, digests, strict=True)
        for text in (file.label, file.group, sha256, *([file.part] if file.part else []))
    ]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def find_odd(files: Sequence[ImageFile], digests: Sequence[str]) -> dict[str, str]:
    """Finds files that cannot be learned from as they are.

    Args:
        files: The chosen files; of equal ones the first is no copy.
        digests: The SHA-256 of each.

    Returns:
        By name the fault of each file that is missing, or a copy of another, maybe of another group or split.
    """
    firsts: dict[str, ImageFile] = {}
    odd = {}
    for file, sha256 in zip(files, digests, strict=True):
        if not sha256:
            odd[file.name] = _why_unreadable(file.path)
        elif (first := firsts.setdefault(sha256, file)) is not file:
            across = f", and one is in {file.part}, the other in {first.part}" if file.part != first.part else ""
            odd[file.name] = f"is a copy of {first.name}{across}"
    return odd


def _why_unreadable(path: Path) -> str:
    """Returns what keeps a file from being read."""
    if not os.path.exists(path):
        return "is missing"
    return "cannot be read" if os.path.isfile(path) else "is no file"


def refuse(odd: dict[str, str]) -> None:
    """Raises UserError that names the first fault, if there is any."""
    if odd:
        name, reason = next(iter(odd.items()))
        raise UserError(
            f"images must be whole and each there once, but {name} {reason}{_and_more(len(odd) - 1)}. Mend or remove "
            "it, or pass dataset.broken=skip to go on without."
        )


def describe_odd(odd: dict[str, str]) -> str:
    """Says in one line what was skipped."""
    some = "; ".join(f"{name} {reason}" for name, reason in list(odd.items())[:3])
    return f"{len(odd)} {agree(len(odd), 'image', 'images')} skipped: {some}{_and_more(len(odd) - 3)}"


def _and_more(number: int) -> str:
    """Returns how many more there are, in words."""
    return f" (and {number} more)" if number > 0 else ""
