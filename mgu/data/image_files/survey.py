"""A look at all images before they are decoded: several frames, and how many bits of 16 are used.

Cameras and scanners write 10, 12 or 14 bits into files of 16, where they would be nearly black. A file may say so;
where none does, the largest value of all images decides, for all of them: images must stay comparable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mgu.data.image_files.decode import DEPTHS, declared_bits
from mgu.errors import UserError
from mgu.machine import count_cores

DARK = 64  # of 255: colours of 16 bits below it have used 14 bits at most


class _Header(NamedTuple):
    """Describes a file: its frames, and its largest grey value of 16 bits or largest upper half of such a colour."""

    frames: int = 1
    grey: int | None = None
    colour: int | None = None


class Survey(NamedTuple):
    """Holds what is common to all images.

    Attributes:
        bits: Bits that greys of 16 bits use, where their file does not say it.
        notes: What the user should know.
    """

    bits: int
    notes: list[str]


def survey(files: Sequence[tuple[str, Path]]) -> Survey:
    """Looks at the files, given with the names that messages call them.

    Raises UserError for colours of 16 bits that use few of them, for Pillow reads their upper 8 bits only.
    """
    with ThreadPoolExecutor(count_cores()) as pool:
        headers = list(pool.map(_look, (path for _, path in files)))
    notes = []
    if several := [name for (name, _), header in zip(files, headers, strict=True) if header.frames > 1]:
        notes.append(f"{_count(len(several))} more than one frame, and the first is used: {', '.join(several[:3])}")
    greys = [header.grey for header in headers if header.grey is not None]
    bits = next(depth for depth in DEPTHS if max(greys, default=0) < 2**depth or depth == DEPTHS[-1])
    if greys:
        dark = sum(grey < 2 ** (bits - 3) for grey in greys)
        few = f"; {dark} of them stay below an eighth of it" if dark else ""
        notes.append(
            f"{_count(len(greys))} grey values of 16 bits; the largest is {max(greys)}, so {2**bits - 1} is taken for "
            f"white in all of them{few}"
        )
    _check_colours([header.colour for header in headers if header.colour is not None])
    return Survey(bits, notes)


def _count(number: int) -> str:
    return "1 image has" if number == 1 else f"{number} images have"


def _check_colours(colours: Iterable[int]) -> None:
    """Raises UserError where no colour of 16 bits is bright."""
    largest = list(colours)
    if largest and max(largest) < DARK:
        raise UserError(
            f"colours of 16 bits must use all of them, for their upper 8 bits are read, but the largest of "
            f"{len(largest)} such images is {max(largest)} of 255. Convert them to 8 bits a colour."
        )


def _look(path: Path) -> _Header:
    """Returns the description of a file; a broken one is left to `decode`."""
    from PIL import Image

    try:
        with Image.open(path) as opened:
            is_deep = ";16" in str(opened.tile)
            frames = getattr(opened, "n_frames", 1)
            if opened.mode.startswith("I"):
                return _Header(frames, grey=None if declared_bits(opened) else int(np.asarray(opened).max()))
            if is_deep:
                return _Header(frames, colour=int(np.asarray(opened).max()))
            return _Header(frames)
    except Exception:
        return _Header()
