"""Decoded images in a file: made once, in parallel, for all runs; read into memory, or mapped where they are too many.

cases/<key>.pixels   bytes (N, H, W, C), images of a part together, those of a case next to each other
cases/<key>.json     what they are; written last, so its presence means that the pixels are whole

The key is of the images' contents and of how they are decoded and split. What was not used for longest makes room.
"""

from __future__ import annotations

import hashlib
import logging
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
from filelock import FileLock

from mgu.data.cases.decode import Pixels
from mgu.errors import UserError
from mgu.results.files import replacing, write_text
from mgu.results.result import Record

log = logging.getLogger(__name__)

GIB = 2**30
CHUNK = 2**26  # bytes whose checksum is computed at once


class Decoded(Record, frozen=True):
    """What the pixels of a file are: classes and cases by number (N,), images of each part, and what was skipped."""

    labels: list[int]
    cases: list[int]
    parts: dict[str, int]
    skipped: dict[str, str]
    crc32: int


def make_key(*parts: object) -> str:
    """Of everything that decides on the pixels."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def read(folder: Path, key: str, shape: tuple[int, ...], memory_gib: float) -> tuple[Pixels, Decoded] | None:
    """Pixels (N, *shape) and what they are, from `folder`; None where they are not there, torn or changed.

    In memory if they take at most memory_gib, else mapped: then the system keeps of them what it has room for.
    """
    pixels_file, description_file = folder / f"{key}.pixels", folder / f"{key}.json"
    try:
        described = msgspec.json.decode(description_file.read_bytes(), type=Decoded)
        pixels: Pixels = np.memmap(pixels_file, np.uint8, mode="c", shape=(len(described.labels), *shape))
        if pixels_file.stat().st_size != pixels.nbytes or _crc32(pixels) != described.crc32:
            raise ValueError("the checksum is wrong")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors, too
        log.warning("decoded images in %s are not whole, and are decoded anew: %s", pixels_file, error)
        return None
    os.utime(description_file)
    return (np.array(pixels) if pixels.nbytes <= memory_gib * GIB else pixels), described


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """The right to change `folder`, which is made; whoever else wants it waits. Raises UserError where none has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        lock.acquire()
    except OSError as error:
        raise UserError(
            f"decoded images must have a place, but {folder} cannot be written ({error.strerror}). Set MGU_CACHE."
        ) from None
    try:
        yield
    finally:
        lock.release()


def write(folder: Path, key: str, rows: Iterable[Pixels], describe: Mapping[str, object]) -> None:
    """`rows` one after the other; `describe` may still be filled while they come."""
    crc32 = 0
    (folder / f"{key}.json").unlink(missing_ok=True)
    with replacing(folder / f"{key}.pixels") as temporary, temporary.open("wb") as file:
        for row in rows:
            file.write(row.data)
            crc32 = zlib.crc32(row.data, crc32)
    description = msgspec.convert({**describe, "crc32": crc32}, Decoded)
    write_text(folder / f"{key}.json", msgspec.json.encode(description).decode())


def make_room(folder: Path, num_bytes: int, cache_gib: float) -> None:
    """So that `num_bytes` more fit in: what was not used for longest goes. Raises UserError where they never do."""
    limit = cache_gib * GIB
    if num_bytes > limit:
        raise UserError(
            f"dataset.cache_gib must hold the decoded images, {num_bytes / GIB:.3g} GiB, but got {cache_gib:g}. "
            "Raise it, or make dataset.image_shape smaller."
        )
    for torn in folder.glob(".*.part"):  # of a process that was killed, for no other writes now
        torn.unlink(missing_ok=True)
    kept = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in kept:
        pixels = file.with_suffix(".pixels")
        num_bytes += pixels.stat().st_size if pixels.exists() else 0
        if num_bytes > limit:  # whoever has mapped it keeps it until the end
            file.unlink(missing_ok=True)
            pixels.unlink(missing_ok=True)


def _crc32(pixels: Pixels) -> int:
    found, flat = 0, pixels.reshape(-1)
    for start in range(0, len(flat), CHUNK):
        found = zlib.crc32(flat[start : start + CHUNK].data, found)
    return found
