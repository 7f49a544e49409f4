"""What precise batch norm is worth, early and late in training: validation accuracy with and without it, by epoch.

    .venv/bin/python benchmarks/precise_bn.py digits [--parts 0,1,2,3,4,5,6,7,8,9]   # folds of the training images
    .venv/bin/python benchmarks/precise_bn.py mnist [--parts 0,1]                     # seeds
    .venv/bin/python benchmarks/precise_bn.py ranks    # of the digits' grid, from the packed runs of results/claim

Each network is trained once, whose steps precise batch norm does not change, and evaluated in both ways after every
epoch. Validation examples only: test images are not looked at.
"""

from __future__ import annotations

import argparse
import json
import tarfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from filed import RESULTS, file_part, other_rows, provenance
from models import configure
from scipy.stats import kendalltau
from side_by_side import save

from mgu.config.run import RunConfig
from mgu.factory.learner import build_fit_settings, build_learner, build_precise
from mgu.factory.resolved_run import ResolvedRun, resolve
from mgu.results.on_disk.file_names import PACK_FILE
from mgu.train.loop import Callbacks, Fit, evaluate, fit

NETWORKS = {"bn_pre": ("norm=bn_pre",), "lean": ("mgu=lean",)}
WEIGHTS = {"as they are": (), "averaged": ("training.ema=0.99",)}
FOLD = ("dataset=python", "dataset.target=claim_data:digits_fold", f"dataset.folder={Path(__file__).parent}",
        "optimizer.lr=0.01", "training.last_batch=short", "training.epochs=20", "training.patience=20")  # fmt: skip
MNIST = ("dataset=mnist", "dataset.split=holdout", "training.epochs=3")
EXAMPLES = 4096
FOLDS = "0,1,2,3,4,5,6,7,8,9"
RUNGS = (1, 2, 3, 5)  # epochs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=("digits", "mnist", "ranks"))
    parser.add_argument("--parts", default=None, help="folds or seeds (default: 0 to 9 on digits, 0 and 1 on MNIST)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.data == "ranks":
        file_part("precise_bn", "ranks", {"machine": provenance(), "rows": ranks()})
        return
    parts = options.parts or (FOLDS if options.data == "digits" else "0,1")
    if options.data == "digits" and (unknown := set(parts.split(",")) - set(FOLDS.split(","))):
        parser.error(f"--parts must be among the folds {FOLDS}, but got {', '.join(sorted(unknown))}.")
    for part in map(int, parts.split(",")):
        for network, of_network in NETWORKS.items():
            for weights, of_weights in WEIGHTS.items():
                config = configuration(options.data, part, *of_network, *of_weights)
                key = {"network": network, "weights": weights, "part": part}
                rows = other_rows("precise_bn", options.data, partial(_agrees, key))
                rows.append(key | measure(config))
                print(key, rows[-1]["running"][-1], rows[-1]["precise"][-1], flush=True)
                save("precise_bn", options.data, config, rows)


def _agrees(key: dict[str, Any], row: dict[str, Any]) -> bool:
    return key.items() <= row.items()


def ranks() -> list[dict[str, Any]]:
    """How the grid's validation accuracies after few epochs rank beside its test accuracies after 20, by seed."""
    histories = {
        "running": read_grid(RESULTS / "claim" / "digits-better" / PACK_FILE),
        "precise": read_grid(RESULTS / "claim" / "digits-short" / PACK_FILE),
    }
    final = histories["running"].groupby("model")["test"].mean()
    rows = []
    for statistics, runs in histories.items():
        for epoch in RUNGS:
            tau = [
                kendalltau([history[epoch - 1] for history in own["val"]], final[own["model"]]).statistic
                for _, own in runs.groupby("seed")
            ]
            rows.append({"statistics": statistics, "epoch": epoch, "tau": tau, "models": len(final)})
            print(rows[-1]["statistics"], epoch, f"{sum(tau) / len(tau):.2f}")
    return rows


def read_grid(pack: Path) -> pd.DataFrame:
    """Model, seed, validation accuracy by epoch and test accuracy of the baselines in a pack."""
    rows = []
    with tarfile.open(pack) as archive:
        for member in archive.getmembers():
            if not member.name.endswith("/result.json"):
                continue
            result = json.load(archive.extractfile(member))  # type: ignore[arg-type]
            history = archive.extractfile(member.name.replace("result.json", "history.csv"))
            if result["norm"] is None:
                continue
            accuracies = pd.read_csv(history)["val_accuracy"].tolist()  # type: ignore[arg-type]
            model = result["config"]["layout"]["name"], result["norm"], result["residual"]
            test = result["test"]["accuracy"] if result["test"] else 1 / result["num_classes"]
            rows.append({"model": model, "seed": result["seed"], "val": accuracies, "test": test})
    return pd.DataFrame(rows)


def configuration(data: str, part: int, *words: str) -> RunConfig:
    """The configuration of one network: on digits `part` is a fold and the seed, on MNIST the seed."""
    if data == "mnist":
        return configure("mnist_3", *MNIST, f"seed={part}", *words)
    return configure("digits_4", *FOLD, f"+dataset.options.fold={part}", f"seed={part}", *words)


def measure(config: RunConfig) -> dict[str, Any]:
    """Validation accuracies by epoch, with running and with precise statistics, and the seconds of each part."""
    resolved = resolve(config)
    learner = build_learner(resolved)
    precise, seconds = [], {"precise_s": 0.0}

    def on_epoch(so_far: Fit) -> None:
        started = time.process_time()
        precise.append(evaluate_precisely(resolved, learner))
        seconds["precise_s"] += time.process_time() - started

    started = time.process_time()
    outcome = fit(learner, resolved.splits, build_fit_settings(config), callbacks=Callbacks(on_epoch=on_epoch),
                  shuffle=torch.Generator().manual_seed(config.seed))  # fmt: skip
    seconds["cpu_s"] = time.process_time() - started - seconds["precise_s"]
    return {"running": [row["val_accuracy"] for row in outcome.history], "precise": precise, **seconds}


def evaluate_precisely(resolved: ResolvedRun, learner: Any) -> float:
    """Validation accuracy with statistics computed anew; the learner is left as it was."""
    config, splits = resolved.config, resolved.splits
    training = config.training.model_copy(update={"precise_bn": EXAMPLES})
    anew = build_precise(config.model_copy(update={"training": training}), learner.model, splits.train)
    with learner._replace(precise=anew).as_evaluated():
        return evaluate(learner.model, splits.val, learner.task, config.training.eval_batch_size)["accuracy"]


if __name__ == "__main__":
    main()
