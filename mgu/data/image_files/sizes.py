"""The size and channels that images have in their files, for `dataset.image_shape=auto`. Imports no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from statistics import median_low

from mgu.data.image_files.decode import GREY, MOST_ENLARGED, quiet
from mgu.errors import UserError
from mgu.machine import count_cores
from mgu.text.agree import agree

ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)  # a tag of EXIF, and its values for images that lie on their side
USUAL_SIDE = 224  # pixels, which the advice does not exceed
FEW = 0.05  # of the images, which the advice leaves out rather than scale all others down to them
SHOWN = 4  # sizes that a message names

Size = tuple[int, int, int]  # channels, height, width


def find_shape(files: Sequence[Path]) -> list[int]:
    """Finds the shape that all images have.

    Args:
        files: The images; those that cannot be read are left to `decode`.

    Returns:
        Channels (1 where all are grey, else 3), height and width.

    Raises:
        UserError: Images differ in size, or none can be read; the message names the sizes and one to scale to.
    """
    with quiet(), ThreadPoolExecutor(count_cores()) as pool:
        sizes = [size for size in pool.map(_look, files) if size]
    if not sizes:
        raise UserError(
            f"images must be whole, but none of {len(files)} can be read. Mend them, or correct dataset.path."
        )
    channels = max(size[0] for size in sizes)
    counts = Counter(size[1:] for size in sizes)
    if len(counts) == 1:
        return [channels, *sizes[0][1:]]
    shortest = [min(size[1:]) for size in sizes]
    side = min(USUAL_SIDE, median_low(shortest))
    num_small = sum(MOST_ENLARGED * shorter < side for shorter in shortest)  # they would be refused as icons
    skip = " dataset.broken=skip" if 0 < num_small <= FEW * len(shortest) else ""
    if num_small and not skip:
        side = MOST_ENLARGED * min(shortest)
    without = f", without {num_small:,} that {agree(num_small, 'is', 'are')} too small" if skip else ""
    shown = [f"{width}x{height} ({number:,})" for (height, width), number in counts.most_common(SHOWN)]
    some = ", ".join([*shown, "..."] if len(counts) > SHOWN else shown)
    raise UserError(
        f"dataset.image_shape must be set where images differ in size, but {len(sizes):,} images have {len(counts):,} "
        f"sizes: {some}. Pass dataset.image_shape=[{channels},{side},{side}]{skip} to scale them{without}, or any "
        "other size."
    )


def _look(path: Path) -> Size | None:
    """Returns the size of an image that is turned upright; None for a file that cannot be read."""
    try:
        status = path.stat()
    except (OSError, ValueError):  # ValueError: a path with a zero byte
        return None
    return _read_size(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=100_000)  # every run of a sweep is resolved
def _read_size(path: Path, mtime_ns: int, num_bytes: int) -> Size | None:
    """Reads the header of a file; the other arguments distinguish its versions."""
    from PIL import Image

    try:
        with Image.open(path) as opened:
            channels = 1 if opened.mode in GREY or opened.mode.startswith("I") else 3
            is_turned = opened.getexif().get(ORIENTATION) in TURNED
            width, height = opened.size[::-1] if is_turned else opened.size
    except Exception:  # a decoder may raise anything for a broken file
        return None
    return channels, height, width
