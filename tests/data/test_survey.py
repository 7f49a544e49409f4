"""Greys and colours of 16 bits, and files of several frames: one white for all images, and nothing without a word."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from mgu.data.image_files.decode import UnusableImage, decode
from mgu.data.image_files.survey import survey
from mgu.errors import UserError

RAMP = np.arange(256, dtype=np.uint16).reshape(16, 16)


def save(path: Path, values: np.ndarray, **options: Any) -> tuple[str, Path]:
    Image.fromarray(values).save(path, **options)
    return path.name, path


def grey(path: Path, bits: int) -> np.ndarray:
    return decode(path, [1, 16, 16], "crop", bits)[..., 0]


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize(("top", "bits"), [(255, 8), (256, 10), (4095, 12), (4096, 14), (16_383, 14), (20_000, 16)])
def test_white_is_that_of_the_brightest_of_all_images(top: int, bits: int, suffix: str, tmp_path: Path) -> None:
    """Also the darkest is divided by the same number."""
    bright = np.linspace(0, top, 256).astype(np.uint16).reshape(16, 16)
    files = [save(tmp_path / f"{k}.{suffix}", image) for k, image in enumerate((bright, bright // 4))]
    found = survey(files)
    assert found.bits == bits
    assert found.notes[0].startswith(
        f"2 images have grey values of 16 bits; the largest is {top}, so {2**bits - 1} is taken for white in all"
    )
    for (_, path), image in zip(files, (bright, bright // 4), strict=True):
        assert (grey(path, found.bits) == image >> (bits - 8)).all()


def test_white_as_zero_is_turned_and_what_is_no_brightness_refused(tmp_path: Path) -> None:
    _, path = save(tmp_path / "x.tif", RAMP * 257, tiffinfo={262: 0})
    with Image.open(path) as opened:
        assert cast(Any, opened).tag_v2[262] == 0
    assert (grey(path, 16) == 255 - RAMP).all()
    _, path = save(tmp_path / "n.tif", RAMP.astype(np.int32) - 100)
    with pytest.raises(UnusableImage, match="has negative pixels"):
        grey(path, 16)


def test_files_of_eight_bits_say_nothing_and_broken_ones_are_left_to_the_decoder(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    files = [save(tmp_path / "x.png", RAMP.astype(np.uint8)), ("broken.png", tmp_path / "broken.png")]
    assert survey(files).notes == []


def test_frames_behind_the_first_are_named(tmp_path: Path) -> None:
    first = Image.fromarray(RAMP.astype(np.uint8))
    names = [("x.gif", tmp_path / "x.gif"), ("x.tif", tmp_path / "x.tif")]
    for _, path in names:
        first.save(path, save_all=True, append_images=[first.rotate(90)])
    assert survey(names).notes == ["2 images have more than one frame, and the first is used: x.gif, x.tif"]
    assert (grey(tmp_path / "x.tif", 16) == RAMP).all()


def deep_colour(path: Path, top: int) -> tuple[str, Path]:
    """A PNG of three times 16 bits, by hand: Pillow reads it, and writes none."""
    rows = b"".join(b"\0" + (row.repeat(3).astype(np.int64) * top // 255).astype(">u2").tobytes() for row in RAMP)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    return path.name, path


def test_colours_of_16_bits_that_would_be_black_are_refused(tmp_path: Path) -> None:
    assert survey([deep_colour(tmp_path / "bright.png", 65_000)]).notes == []
    with pytest.raises(UserError, match=r"the largest of 1 such images is 15 of 255. Convert them to 8 bits a colour"):
        survey([deep_colour(tmp_path / "dark.png", 4095)])
