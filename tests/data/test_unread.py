"""What is known of published sets without libraries that take long to import, and without reading them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mgu.config.datasets import NamedImagesConfig
from mgu.data.images.digits import NUM_TEST, load_digits, split_stratified
from mgu.data.images.published import PUBLISHED, count_published
from tests.conftest import Configure


def test_the_digits_are_those_of_scikit_learn_and_so_is_their_split() -> None:
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    theirs = datasets.load_digits()
    indices = train_test_split(range(1797), test_size=0.2, random_state=0, stratify=theirs.target)
    for ours, index in zip(load_digits(), indices, strict=True):
        assert torch.equal(ours.pixels[:, 0], torch.from_numpy(theirs.images[index]).to(torch.uint8))
        assert ours.labels.tolist() == theirs.target[index].tolist()


@pytest.mark.parametrize("seed", range(5))
def test_the_split_is_scikit_learns_whatever_the_classes(seed: int) -> None:
    from sklearn.model_selection import train_test_split

    labels = np.sort(np.random.default_rng(seed).integers(0, 7, 301))
    ours = split_stratified(labels, 60)
    theirs = train_test_split(np.arange(301), test_size=60, random_state=0, stratify=labels)
    assert [part.tolist() for part in ours] == [part.tolist() for part in theirs]


def test_the_published_numbers_are_those_of_the_digits() -> None:
    train, test = load_digits()
    assert len(test) == NUM_TEST
    assert (len(train), list(train.pixels.shape[1:])) == PUBLISHED["digits"][:2]


@pytest.fixture
def mnist(tmp_path: Path, configure: Configure) -> NamedImagesConfig:
    for name, size in PUBLISHED["mnist"].files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    config = configure("dataset=mnist", "layout=mnist_2", f"dataset.root={tmp_path}").dataset
    assert isinstance(config, NamedImagesConfig)
    return config


def test_files_are_counted_by_their_sizes(mnist: NamedImagesConfig) -> None:
    assert count_published(mnist) == 60_000
    assert count_published(mnist.model_copy(update={"split": "holdout"})) == 54_000


def test_what_is_not_as_published_must_be_read(mnist: NamedImagesConfig) -> None:
    assert count_published(mnist.model_copy(update={"num_classes": 9})) is None
    assert count_published(mnist.model_copy(update={"name": "unknown"})) is None
    file = Path(mnist.root, "MNIST", "raw", "t10k-labels-idx1-ubyte")
    file.write_bytes(b"torn")
    assert count_published(mnist) is None
    file.unlink()
    assert count_published(mnist) is None


@pytest.mark.slow
def test_a_run_on_digits_imports_no_library_that_it_does_not_need() -> None:
    heavy = "{'sklearn', 'torchvision', 'torch._dynamo', 'sympy', 'triton', 'scipy'}"
    script = f"""
import sys, torch
import mgu.run.preload, mgu.run.preload_run
from mgu.data.images.digits import load_digits
from mgu.train.optimizers import build_optimizer
from mgu.config.optimizers import NadamConfig
load_digits()
layer = torch.nn.Linear(2, 2)
values = dict(name="nadam", lr=0.1, beta1=0.9, beta2=0.999, eps=1e-7, momentum_decay=0.004)
optimizer = build_optimizer(NadamConfig(**values), layer.parameters())
layer(torch.ones(1, 2)).sum().backward()
optimizer.step(); optimizer.zero_grad(); optimizer.state_dict()
print(*{heavy} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
