"""Data from a function of the user's: every form it may return, every mistake that is told, and what is recorded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_matrix
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

import mgu
from mgu.cli.overrides import as_option
from mgu.config.python import PythonDatasetConfig
from mgu.data.datasets import open_dataset
from mgu.data.images.images import Images
from mgu.data.python import load as loading
from mgu.data.python.check import check_inputs, check_targets, find_task
from mgu.data.python.load import Loaded, load_data
from mgu.data.python.tensors import read_parts
from mgu.data.splits import Data
from mgu.errors import UserError
from mgu.train.order import draw_order
from mgu.user_code.source import find_source
from tests.conftest import Configure

ROWS, CLASSES = torch.randn(40, 3), torch.arange(40) % 4


class Pairs:
    """A map-style data set that is no torch class."""

    def __init__(self, inputs: Any, targets: Any) -> None:
        self.inputs, self.targets = inputs, targets

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.inputs[index], self.targets[index]


def loaded(returned: Any, monkeypatch: pytest.MonkeyPatch, **values: Any) -> Loaded:
    """What becomes of what a function returned."""
    monkeypatch.setattr(loading, "find_target", lambda *_: lambda: returned)
    return load_data({"target": "my:load", "options": {}, "folder": None, "sha256": "0"} | values)


PAIR = (ROWS, CLASSES)
FORMS: dict[str, Any] = {
    "dict": {"train": PAIR},
    "pair": PAIR,
    "lists": [ROWS.tolist(), CLASSES.tolist()],
    "numpy": {"train": (ROWS.numpy(), CLASSES.numpy())},
    "pandas": (pd.DataFrame(ROWS.numpy()), pd.Series(CLASSES.numpy())),
    "column of targets": (ROWS, CLASSES[:, None]),
    "tensor data set": TensorDataset(ROWS, CLASSES),
    "data set": {"train": Pairs(ROWS, CLASSES)},
    "data set of arrays": {"train": Pairs(ROWS.numpy(), CLASSES.tolist())},
    "null parts": {"train": PAIR, "val": None, "test": None},
    "double precision": (ROWS.double(), CLASSES.int()),
    "nullable": (pd.DataFrame(ROWS.numpy()).astype("Float64"), pd.Series(CLASSES.numpy()).astype("Int64")),
    "a mask that hides nothing": (np.ma.masked_greater(ROWS.numpy(), 100), CLASSES),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_data(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = loaded(FORMS[form], monkeypatch)
    assert (data.task, data.num_classes, data.input_shape) == ("classification", 4, (3,))
    assert (len(data.splits.train), len(data.splits.val), data.splits.test) == (36, 4, None)
    expected = loaded(PAIR, monkeypatch).splits.train.batch(slice(None))
    inputs, targets = data.splits.train.batch(slice(None))
    assert torch.equal(inputs, expected[0]) and torch.equal(targets, expected[1])
    assert inputs.dtype == torch.float32 and targets.dtype == torch.int64


def test_truth_values_beside_numbers_are_numbers() -> None:
    """pandas makes an array of objects of both."""
    for kind in ("bool", "boolean"):
        frame = pd.DataFrame(ROWS.numpy()).assign(is_odd=pd.Series(CLASSES.numpy() % 2 == 1).astype(kind))
        inputs = read_parts((frame, CLASSES), "my:load")["train"].inputs
        assert torch.equal(inputs.float(), torch.column_stack([ROWS, CLASSES % 2]))


class Doubled(TensorDataset):
    def __getitem__(self, index: int) -> tuple[torch.Tensor, ...]:
        inputs, targets = super().__getitem__(index)
        return 2 * inputs, 3 - targets


def test_a_tensor_data_set_that_transforms_its_examples_is_read_example_by_example() -> None:
    part = read_parts({"train": Doubled(ROWS, CLASSES)}, "my:load")["train"]
    assert torch.equal(part.inputs, 2 * ROWS) and torch.equal(part.targets, 3 - CLASSES)


@pytest.mark.parametrize(
    "whole",
    [
        {"train": PAIR, "val": PAIR, "test": PAIR},
        (PAIR, PAIR, PAIR),
        mgu.Splits(PAIR, PAIR, PAIR),  # type: ignore[arg-type]
        mgu.Splits(Images(torch.ones(40, 1, 1, 3), CLASSES), PAIR, None),  # type: ignore[arg-type]
    ],
)
def test_parts_that_are_given_are_kept(whole: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = read_parts(whole, "my:load")
    assert list(parts)[:2] == ["train", "val"] and all(len(part.inputs) == 40 for part in parts.values())


def test_absent_test_data_are_taken_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    splits = loaded(PAIR, monkeypatch, split="holdout").splits
    assert splits.test and [len(part) for part in (splits.train, splits.val, splits.test)] == [29, 3, 8]
    assert len(splits.notes) == 2
    with pytest.raises(UserError, match="must be holdout where the function gives test data"):
        loaded({"train": PAIR, "test": PAIR}, monkeypatch, split="paper")


def test_bytes_in_one_part_and_numbers_in_another_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.randint(0, 256, (40, 3, 4, 5), dtype=torch.uint8)
    for other in (images.float(), images.long()):
        with pytest.raises(UserError, match=r"inputs in test of .* must be bytes \(uint8\) if and only if"):
            loaded({"train": (images, CLASSES), "test": (other, CLASSES)}, monkeypatch)


def test_images_of_bytes_stay_bytes_and_are_scaled_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.randint(0, 256, (40, 3, 4, 5), dtype=torch.uint8)
    scaled, floats = (loaded((own, CLASSES), monkeypatch).splits.train for own in (images, images / 255))
    assert isinstance(scaled, Images) and scaled.pixels.dtype == torch.uint8
    for data in (scaled, floats):
        inputs, _ = data.to(torch.device("cpu")).batch(torch.tensor([3, 1]))
        assert inputs.is_contiguous(memory_format=torch.channels_last) and 0.9 < float(inputs.max()) <= 1
        assert inputs.shape == (2, 3, 4, 5)
    assert torch.equal(scaled.batch(slice(None))[0], floats.batch(slice(None))[0])


def test_quantities_are_standardised_by_the_training_data(monkeypatch: pytest.MonkeyPatch) -> None:
    prices = torch.linspace(100, 200, 40)
    data = loaded({"train": (ROWS, prices), "val": (ROWS, prices + 50)}, monkeypatch)
    assert data.task == "regression" and data.num_classes is None
    train, val = (part.batch(slice(None))[1] for part in (data.splits.train, data.splits.val))
    assert float(train.mean()) == pytest.approx(0, abs=1e-5) and float(train.std(correction=0)) == pytest.approx(1)
    torch.testing.assert_close(val * data.target_std + data.target_mean, prices + 50)
    assert loaded((ROWS, CLASSES), monkeypatch, task="regression").num_classes is None


@pytest.mark.parametrize("kind", [torch.float64, torch.int64])
def test_large_quantities_that_are_close_keep_their_differences(
    kind: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = torch.arange(40)
    returned = (ROWS, near + 1_700_000_000)
    data = loaded((returned[0], returned[1].to(kind)), monkeypatch, task="regression")
    targets = data.splits.train.batch(slice(None))[1]
    assert targets.dtype == torch.float32 and len(targets.unique()) == len(targets)
    whole = targets.double() * data.target_std + data.target_mean - 1_700_000_000
    torch.testing.assert_close(whole, whole.round(), rtol=0, atol=1e-4)


def test_whole_numbers_that_rounding_would_change_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    near = torch.arange(40) + 2**60  # float64 has every 256th of them
    message = r"whole numbers up to 2\^53, .* 1\.15e\+18, and rounded to multiples of 256, .* Subtract"
    with pytest.raises(UserError, match=message):
        loaded((ROWS, near), monkeypatch, task="regression")
    times = torch.arange(40) * 86_400_000_000_000 + 2**60  # days in nanoseconds
    assert loaded((ROWS, times), monkeypatch, task="regression").task == "regression"


def with_nan() -> torch.Tensor:
    rows = ROWS.clone()
    rows[7, 1] = torch.nan
    return rows


def nullable_with_a_gap() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS.numpy()).astype("Float64")
    frame.iloc[7, 1] = pd.NA
    return frame


class Unsized(Dataset[Any]):
    def __getitem__(self, index: int) -> Any:
        return ROWS[index], CLASSES[index]


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter(zip(ROWS, CLASSES, strict=True))


MASKED = np.ma.masked_less(ROWS.numpy(), ROWS.numpy().min() + 1e-6)
WRONG: list[tuple[Any, str]] = [
    ((MASKED, CLASSES), r"inputs in train .* must have all of their values, but 1 of 120 is masked\. Leave"),
    ((list(MASKED), CLASSES), r"1 of 120 is masked\. Leave these examples out, or fill in numbers, as by \.filled"),
    (
        (ROWS, np.ma.masked_equal(CLASSES.numpy(), 3)),
        r"targets in train .* 10 of 40 are masked\. Leave these examples out\.$",
    ),
    ((nullable_with_a_gap(), CLASSES), r"1 of 40 examples have NaN or infinity, the first at index 7"),
    ((csr_matrix(ROWS.numpy()), CLASSES), r"must be a dense array, but are a csr_matrix\. .* \.toarray\(\)"),
    ((ROWS.to_sparse(), CLASSES), r"must be a dense tensor, but are torch\.sparse_coo\. Return \.to_dense\(\)"),
    (Unsized(), r"my:load returns Unsized\. It has no __len__: write one"),
    ({"train": Stream()}, r"train of my:load .* is Stream\. It has no __len__: .* zip\(\*data\)"),
    (list[Any](cast(Any, Pairs(ROWS, CLASSES))), r"returns a list of 40\. Of pairs make tensors"),
    (DataLoader(TensorDataset(ROWS, CLASSES)), r"returns DataLoader\. Return the data set that it loads"),
    ({"train": PAIR, "test": (ROWS, None)}, r"test of my:load must have inputs and targets, but its targets are None"),
    ((pd.DataFrame({"a": ["x", 1.0] * 20}), CLASSES), r"must be numbers, but are words, such as 'x'\. Encode them"),
    ((ROWS, np.array([1, None] * 20)), r"must be numbers, but 20 of 40 are missing \(None\)\. Leave"),
    (None, r"must return a dict of train, val and test .*, but my:load returns NoneType"),
    ((PAIR, PAIR), r"must return a dict .*returns a tuple of 2"),
    ({"training": PAIR}, r"returns 'training' among them\. Rename"),
    ({"val": PAIR}, r"must return training data"),
    ({"train": (ROWS,)}, r"train of my:load must be a tuple of inputs and targets, but is a tuple of 1"),
    ((ROWS, CLASSES[:-1]), r"a target for each input, but has inputs of shape \(40, 3\) and targets of shape \(39,\)"),
    ((ROWS[:, 0], CLASSES), r"must be \(N, features\) or \(N, C, H, W\), but have shape \(40,\)\. Add an axis"),
    ((with_nan(), CLASSES), r"1 of 40 examples have NaN or infinity, the first at index 7"),
    ((ROWS, torch.full((40,), torch.inf)), r"targets in train .* 40 of 40 examples have NaN or infinity"),
    ((ROWS, torch.ones(40)), r"targets in train .* must differ, but all are 1"),
    ((ROWS, CLASSES + 1), r"must be 0 to K - 1, each with an example, but are 1, 2, 3, 4\. Number them"),
    ((ROWS, torch.zeros(40, dtype=torch.long)), r"at least two, but there is one"),
    ((ROWS, torch.eye(40)), r"shape \(40, 40\)\. Of one-hot rows return targets.argmax\(1\)\."),
    ((ROWS, np.array(["cat", "dog"] * 20)), r"targets in train .* must be numbers, but are <U3\. Number them"),
    ((torch.rand(40, 28, 28, 1), CLASSES), r"look like \(N, H, W, C\): \(40, 28, 28, 1\)\. Move the axis"),
    ({"train": PAIR, "val": (ROWS[:, :2], CLASSES)}, r"val of my:load must have the shape of those in train, \(3,\)"),
    ({"train": PAIR, "test": (ROWS, CLASSES + 1)}, r"classes in test .* 0 to 3, but one is 4"),
    ((ROWS[:8], CLASSES[:8]), r"at least 10 examples to take validation data from, but has 8"),
    (Pairs([ROWS[0], ROWS[0, :2]], [0, 1]), r"must have one shape, but have \(3,\) and \(2,\)"),
    (Pairs(ROWS, []), r"its data set is empty"),
]


@pytest.mark.parametrize(("returned", "message"), WRONG)
def test_what_cannot_be_learned_from_is_told(returned: Any, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=message):
        loaded(returned, monkeypatch)


def test_pil_images_are_told_how_to_become_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    with pytest.raises(UserError, match=r"transform=torchvision.transforms.PILToTensor\(\)"):
        loaded(Pairs([Image.new("L", (2, 2))] * 2, [0, 1]), monkeypatch)


def test_classes_that_are_asked_for_must_be_whole_numbers() -> None:
    parts = read_parts((ROWS, torch.rand(40)), "my:load")
    with pytest.raises(UserError, match=r"Convert them, as by targets\.long"):
        find_task(parts, "classification", "my:load")
    assert check_inputs(parts, "m:f")["train"].shape == (40, 3)
    assert check_targets(parts, "regression", "m:f")["train"].dtype == torch.float64


SOURCE = """
import torch

