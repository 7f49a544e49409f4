"""Kinds of data: what every one of them must answer, with torch and without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mgu.data.datasets import KINDS, find_kind, open_dataset
from mgu.data.images.dataset import ImageDataset
from mgu.data.splits import Splits
from tests.conftest import Configure
from tests.data.test_cases import save_cases
from tests.data.test_recommendations import generate
from tests.data.test_tables import some_rows

EXAMPLES = {"digits": "images", "table": "rows", "cases": "cases", "images": "images", "movielens": "ratings"}


@pytest.fixture
def overrides(tmp_path: Path) -> dict[str, list[str]]:
    """By the name of the data set: a small one of its kind."""
    some_rows().to_csv(tmp_path / "houses.csv", index=False)
    root = tmp_path / "cases"
    root.mkdir()
    return {
        "digits": ["layout=digits_2"],
        "table": ["layout=dense_2", f"dataset.path={tmp_path / 'houses.csv'}", "dataset.target=price"],
        "cases": [
            "layout=digits_2",
            f"dataset.path={save_cases(root)}",
            "dataset.image_shape=[3,16,16]",
            "dataset.class_weights=balanced",
        ],
        "images": ["layout=digits_2", f"dataset.path={root}", "dataset.class_weights=balanced"],
        "movielens": ["layout=dense_2", f"dataset.root={generate(tmp_path)}"],
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_kind_reads_once_and_its_shapes_and_task_fit_its_examples(
    name: str, overrides: dict[str, list[str]], configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MGU_CACHE", str(tmp_path / "cache"))
    config = configure(f"dataset={name}", *overrides[name])
    dataset = open_dataset(config.dataset)
    assert dataset.examples == EXAMPLES[name] and dataset.splits is dataset.splits
    assert isinstance(dataset.splits, Splits)
    inputs, targets = dataset.splits.val.batch(slice(0, 4))
    assert inputs.shape[-len(dataset.shapes.inputs) :] == dataset.shapes.inputs and inputs.dtype == dataset.shapes.dtype
    assert dataset.task.score is config.score
    outputs = torch.zeros(inputs.shape[:2] if name == "movielens" else (len(inputs), dataset.shapes.num_outputs))
    assert dataset.task.loss(outputs, targets).isfinite()


def test_what_has_no_kind_of_its_own_is_a_set_of_images() -> None:
    assert find_kind("digits") is find_kind("anything") is find_kind(None) is ImageDataset
    assert all(find_kind(name) is kind for name, kind in KINDS.items())


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ({"name": "mnist", "num_classes": 10}, 10),
        ({"name": "adult"}, 2),
        ({"name": "cases", "classes": ["a", "b", "c"]}, 3),
        ({"name": "images", "classes": ["a", "b"]}, 2),
        ({"name": "table"}, None),
        ({"name": "movielens"}, None),
        ({}, None),
    ],
)
def test_classes_are_counted_without_reading(values: dict[str, object], count: int | None) -> None:
    assert find_kind(values.get("name")).count_classes(values) == count


def test_the_parent_process_asks_kinds_without_torch(tmp_path: Path) -> None:
    values = {"name": "cases", "path": str(save_cases(tmp_path)), "stages": None, "broken": "refuse"}
    call = f"find_kind('cases').resolve({values})"
    script = f"import sys; from mgu.data.datasets import find_kind; {call}; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
