"""Image files as pixels of one size, by Pillow."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Pixels = NDArray[np.uint8]
Fit = Literal["crop", "stretch", "pad"]

ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
MOST_ENLARGED = 4  # times: what is smaller is no picture but an icon of one


class Odd(Exception):  # noqa: N818 - it is an outcome
    """The file is no image to learn from; the message says why, after the file's name."""


@contextmanager
def quiet() -> Iterator[None]:
    """Pillow warns of what `decode` decides on; to be entered once, around all threads that decode."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def decode(path: Path, shape: list[int], fit: Fit) -> Pixels:
    """(H, W, C) of `shape`, which is (C, H, W): 3 channels are red, green and blue, 1 is grey (ITU-R 601-2 luma).

    Turned upright as its EXIF says; 16 bits are cut to 8, transparent parts are black, of several frames it is the
    first. Scaled with anti-aliasing (bilinear), and by `fit`: "crop" keeps the aspect and cuts out the centre, "pad"
    keeps it and adds black, "stretch" does not keep it. Raises Odd.
    """
    from PIL import Image, ImageOps  # here and not above: the report and the plan of other data need none of it

    channels, height, width = shape
    try:
        with Image.open(path) as opened:
            # A JPEG is decoded at a fraction of its size, if that is still twice what is wanted.
            opened.draft(None, (2 * max(height, width),) * 2)
            picture = _in_mode(ImageOps.exif_transpose(opened), "RGB" if channels == 3 else "L")
    except Odd:
        raise
    except Image.DecompressionBombError:
        raise Odd("has too many pixels to be a photograph") from None  # or is made to fill the memory
    except Exception as error:  # whatever a decoder makes of a broken file
        reason = (str(error) or type(error).__name__).splitlines()[0].replace(str(path), "it")
        raise Odd(f"cannot be decoded ({reason})") from None
    if min(picture.size) * MOST_ENLARGED < min(height, width):
        raise Odd(f"has {picture.width}x{picture.height} pixels, too few for {width}x{height}")
    resample = Image.Resampling.BILINEAR
    if fit == "crop":
        picture = ImageOps.fit(picture, (width, height), resample)
    elif fit == "pad":
        picture = ImageOps.pad(picture, (width, height), resample)
    else:
        picture = picture.resize((width, height), resample)
    pixels = np.asarray(picture).reshape(height, width, channels)
    if pixels.min() == pixels.max():
        raise Odd("is of one shade")
    return pixels


def _in_mode(picture: Picture, mode: Literal["RGB", "L"]) -> Picture:
    """Eight bits a channel. Raises Odd for numbers that have no known white."""
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits; a mode of 32 is what some formats give them in
        values = np.asarray(picture).astype(np.int64)
        if values.min() < 0 or values.max() > 0xFFFF:
            raise Odd("has more than 16 bits a channel")
        picture = Image.fromarray((values >> 8).astype(np.uint8))
    elif picture.mode == "F":
        raise Odd("has floating-point pixels")
    elif picture.mode in ALPHA or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture)
    return picture.convert(mode)
