"""A cache of decoded images: decoded once for all runs, read into memory or memory-mapped where they are too many.

<kind>/<key>.pixels   bytes (N, H, W, C), those of a group next to each other
<kind>/<key>.json     their description; written last, so its presence means that the pixels are complete

The key is a hash of the images' contents and of how they are decoded and split. Entries that were
not used for longest are evicted.
"""

from __future__ import annotations

import hashlib
import logging
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import numpy as np
from filelock import FileLock

from mgu.data.image_files.decode import Pixels
from mgu.errors import UserError
from mgu.results.on_disk.files import replacing, write_text
from mgu.results.schema.parts import Record

log = logging.getLogger(__name__)

GIB = 2**30
CHUNK = 2**26  # bytes whose checksum is computed at once


class Decoded(Record, frozen=True):
    """Describes the pixels of a file.

    Attributes:
        labels: Class of each image (N,), by number.
        groups: Group of each image (N,), by number.
        parts: Number of images of each split, where those of a split lie together; else empty.
        skipped: Why an image was skipped, by its name.
        crc32: Checksum of the pixels.
        notes: What the user should know of how the images were decoded.
        strata: Class of each group, by number, as far as it is split by class; empty where `parts` are given.
        given: The split that a group was put into, by number, or ""; empty where no group was.
        bits: Bits that grey values of 16 bits use, where their files do not say it.
    """

    labels: list[int]
    groups: list[int] = msgspec.field(name="cases")  # as it was called when there were no other groups
    parts: dict[str, int]
    skipped: dict[str, str]
    crc32: int
    notes: list[str] = msgspec.field(default_factory=list)
    strata: list[int] = msgspec.field(default_factory=list)
    given: list[str] = msgspec.field(default_factory=list)
    bits: int = 16


def make_key(*parts: object) -> str:
    """Returns the key of everything that determines the pixels."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def read(folder: Path, key: str, shape: tuple[int, ...]) -> tuple[Pixels, Decoded] | None:
    """Maps decoded images into memory.

    Args:
        folder: The folder of the cache.
        key: What determines the pixels.
        shape: (H, W, C) of an image.

    Returns:
        The pixels (N, H, W, C), which the system reads when they are needed, and their description; None where they are
        missing, incomplete or changed.
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
    with suppress(OSError):  # whoever may only read the cache need not say that it was used
        os.utime(description_file)
    return pixels, described


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Makes and locks the folder; other processes wait. Raises UserError where it cannot be written."""
    with _blaming_cache(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def write(folder: Path, key: str, rows: Iterable[Pixels], describe: Callable[[int], Decoded]) -> None:
    """Writes the pixels of images and their description.

    Args:
        folder: The folder of the cache.
        key: What determines the pixels.
        rows: The pixels (H, W, C) of each image.
        describe: Takes the checksum and returns the description; called after the last row.

    Raises:
        UserError: The folder cannot be written, or its disk is full.
    """
    crc32 = 0
    with _blaming_cache(folder):
        (folder / f"{key}.json").unlink(missing_ok=True)
        with replacing(folder / f"{key}.pixels") as temporary, temporary.open("wb") as file:
            for row in rows:
                file.write(row.data)
                crc32 = zlib.crc32(row.data, crc32)
        write_text(folder / f"{key}.json", msgspec.json.encode(describe(crc32)).decode())


@contextmanager
def _blaming_cache(folder: Path) -> Iterator[None]:
    """Turns an error of the disk, whose message names no file, into one that names the cache."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"decoded images must have a place, but {folder} cannot be written ({error.strerror}). Set MGU_CACHE."
        ) from None


def make_room(folder: Path, num_bytes: int, cache_gib: float) -> None:
    """Evicts the least recently used entries until more bytes fit in.

    Args:
        folder: The folder of the cache.
        num_bytes: Bytes of the new entry.
        cache_gib: Size of the cache, in GiB.

    Raises:
        UserError: They do not fit into an empty cache.
    """
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
    checksum, flat = 0, pixels.reshape(-1)
    for start in range(0, len(flat), CHUNK):
        checksum = zlib.crc32(flat[start : start + CHUNK].data, checksum)
    return checksum