def load(number=40, kinds=4):
    return {"train": (torch.arange(number * 3.0).view(-1, 3), torch.arange(number) % kinds)}

def unequal(as_images=False):
    targets = torch.tensor([0] * 90 + [1] * 10)
    inputs = torch.zeros(100, 1, 8, 8, dtype=torch.uint8) if as_images else torch.zeros(100, 3)
    return {"train": (inputs, targets), "val": (inputs[85:], targets[85:])}

def quantities():
    return {"train": (torch.randn(40, 3), torch.randn(40))}

def fails():
    return [][0]
"""
Own = Callable[..., PythonDatasetConfig]


@pytest.fixture
def own(tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Own:
    """Configures the function in a module of the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own_rows", raising=False)
    (tmp_path / "own_rows.py").write_text(SOURCE)

    def make(*words: str, target: str = "own_rows:load") -> PythonDatasetConfig:
        run = configure("dataset=python", f"dataset.target={target}", "layout=dense_2", *words)
        assert isinstance(run.dataset, PythonDatasetConfig)
        return run.dataset

    return make


def test_what_is_found_is_recorded_without_importing_the_module_here(own: Own, tmp_path: Path) -> None:
    config = own()
    assert "own_rows" not in sys.modules
    assert (config.task, config.num_classes, config.input_shape, config.split) == ("classification", 4, [3], "paper")
    assert config.folder == str(tmp_path) and config.sha256 == find_source("t", "own_rows:load").sha256
    dataset = open_dataset(config)
    assert dataset.shapes.inputs == (3,) and dataset.shapes.num_outputs == 4
    train: Data = dataset.splits.train
    assert len(train) == 36


