"""A cache of decoded images: decoded once for all runs, read into memory or memory-mapped where they are too many.

cases/<key>.pixels   bytes (N, H, W, C), the images of a split together, those of a case next to each other
cases/<key>.json     their description; written last, so its presence means that the pixels are complete

The key is a hash of the images' contents and of how they are decoded and split. Entries that were
not used for longest are evicted.
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
    """Describes the pixels of a file.

    Attributes:
        labels: Class of each image (N,), by number.
        cases: Case of each image (N,), by number.
        parts: Number of images of each split.
        skipped: Why an image was skipped, by its name.
        crc32: Checksum of the pixels.
        notes: What the user should know of how the images were decoded.
    """

    labels: list[int]
    cases: list[int]
    parts: dict[str, int]
    skipped: dict[str, str]
    crc32: int
    notes: list[str] = msgspec.field(default_factory=list)


def make_key(*parts: object) -> str:
    """Returns the key of everything that determines the pixels."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def read(folder: Path, key: str, shape: tuple[int, ...], memory_gib: float) -> tuple[Pixels, Decoded] | None:
    """Returns the pixels (N, *shape) and their description; None where they are missing, incomplete or changed.

    Pixels of at most `memory_gib` are read into memory; more are memory-mapped, and the system keeps what it can.
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
    """Makes and locks the folder; other processes wait. Raises UserError where it cannot be written."""
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
    """Writes `rows` one after the other, then `describe`, which may be filled while the rows are generated."""
    crc32 = 0
    (folder / f"{key}.json").unlink(missing_ok=True)
    with replacing(folder / f"{key}.pixels") as temporary, temporary.open("wb") as file:
        for row in rows:
            file.write(row.data)
            crc32 = zlib.crc32(row.data, crc32)
    description = msgspec.convert({**describe, "crc32": crc32}, Decoded)
    write_text(folder / f"{key}.json", msgspec.json.encode(description).decode())


def make_room(folder: Path, num_bytes: int, cache_gib: float) -> None:
    """Evicts the least recently used entries until `num_bytes` more fit in. Raises UserError where they never do."""
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
    """Returns the checksum, computed in chunks: the pixels may be memory-mapped."""
    found, flat = 0, pixels.reshape(-1)
    for start in range(0, len(flat), CHUNK):
        found = zlib.crc32(flat[start : start + CHUNK].data, found)
    return found
