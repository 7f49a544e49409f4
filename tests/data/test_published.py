"""Published sets of images: files that are damaged, swapped, missing or unreadable are told, and never learned from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mgu.data.images import vision
from mgu.data.images.images import Images
from mgu.data.images.vision import check_published, load_vision
from mgu.errors import UserError


@pytest.fixture
def raw(data_root: str, tmp_path: Path) -> Path:
    """A copy of the files of MNIST, which may be damaged."""
    folder = tmp_path / "MNIST" / "raw"
    shutil.copytree(Path(data_root, "MNIST", "raw"), folder, copy_function=shutil.copyfile)
    return folder


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


TRAIN, TEST = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"
DAMAGE: list[Callable[[Path], object]] = [
    lambda raw: flip(raw / TEST),
    lambda raw: flip(raw / "t10k-labels-idx1-ubyte"),
    lambda raw: (raw / TEST).write_bytes(b""),
    lambda raw: (raw / TEST).write_bytes((raw / TEST).read_bytes()[:-1000]),
    lambda raw: (raw / TEST).write_bytes(b"\x00\x00\x0d\x03" + (raw / TEST).read_bytes()[4:]),
    lambda raw: shutil.copyfile(raw / TEST, raw / TRAIN),
    lambda raw: shutil.copyfile(raw / "t10k-labels-idx1-ubyte", raw / "train-labels-idx1-ubyte"),
    lambda raw: shutil.copyfile(raw / TEST, raw / "t10k-labels-idx1-ubyte"),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_is_not_the_published_one_is_refused(damage: Callable[[Path], object], raw: Path) -> None:
    damage(raw)
    with pytest.raises(
        UserError, match=r"MNIST must be as its authors publish it, but a file of the t.*Remove it"
    ) as e:
        load_vision("MNIST", raw.parents[1])
    assert len(str(e.value).splitlines()) == 1


def test_what_cannot_be_read_is_told_from_what_is_missing(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(load: Any, root: Path, train: bool) -> None:
        raise UserError(f"would fetch {load.__name__}")

    monkeypatch.setattr(vision, "download", refuse)
    (raw / TEST).unlink()
    with pytest.raises(UserError, match="would fetch MNIST"):
        load_vision("MNIST", raw.parents[1])

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(raw / TEST))

    monkeypatch.setattr(vision, "_find_or_download", deny)
    with pytest.raises(UserError, match=rf"MNIST must be readable, but .*{TEST} is not \(Permission denied\)"):
        load_vision("MNIST", raw.parents[1])


def test_fashion_is_neither_mnist_nor_incomplete(data_root: str) -> None:
    train, test = load_vision("MNIST", Path(data_root))
    for images, is_train in ((train, True), (test, False)):
        with pytest.raises(ValueError, match="it is of MNIST"):
            check_published("FashionMNIST", images, is_train)
    labels = torch.arange(10).repeat(1000)
    clothes = Images(torch.zeros(10_000, 1, 2, 2, dtype=torch.uint8), labels)
    check_published("FashionMNIST", clothes, train=False)
    for wrong in (Images(clothes.pixels, labels.clamp(max=8)), Images(clothes.pixels[1:], labels)):
        with pytest.raises(ValueError, match="there must be 1000 images of each of ten classes"):
            check_published("FashionMNIST", wrong, train=False)