def test_the_identity_follows_the_source_and_the_options_but_not_the_folder(
    own: Own, configure: Configure, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    words = ("dataset=python", "dataset.target=own_rows:load", "layout=dense_2")
    first = configure(*words)
    assert configure(*words, "++dataset.options.kinds=2").identity != first.identity
    at_once = configure(*words, as_option("dataset.options={kinds:2}"))
    assert at_once.identity == configure(*words, as_option("dataset.options.kinds=2")).identity
    assert configure(*words, "++dataset.options.kinds=2").dataset.label != first.dataset.label
    moved = tmp_path_factory.mktemp("moved")
    (moved / "own_rows.py").write_text(SOURCE)
    monkeypatch.chdir(moved)
    assert configure(*words).identity == first.identity
    (moved / "own_rows.py").write_text(SOURCE + "# edited\n")
    assert configure(*words).identity != first.identity


@pytest.mark.parametrize(
    ("words", "target", "message"),
    [
        (
            (),
            "own_rows:fails",
            r"own_rows.py:16 \(`return \[\]\[0\]`\) raised IndexError: list index out of range\. Correct",
        ),
        ((), "own_rows:laod", r"Did you mean own_rows:load\?"),
        ((), "own_rows", r"dataset\.target must be an import path as my_pkg:load"),
        (("++dataset.options.nmber=3",), "own_rows:load", r"but got nmber\. Did you mean number\?"),
        (("dataset.sha256=aa",), "own_rows:load", r"dataset\.sha256 must be left out"),
        (("dataset.num_classes=3",), "own_rows:load", r"dataset\.num_classes must be left out"),
        *(
            ((f"dataset.{key}=balanced",), "own_rows:quantities", rf"dataset\.{key}=balanced must go with classes, but")
            for key in ("sampling", "class_weights")
        ),
        (("layout=digits_2",), "own_rows:load", r"must be images \(N, C, H, W\) for layout=digits_2"),
    ],
)
def test_mistakes_are_told_before_anything_starts(words: tuple[str, ...], target: str, message: str, own: Own) -> None:
    with pytest.raises(UserError, match=message):
        own(*words, target=target)


@pytest.mark.parametrize("form", ["false", "true"])
def test_classes_of_unequal_size_are_weighted_or_drawn_evenly(form: str, own: Own) -> None:
    words = (f"++dataset.options.as_images={form}",)
    weighted = open_dataset(own(*words, "dataset.class_weights=balanced", target="own_rows:unequal"))
    assert weighted.task.class_weights.tolist() == pytest.approx([100 / 180, 100 / 20])  # type: ignore[attr-defined]
    config = own(*words, "dataset.sampling=balanced", target="own_rows:unequal")
    train, shuffle = open_dataset(config).splits.train, torch.Generator().manual_seed(0)
    drawn = torch.cat([train.labels[draw_order(train, config.sampling, shuffle)] for _ in range(20)])  # type: ignore[attr-defined]
    assert 0.44 < drawn.float().mean() < 0.56  # 5 standard deviations of a half
    assert open_dataset(own(*words, target="own_rows:unequal")).task.class_weights is None  # type: ignore[attr-defined]
