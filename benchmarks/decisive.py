"""What makes gates decide, and what each means costs: digits [3, 0, 1, inf, 2], on test images that chose nothing.

    .venv/bin/python benchmarks/decisive.py [--seeds 0,1,2] [--epochs 24] [--threads 1] [--only free,settling]

Every unit is trained with nothing but the means varied, and then robbed of its gates in three ways, without training:
the mean of each of their channels over the training images takes their place; the same, rounded; one rounded mean for
the whole gate. The last of these networks is trained anew for as many epochs, its learning rate from the start.
"""

from __future__ import annotations

import argparse
import copy
import math
from functools import partial
from statistics import mean
from typing import Any

import torch
from cells import kept
from filed import check_seeds_to_train, with_filed
from models import configure
from names import names_among
from rich.console import Console
from rich.table import Table
from side_by_side import save

from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.splits import Splits
from mgu.factory.learner import build_fit_settings, build_learner, build_optimizer, build_schedule
from mgu.factory.resolved_run import resolve
from mgu.prune.choose import score_on
from mgu.prune.fix_gates import std_within_channels, summarise
from mgu.prune.network import Network, prune
from mgu.train.gate_penalty import GatePenalty
from mgu.train.learner import Learner
from mgu.train.loop import fit

# With 21 batches an epoch, running statistics of momentum 0.01 trail behind what gates do to the norms' inputs.
LAYOUT = ("dataset=digits", "dataset.split=holdout", "mgu=reference", "mgu.bn_momentum=0.1")
MEANS = {
    "free": (),
    "penalty gate": ("weight=1",),
    "penalty channel": ("weight=1", "over=channel"),
    "penalty element": ("weight=1", "over=element"),
    "temperature": ("gates=settling", "over=element"),
    "settling": ("gates=settling",),
    "settling to 0.1": ("gates=settling", "temperature=0.1"),
    "settling channel": ("gates=settling", "over=channel"),
    "settling and penalty": ("gates=settling", "weight=1"),
}
COLUMNS = ("trained", "channel means", "rounded by channel", "rounded whole", "fine-tuned", "spread")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", type=partial(names_among, MEANS), default=",".join(MEANS))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    names = options.only.split(",")
    check_seeds_to_train("decisive", "decisive", options.seeds, replaced=lambda row: row["means"] in names)
    rows: list[dict[str, Any]] = []
    for name in names:
        words = (f"training.epochs={options.epochs}", *(f"mgu.decisive.{value}" for value in MEANS[name]))
        for seed in map(int, options.seeds.split(",")):
            config = configure("digits_3", *LAYOUT, *words, f"seed={seed}")
            rows.append({"means": name, "seed": seed, **measure(config)})
            print(rows[-1], flush=True)
            all_rows = with_filed("decisive", "decisive", rows, "means", "seed")
            save("decisive", "decisive", config, all_rows)
    show(all_rows)


def measure(config: RunConfig) -> dict[str, Any]:
    """Test accuracies [%] of one unit and of what is made of it; the mean spread of its gates within a channel."""
    splits = open_dataset(config.dataset).splits
    test = splits.test
    assert test is not None
    unit = train(config, splits)
    summaries = summarise(unit, splits.train)
    channels = {place: torch.tensor(each.channels.mean, dtype=torch.float64) for place, each in summaries.items()}
    whole = copy.deepcopy(prune(unit, {place: float(means.mean().round()) for place, means in channels.items()}))
    row = {
        "trained": unit,
        "channel means": prune(unit, {**channels}),
        "rounded by channel": prune(unit, {place: means.round() for place, means in channels.items()}),
        "rounded whole": whole,
    }
    scores = {name: 100 * score_on(model, test) for name, model in row.items()}
    scores["fine-tuned"] = 100 * score_on(train(config, splits, whole), test)
    return scores | {"spread": mean(map(std_within_channels, summaries.values()))}


def train(config: RunConfig, splits: Splits, model: Network | None = None) -> Network:
    """A new unit as configured, or `model`, with the weights of its best epoch; there is no early stopping."""
    learner = build_learner(resolve(config))
    optimizer = learner.optimizer if model is None else build_optimizer(config, model)
    schedule = build_schedule(config, optimizer, len(splits.train))
    assert config.mgu is not None
    decisive, epochs = config.mgu.decisive, config.training.epochs
    steps = epochs * math.ceil(len(splits.train) / config.training.batch_size)
    is_decisive = model is None and decisive.is_on
    penalty = GatePenalty(learner.model, decisive, steps) if is_decisive else None
    trained = learner.model if model is None else model
    assert isinstance(trained, Network)
    settings = build_fit_settings(config, decisive.first_decided_epoch(epochs) if is_decisive else 1)
    outcome = fit(
        Learner(trained, learner.task, optimizer, schedule),
        splits,
        settings._replace(patience=epochs),
        shuffle=torch.Generator().manual_seed(config.seed),
        penalty=penalty,
    )
    assert outcome.best_weights is not None
    trained.load_state_dict(outcome.best_weights)
    trained.eval()
    return trained


def show(rows: list[dict[str, Any]]) -> None:
    """One line a means, seeds beside each other."""
    table = Table(
        title="test accuracy [%] by seed; spread: a gate's standard deviation within a channel",
        caption=kept(rows) or None,
    )
    table.add_column("means")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for name in dict.fromkeys(row["means"] for row in rows):
        ours = [row for row in rows if row["means"] == name]
        cells = [", ".join(f"{row[column]:.{2 if column == 'spread' else 1}f}" for row in ours) for column in COLUMNS]
        table.add_row(name, *cells)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
