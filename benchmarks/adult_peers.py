"""UCI Adult by what is usually taken for tables, on the rows that `mgu-run +experiment=adult` has, seeds 0, 1, 2.

    .venv/bin/python benchmarks/adult_peers.py

Gradient boosting is scikit-learn's with its own settings, categories as such. The MLP is that of Gorishniy et al. 2021
(arXiv:2106.11959) as their package rtdl_revisiting_models shows it: two layers of 384, ReLU, dropout 0.1, AdamW at 3e-4
with weight decay 1e-5, batches of 256, numbers through quantiles to a normal distribution. It goes through our `fit`.
Both stop by the validation rows of our runs, and are tested once, on the official test rows.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pandas as pd
import torch
from models import configure
from side_by_side import save
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer
from torch import nn

from mgu.data.splits import Splits, hold_out
from mgu.data.tables.adult import CLASSES, TARGET, load_adult
from mgu.data.tables.rows import Rows
from mgu.tasks.classification import Classification
from mgu.train.learner import Learner
from mgu.train.loop import FitSettings, evaluate, fit
from mgu.train.schedules import StepwiseSchedule

SEEDS = (0, 1, 2)
Accuracies = dict[str, float]


def main() -> None:
    torch.set_num_threads(1)
    parts = read_parts(Path(os.environ.get("MGU_DATA", "~/.cache/mgu")).expanduser())
    rows = []
    for name, train in {"HistGradientBoosting": train_boosting, "MLP of rtdl": train_mlp}.items():
        found = [train(parts, seed) for seed in SEEDS]
        rows.append({"model": name, "seeds": found})
        texts = []
        for part in ("val", "test"):
            values = [100 * accuracies[part] for accuracies in found]
            texts.append(f"{part} {mean(values):.2f} +- {stdev(values):.2f} %")
        print(f"{name}: {', '.join(texts)} ({len(SEEDS)} seeds)", flush=True)
    save("adult", "peers", configure("M2"), rows)


def read_parts(root: Path) -> dict[str, pd.DataFrame]:
    """Training, validation and test rows, as dataset.split=holdout has them."""
    train, test = load_adult(root)
    rest, held_out = (index.numpy() for index in hold_out(len(train), len(train) // 10))
    return {"train": train.iloc[rest], "val": train.iloc[held_out], "test": test}


def train_boosting(parts: dict[str, pd.DataFrame], seed: int) -> Accuracies:
    """Rounds until ten in a row do not help on validation rows, a thousand at most."""
    names = parts["train"].drop(columns=TARGET).select_dtypes(exclude="number").columns
    kinds = {name: pd.CategoricalDtype(sorted(parts["train"][name].dropna().unique())) for name in names}
    inputs = {part: frame.drop(columns=TARGET).astype(kinds) for part, frame in parts.items()}
    targets = {part: (frame[TARGET] == CLASSES[1]).to_numpy() for part, frame in parts.items()}
    model = HistGradientBoostingClassifier(max_iter=1000, early_stopping=True, random_state=seed)
    model.fit(inputs["train"], targets["train"], X_val=inputs["val"], y_val=targets["val"])
    return {part: float(model.score(inputs[part], targets[part])) for part in ("val", "test")}


def train_mlp(parts: dict[str, pd.DataFrame], seed: int) -> Accuracies:
    """Until 16 epochs in a row do not help on validation rows; its best weights."""
    splits = encode(parts)
    torch.manual_seed(seed)
    sizes = [splits.train.batch(slice(1))[0].shape[1], 384, 384]
    hidden = [(nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.1)) for a, b in pairwise(sizes)]
    model = nn.Sequential(*(layer for block in hidden for layer in block), nn.Linear(384, 2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=1e-5)
    shuffle, task = torch.Generator().manual_seed(seed), Classification(2)
    learner = Learner(model, task, optimizer, StepwiseSchedule(optimizer, lambda step: 1.0))
    settings = FitSettings(epochs=200, batch_size=256, eval_batch_size=8096, patience=16)
    outcome = fit(learner, splits, settings, shuffle=shuffle)
    assert outcome.best_weights and splits.test
    model.load_state_dict(outcome.best_weights)
    return {part: evaluate(model, getattr(splits, part), task, 8096)["accuracy"] for part in ("val", "test")}


def encode(parts: dict[str, pd.DataFrame]) -> Splits:
    """Numbers by quantiles of training rows, with the noise that keeps ties from being one jump; categories one-hot."""
    numbers = parts["train"].drop(columns=TARGET).select_dtypes("number").columns
    names = [column for column in parts["train"].columns if column not in {*numbers, TARGET}]
    quantiles = QuantileTransformer(
        n_quantiles=len(parts["train"]) // 30, output_distribution="normal", subsample=10**9
    )
    encoder = ColumnTransformer(
        [("numbers", quantiles, numbers), ("names", OneHotEncoder(handle_unknown="ignore", sparse_output=False), names)]
    )
    frames = {part: frame.fillna(dict.fromkeys(names, "?")).astype(dict.fromkeys(numbers, "float64"))
              for part, frame in parts.items()}  # fmt: skip
    noise = np.random.default_rng(0).normal(0.0, 1e-5, (len(parts["train"]), len(numbers)))
    noisy = frames["train"].copy()
    noisy[numbers] += noise
    encoder.fit(noisy)
    rows = {
        part: Rows(
            torch.tensor(encoder.transform(frame), dtype=torch.float32),
            torch.tensor((frame[TARGET] == CLASSES[1]).to_numpy(dtype=np.int64)),
        )
        for part, frame in frames.items()
    }
    return Splits(rows["train"], rows["val"], rows["test"])


if __name__ == "__main__":
    main()
