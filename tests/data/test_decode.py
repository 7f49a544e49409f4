"""Image files as pixels: how they are fitted, turned and converted, and which are no images to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mgu.data.image_files.decode import UnusableImage, decode, quiet

STRIPES = np.zeros((30, 90, 3), np.uint8)  # red, green, blue, from left to right
for stripe in range(3):
    STRIPES[:, 30 * stripe : 30 * stripe + 30, stripe] = 255
NOISE = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)


def decoded(tmp_path: Path, image: Image.Image, shape: tuple[int, int, int] = (3, 16, 16), name: str = "x.png",
            fit: Any = "crop", **options: Any) -> Any:  # fmt: skip
    image.save(tmp_path / name, **options)
    with quiet():
        return decode(tmp_path / name, list(shape), fit)


def test_an_image_is_fitted_as_configured(tmp_path: Path) -> None:
    image, shape = Image.fromarray(STRIPES), (3, 30, 30)
    assert (decoded(tmp_path, image, shape) == STRIPES[:, 30:60]).all()
    padded = decoded(tmp_path, image, shape, fit="pad")
    assert (
        not padded[:9].any() and not padded[21:].any() and (padded[15, [0, 15, 29]].argmax(axis=1) == [0, 1, 2]).all()
    )
    stretched = decoded(tmp_path, image, shape, fit="stretch")
    assert (stretched[[0, 15, 29]][:, [3, 15, 26]] == 255 * np.eye(3)).all()


def test_an_image_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter to the right: what was left is above
    upright = decoded(tmp_path, Image.fromarray(STRIPES), (3, 90, 30), name="x.jpg", exif=exif, quality=95)
    assert (upright[[15, 45, 75], 15].argmax(axis=1) == [0, 1, 2]).all()


def test_every_kind_of_pixels_becomes_eight_bits_of_colour_or_grey(tmp_path: Path) -> None:
    colour, grey = Image.fromarray(NOISE), Image.fromarray(NOISE[..., 0])
    assert (decoded(tmp_path, colour) == NOISE).all()
    assert (decoded(tmp_path, grey) == NOISE[..., :1]).all()
    luma = NOISE @ [0.299, 0.587, 0.114]
    assert np.abs(decoded(tmp_path, colour, (1, 16, 16))[..., 0] - luma).max() <= 1
    deep = (NOISE[..., 0].astype(np.uint16) << 8) + 77
    assert (decoded(tmp_path, Image.fromarray(deep)) == NOISE[..., :1]).all()
    opacity = np.tile(np.repeat([0, 255], 8), (16, 1)).astype(np.uint8)
    blended = decoded(tmp_path, Image.fromarray(np.dstack([NOISE, opacity])))
    assert not blended[:, :8].any() and (blended[:, 8:] == NOISE[:, 8:]).all()
    few = colour.quantize(16)
    assert (decoded(tmp_path, few) == np.asarray(few.convert("RGB"))).all()
    inks = Image.fromarray(np.dstack([NOISE, np.zeros((16, 16), np.uint8)]), "CMYK")
    assert np.abs(decoded(tmp_path, inks, name="x.tif").astype(int) - (255 - NOISE.astype(int))).max() <= 1
    assert (decoded(tmp_path, Image.fromarray(NOISE[..., 0] > 127))[..., 2] == 255 * (NOISE[..., 0] > 127)).all()


def test_a_large_jpeg_is_about_what_a_full_decoder_makes_of_it(tmp_path: Path) -> None:
    """It is decoded at a fraction of its size."""
    smooth = Image.fromarray(NOISE).resize((800, 600), Image.Resampling.BICUBIC)
    quick = decoded(tmp_path, smooth, (3, 30, 30), name="x.jpg", quality=95)
    exact = decoded(tmp_path, smooth, (3, 30, 30))
    assert np.abs(quick.astype(int) - exact).max() < 12 and np.abs(quick.astype(int) - exact).mean() < 2


def test_odd_images_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    big = Image.fromarray(NOISE).resize((200, 200))
    big.save(tmp_path / "torn.jpg")
    torn = (tmp_path / "torn.jpg").read_bytes()
    (tmp_path / "torn.jpg").write_bytes(torn[: len(torn) // 2])
    with quiet(), pytest.raises(UnusableImage, match=r"cannot be decoded \(image file is truncated"):
        decode(tmp_path / "torn.jpg", [3, 16, 16], "crop")
    with quiet(), pytest.raises(UnusableImage, match="cannot be decoded"):
        decode(tmp_path / "nothing.jpg", [3, 16, 16], "crop")
    with pytest.raises(UnusableImage, match="has 3x200 pixels, too few for 16x16"):
        decoded(tmp_path, big.resize((3, 200)))
    with pytest.raises(UnusableImage, match="is of one shade"):
        decoded(tmp_path, Image.new("RGB", (50, 50), (7, 7, 7)))
    with pytest.raises(UnusableImage, match="has floating-point pixels"):
        decoded(tmp_path, Image.fromarray(np.random.rand(20, 20).astype(np.float32)), name="x.tif")
    with pytest.raises(UnusableImage, match="has more than 16 bits a channel"):
        decoded(tmp_path, Image.fromarray(np.array([[0, 70_000]] * 20, np.int32)), (3, 2, 2), name="x.tif")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(UnusableImage, match="has too many pixels to be a photograph"):
        decoded(tmp_path, big)


def test_the_size_of_a_photograph_that_must_fit_exactly_is_that_of_its_file(tmp_path: Path) -> None:
    """A JPEG was decoded at an eighth of its size first, and that was told."""
    photograph = Image.fromarray(np.tile(NOISE, (8, 16, 1)))
    with pytest.raises(UnusableImage, match=r"has 256x128 pixels, and not 8x8 as in training"):
        decoded(tmp_path, photograph, (3, 8, 8), "x.jpg", fit="exact")
