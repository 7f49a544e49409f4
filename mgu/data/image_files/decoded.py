"""Decoded images: from the cache, or decoded into it by as many threads as there are cores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import torch

from mgu.config.image_files import ImageFilesConfig
from mgu.data.image_files.cache import Decoded, make_room, read, write, writing
from mgu.data.image_files.decode import Pixels, UnusableImage, decode, quiet
from mgu.data.image_files.digests import describe_odd, refuse
from mgu.data.image_files.names import ImageFile
from mgu.data.image_files.survey import survey
from mgu.errors import UserError
from mgu.machine import count_cores

AT_ONCE = 256  # images decoded before the next ones are begun, which bounds what waits to be written
PARTS = ("train", "val", "test")


class Row(NamedTuple):
    """Describes an image that is to be decoded.

    Attributes:
        file: Its file.
        group: The number of its group.
        label: The number of its class.
        part: Its split, where those of a split are to lie together.
    """

    file: ImageFile
    group: int
    label: int
    part: str | None = None


class Listed(NamedTuple):
    """Holds what is to be decoded.

    Attributes:
        rows: The images in order; those of a split together, where they have one.
        skipped: Why an image is not even tried, by its name.
        strata: As in `Decoded`.
        given: As in `Decoded`.
    """

    rows: list[Row]
    skipped: dict[str, str]
    strata: list[int]
    given: list[str]


def load_decoded(
    config: ImageFilesConfig, folder: Path, key: str, find: Callable[[], Listed]
) -> tuple[Pixels, Decoded]:
    """Returns decoded images, which are decoded once for all runs.

    Args:
        config: How they are decoded.
        folder: The folder of the cache.
        key: What determines the pixels and their order.
        find: Returns what is to be decoded; called only where that is not in the cache.

    Returns:
        The pixels (N, H, W, C), memory-mapped, and their description.

    Raises:
        UserError: Images are broken, or there is no place for them.
    """
    shape = (config.image_shape[1], config.image_shape[2], config.image_shape[0])
    cached = read(folder, key, shape)
    if cached is None:
        with writing(folder):
            if not (cached := read(folder, key, shape)):  # another process may have decoded them meanwhile
                _decode_all(config, folder, key, find())
                cached = read(folder, key, shape)
    if cached is None:
        raise UserError(
            f"decoded images must stay whole, but those in {folder} do not. Set MGU_CACHE to another place, or raise "
            "dataset.cache_gib if other runs make room there."
        )
    if config.broken == "refuse":
        refuse(cached[1].skipped)
    return cached


def _decode_all(config: ImageFilesConfig, folder: Path, key: str, listed: Listed) -> None:
    """Decodes all images into the cache, in order. Raises UserError."""
    rows, skipped = listed.rows, dict(listed.skipped)
    make_room(folder, len(rows) * torch.Size(config.image_shape).numel(), config.cache_gib)
    whole = [row for row in rows if row.file.name not in skipped]
    kept: list[Row] = []
    with quiet():
        bits, notes = survey([(file.name, file.path) for file in sorted(row.file for row in whole)])

    def decoded() -> Iterator[Pixels]:
        for row, pixels in _decode_in_parallel(whole, config, bits):
            if isinstance(pixels, UnusableImage):
                skipped[row.file.name] = f"{pixels}{pixels.advice}"
                if config.broken == "refuse":
                    refuse(skipped)
                continue
            kept.append(row)
            yield pixels
        if not kept:
            raise UserError(f"images must be whole, but none is ({describe_odd(skipped)}). Mend them.")

    def describe(crc32: int) -> Decoded:
        counts = Counter(row.part for row in kept)
        return Decoded(
            labels=[row.label for row in kept],
            groups=[row.group for row in kept],
            parts={} if None in counts else {part: counts[part] for part in PARTS},
            skipped=skipped,
            crc32=crc32,
            notes=notes,
            strata=listed.strata,
            given=listed.given,
            bits=bits,
        )

    write(folder, key, decoded(), describe)


def _decode_in_parallel(
    rows: Sequence[Row], config: ImageFilesConfig, bits: int
) -> Iterator[tuple[Row, Pixels | UnusableImage]]:
    """Yields each file with its pixels, or with the reason why there are none, in order."""

    def attempt(row: Row) -> Pixels | UnusableImage:
        try:
            return decode(row.file.path, config.image_shape, config.fit, bits)
        except UnusableImage as fault:
            return fault

    with quiet(), ThreadPoolExecutor(count_cores()) as pool:
        for start in range(0, len(rows), AT_ONCE):
            chunk = rows[start : start + AT_ONCE]
            yield from zip(chunk, pool.map(attempt, chunk), strict=True)
