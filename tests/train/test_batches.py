"""Batches of an epoch: a tiny last one is a noisy step right before validation, and must not decide the best epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from mgu.train.batches import split_into_batches
from tests.conftest import Configure


def passengers(folder: Path) -> Path:
    """891 rows, of which 642 are for training: two more than ten batches of 64."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame({
        "class": random.integers(1, 4, 891),
        "sex": random.choice(["m", "f"], 891),
        "fare": 30 * np.exp(random.standard_normal(891)),
        "siblings": random.poisson(0.4, 891),
    })  # fmt: skip
    logit = 2.5 * (frame["sex"] == "f") - 0.8 * frame["class"] + 0.01 * frame["fare"] - 0.3 * frame["siblings"] + 0.3
    frame["survived"] = np.where(random.random(891) < 1 / (1 + np.exp(-logit)), "yes", "no")
    frame.to_csv(folder / "passengers.csv", index=False)
    return folder / "passengers.csv"


@pytest.mark.parametrize(("examples", "batch_size"), [(642, 64), (641, 64), (640, 64), (65, 64), (63, 64), (1, 64)])
def test_even_batches_have_all_examples_in_as_many_steps(examples: int, batch_size: int) -> None:
    order = torch.randperm(examples)
    even, short = (split_into_batches(order, batch_size, is_even) for is_even in (True, False))
    sizes = [len(part) for part in even]
    assert torch.equal(torch.cat(list(even)), order) and len(even) == len(short)
    assert max(sizes) <= batch_size and max(sizes) - min(sizes) <= 1


def test_a_table_is_trained_on_even_batches_at_its_own_rate(configure: Configure, tmp_path: Path) -> None:
    """With the two rows that are left as a batch of their own, validation falls by a third again and again."""
    own = ["dataset=table", f"dataset.path={passengers(tmp_path)}", "dataset.target=survived"]
    words = [*own, "layout=dense_2", "norm=ln", "training.epochs=30", "training.patience=40", "threads=1"]
    config = configure(*words)
    assert (config.optimizer.lr, config.training.last_batch) == (0.001, "even")
    accuracies = {}
    for last_batch in ("even", "short"):
        chosen = configure(*words, f"training.last_batch={last_batch}")
        run_folder(chosen).mkdir(parents=True)
        assert run(chosen).status == "ok"
        accuracies[last_batch] = pd.read_csv(run_folder(chosen) / "history.csv")["val_accuracy"][4:]
    assert accuracies["even"].min() > 0.68
    assert accuracies["short"].min() < 0.62
    assert accuracies["even"].std() < 0.6 * accuracies["short"].std()


@pytest.mark.parametrize(
    ("words", "lr", "last_batch"),
    [
        (["dataset=mnist", "layout=mnist_2"], 0.01, "short"),
        (["dataset=adult", "layout=dense_2"], 0.001, "even"),
        (["dataset=adult", "layout=dense_2", "optimizer.lr=0.01", "training.last_batch=short"], 0.01, "short"),
    ],
)
def test_rate_and_last_batch_depend_on_the_kind_of_data(
    words: list[str], lr: float, last_batch: str, configure: Configure
) -> None:
    config = configure(*words)
    assert (config.optimizer.lr, config.training.last_batch) == (lr, last_batch)
