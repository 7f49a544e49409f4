"""Data: real digits, MNIST and CIFAR-10 as tensors, and how they are split."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from mgu.config.datasets import NamedImagesConfig
from mgu.data.images import loaders, vision
from mgu.data.images.dataset import ImageDataset
from mgu.data.images.digits import load_digits
from mgu.data.images.vision import load_vision
from mgu.errors import UserError


def load_splits(name: str, root: str, split: str, image_shape: list[int], num_classes: int) -> Any:
    values = {"name": name, "root": root, "split": split, "image_shape": image_shape, "num_classes": num_classes}
    return ImageDataset(NamedImagesConfig.model_validate(values)).splits


def test_digits_are_stratified_and_never_in_two_splits() -> None:
    splits = load_splits("digits", "", "holdout", [1, 8, 8], 10)
    assert splits.test is not None
    parts = [splits.train, splits.val, splits.test]
    assert [len(part) for part in parts] == [1294, 143, 360] and sum(len(part) for part in parts) == 1797
    everyone = torch.cat([part.labels for part in parts]).bincount()
    assert (splits.test.labels.bincount() - everyone / 5).abs().max() < 1
    images = torch.cat([part.pixels for part in parts]).flatten(1)
    assert len(images.unique(dim=0)) == 1797  # all 1,797 digits differ, so none stands in two splits
    inputs, _ = splits.train.batch(torch.arange(5))
    assert inputs.dtype == torch.float32 and inputs.min() == 0 and inputs.max() == 1


def test_the_papers_split_validates_on_the_test_images() -> None:
    paper, holdout = (load_splits("digits", "", split, [1, 8, 8], 10) for split in ("paper", "holdout"))
    assert paper.test is None and holdout.test is not None
    assert torch.equal(paper.val.pixels, holdout.test.pixels)
    assert len(paper.train) == len(holdout.train) + len(holdout.val)


def test_mnist(data_root: str) -> None:
    splits = load_splits("mnist", data_root, "paper", [1, 28, 28], 10)
    assert splits.train.pixels.shape == (60_000, 1, 28, 28) and splits.val.pixels.shape == (10_000, 1, 28, 28)
    assert splits.train.pixels.dtype == torch.uint8 and splits.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert splits.train.pixels.float().mean().item() / 255 == pytest.approx(0.1307, abs=1e-4)


@pytest.mark.slow
def test_cifar10(data_root: str) -> None:
    splits = load_splits("cifar10", data_root, "holdout", [3, 32, 32], 10)
    assert splits.test is not None
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [45_000, 5_000, 10_000]
    assert splits.test.pixels.shape[1:] == (3, 32, 32) and splits.test.labels.bincount().tolist() == [1000] * 10
    channels = splits.train.pixels[:5000].float().mean(dim=(0, 2, 3)) / 255
    torch.testing.assert_close(channels, torch.tensor([0.491, 0.482, 0.447]), rtol=0, atol=0.01)


def test_a_damaged_file_is_not_opened(data_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CIFAR-10 lies in pickles: one whose checksum is wrong must not be trusted, but fetched again."""
    folder = tmp_path / "cifar-10-batches-py"
    shutil.copytree(Path(data_root, folder.name), folder, copy_function=shutil.copyfile)
    trace = tmp_path / "pwned"
    (folder / "data_batch_3").write_bytes(f"cos\nsystem\n(S'touch {trace}'\ntR.".encode())

    def refuse(load: Any, root: Path, train: bool) -> None:
        raise UserError(f"would fetch {load.__name__}")

    monkeypatch.setattr(vision, "download", refuse)
    with pytest.raises(UserError, match="would fetch CIFAR10"):
        load_vision("CIFAR10", tmp_path)
    assert not trace.exists()


def test_an_unknown_data_set_and_a_wrong_shape() -> None:
    with pytest.raises(UserError, match=r"but got 'digit'. Did you mean digits\?"):
        load_splits("digit", "", "paper", [1, 8, 8], 10)
    with pytest.raises(UserError, match=r"image_shape must be that of digits, \[1, 8, 8\]"):
        load_splits("digits", "", "paper", [1, 28, 28], 10)
    with pytest.raises(UserError, match="num_classes must be that of digits, 10, but got 5"):
        load_splits("digits", "", "paper", [1, 8, 8], 5)


def test_a_loader_with_another_white_than_predict_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training would scale by the loader's value and predict by that of the table: another network's answers."""
    monkeypatch.setitem(loaders.LOADERS, "mine", lambda root: load_digits())
    with pytest.raises(
        UserError, match=r"pixel_max of the images of mine must be that of PIXEL_MAX .* 255, but got 16"
    ):
        load_splits("mine", "", "paper", [1, 8, 8], 10)
    monkeypatch.setitem(loaders.PIXEL_MAX, "mine", 16.0)
    assert load_splits("mine", "", "paper", [1, 8, 8], 10).train.pixel_max == 16
