"""Decoding of image files to pixels of one size, by Pillow."""

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
Fit = Literal["crop", "stretch", "pad", "exact"]

BITS_PER_SAMPLE, PHOTOMETRIC, WHITE_IS_ZERO = 258, 262, 0  # tags of a TIFF, and a value
ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
DEPTHS = (8, 10, 12, 14, 16)  # bits of cameras and scanners
GREY = ("1", "L", "LA", "La", "F")
MOST_ENLARGED = 4  # times; a smaller image is an icon


class UnusableImage(Exception):  # noqa: N818 - it is an outcome
    """Says that a file is no image to learn from; the message continues a sentence that begins with its name.

    Args:
        message: What is wrong with it.
        advice: What to pass so that a run can learn from it; empty where nothing helps.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


@contextmanager
def quiet() -> Iterator[None]:
    """Silences Pillow's warnings, which `decode` handles; entered once, around all threads that decode.

    Yields:
        None.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def decode(path: Path, shape: list[int], fit: Fit, bits: int = 16) -> Pixels:
    """Decodes one image: the first frame, turned upright as its EXIF says, 16 bits reduced to 8, transparency black.

    Args:
        path: Path of the file.
        shape: (C, H, W) of the pixels; 3 channels are red, green and blue, 1 is grey (ITU-R 601-2 luma).
        fit: How the image is scaled, with anti-aliasing (bilinear): "crop" keeps the aspect and cuts out the centre,
            "pad" keeps it and adds black, "stretch" does not keep it; "exact": it must have the shape already.
        bits: Bits that grey values of 16 bits use, where the file does not say it.

    Returns:
        Pixels (H, W, C).

    Raises:
        UnusableImage: The file is no image to learn from.
    """
    from PIL import Image, ImageOps  # here, for reports and runs on other data do not need it

    channels, height, width = shape
    try:
        with Image.open(path) as opened:
            if fit != "exact":  # a JPEG is decoded at a fraction of its size, if that is still twice what is wanted
                twice = 2 * max(height, width)
                opened.draft(None, (twice, twice))
            num_channels = 1 if opened.mode in GREY or opened.mode.startswith("I") else 3
            opened.load()
            # In place, for a photograph that is upright already is not to be copied.
            ImageOps.exif_transpose(opened, in_place=True)
            picture = _in_mode(opened, "RGB" if channels == 3 else "L", bits)
    except UnusableImage:
        raise
    except Image.DecompressionBombError:
        raise UnusableImage("has too many pixels to be a photograph") from None  # or was made to fill the memory
    except Exception as error:  # a decoder may raise anything for a broken file
        reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
        reason = reason.replace(f" {str(path)!r}", "").replace(str(path), "the file")
        raise UnusableImage(f"cannot be decoded ({reason})") from None
    if fit == "exact" and picture.size != (width, height):
        raise UnusableImage(f"has {picture.width}x{picture.height} pixels, and not {width}x{height} as in training")
    if min(picture.size) * MOST_ENLARGED < min(height, width):
        raise UnusableImage(
            f"has {picture.width}x{picture.height} pixels, too few for {width}x{height}: its shorter side must have at "
            f"least {-(-min(height, width) // MOST_ENLARGED)}",
            f" (for images of this size pass dataset.image_shape=[{num_channels},{picture.height},{picture.width}])",
        )
    resample = Image.Resampling.BILINEAR
    if fit == "crop":
        picture = ImageOps.fit(picture, (width, height), resample)
    elif fit == "pad":
        picture = ImageOps.pad(picture, (width, height), resample)
    else:
        picture = picture.resize((width, height), resample)
    pixels = np.asarray(picture).reshape(height, width, channels)
    if pixels.min() == pixels.max():
        raise UnusableImage("is of one shade")
    return pixels


def declared_bits(opened: Picture) -> int | None:
    """Returns the bits of a grey value as the tags of a TIFF say it; None where they say 16, or nothing."""
    bits: int = getattr(opened, "tag_v2", {}).get(BITS_PER_SAMPLE, (16,))[0]
    return bits if 8 < bits < 16 else None


def _in_mode(opened: Picture, mode: Literal["RGB", "L"], bits: int) -> Picture:
    """Converts to eight bits a channel. Raises UnusableImage for numbers whose white is unknown."""
    from PIL import Image

    picture = opened
    if picture.mode.startswith("I"):  # 16 bits, which some formats store in 32
        values = np.asarray(picture).astype(np.int64)
        bits = declared_bits(opened) or bits
        if values.min() < 0:
            raise UnusableImage("has negative pixels")
        if values.max() >= 2**bits:
            raise UnusableImage(f"has more than {bits} bits a channel")
        if getattr(opened, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO:
            values = 2**bits - 1 - values  # Pillow does so for eight bits only
        picture = Image.fromarray((values >> (bits - 8)).astype(np.uint8))
    elif picture.mode == "F":
        raise UnusableImage("has floating-point pixels")
    elif picture.mode in ALPHA or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture)
    return picture if picture.mode == mode else picture.convert(mode)
