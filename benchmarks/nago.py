"""Generated networks (NAGO) on the digits against the grid of 24 baselines, both for the processor time of the grid.

    python benchmarks/nago.py [--runs runs] [--only-file]
    python benchmarks/nago.py --precise    # all of them evaluated by statistics of batch norms that are computed anew

The grid is trained with ten seeds, and ten studies of each strategy get the mean processor time of one grid. Whoever
searches picks the best by validation images; what is compared is its accuracy on test images.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pandas as pd
from collect import describe, train
from filed import ROOT, file_part
from scipy.stats import ttest_ind

import mgu
from mgu.report.searches.load import load_curves
from mgu.results.runs.searches import Searches

SEEDS = ",".join(map(str, range(10)))
STRATEGIES = ("bohb", "random")
RECIPE = ("dataset=digits", "dataset.split=holdout", "training.epochs=20", "training.patience=20", "threads=1",
          "training.ema=0.99", "training.label_smoothing=0.1", "training.select=last")  # fmt: skip
PRECISE = "training.precise_bn=4096"
GRID = ("layout=digits_2,digits_3,digits_4", "norm=bn_pre,bn_post,ln,no_norm", "residual=with,without", f"seed={SEEDS}")
SPACE = ("space=nago", "nago=tiny", f"search.seed={SEEDS}")
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs", help="the runs folder (default: %(default)s)")
    parser.add_argument("--only-file", action="store_true", help="file finished runs, and train none")
    parser.add_argument("--precise", action="store_true", help="with precise batch norm")
    options = parser.parse_args()
    part, recipe = ("nago_precise", (*RECIPE, PRECISE)) if options.precise else ("nago", RECIPE)
    grids, searches = (options.runs / f"{part}_{kind}" for kind in ("grid", "search"))
    if not options.only_file:
        train_in(grids, *recipe, *GRID)
    if not list(grids.glob("*/result.json")):
        sys.exit(f"{grids} must hold finished runs, but there are none. Leave out --only-file.")
    grid = grid_searches(grids)
    budget_s = round(mean(grid["seconds"]), 1)
    if not options.only_file:
        for name in STRATEGIES:
            train_in(searches, *recipe, f"search={name}", *SPACE, f"budget.cpu_seconds={budget_s}")
    rows = [summarise("grid", grid, grid), *(summarise(name, found(searches, name), grid) for name in STRATEGIES)]
    files = [*grids.glob("*/result.json"), *searches.glob("*/result.json")]
    command = f"python benchmarks/nago.py{' --precise' * options.precise}"
    file_part("search", part, {"machine": describe(sorted(files), command), "rows": rows})
    for row in rows:
        print(json.dumps(row))


def train_in(folder: Path, *words: str) -> None:
    """Trains what is not finished yet in the folder of an experiment."""
    train(folder.parent, f"experiment_name={folder.name}", *words, "-m")


def grid_searches(folder: Path) -> pd.DataFrame:
    """Returns for each seed what the best of the grid by validation has on test images, and what the grid cost."""
    runs = mgu.load_runs(folder)
    best = runs.loc[runs.groupby("seed")["val.accuracy"].idxmax()]
    cost_s = runs.groupby("seed")["processor.seconds"].sum()
    trials = runs.groupby("seed").size()
    return pd.DataFrame(
        {
            "test": 100 * best["test.accuracy"].to_numpy(),
            "params": best["params_trainable"].to_numpy(),
            "seconds": cost_s.to_numpy(),
            "trials": trials.to_numpy(),
        }
    )


def found(folder: Path, strategy: str) -> pd.DataFrame:
    """Returns for each study what its best by validation has on test images, and what the study cost."""
    curves, unreadable = load_curves([Searches(folder)], "digits", "holdout")
    assert not unreadable, unreadable
    rows = []
    for curve in (curve for curve in curves if curve.strategy == strategy):
        (history,) = folder.glob(f"search/{strategy}-*-s{curve.seed}-*/history.jsonl")
        last = curve.steps[-1]
        assert last.test is not None, f"{strategy}, seed {curve.seed}: its best has not been tested"
        spent_s = processor_seconds(history)
        rows.append({"test": 100 * last.test, "params": last.params, "seconds": spent_s, "trials": curve.trials})
    return pd.DataFrame(rows)


def processor_seconds(history: Path) -> float:
    """Returns the processor time of all trials of a study, that of a trial which ended after the budget included.

    It is that of the study's own events, for a run may have been continued by another study, which pays for the rest.
    """
    events = map(json.loads, history.read_text().splitlines())
    return float(sum(event["cost"]["cpu_seconds"] for event in events if event.get("cost")))


def summarise(name: str, own: pd.DataFrame, grid: pd.DataFrame) -> Row:
    """Returns means over studies, and whether the test accuracies differ from those of the grid (Welch's t)."""
    return {
        "strategy": name,
        "studies": len(own),
        "trials": mean(own["trials"]),
        "test": mean(own["test"]),
        "test_sd": stdev(own["test"]),
        "params": mean(own["params"]),
        "p_grid": None if own is grid else float(ttest_ind(own["test"], grid["test"], equal_var=False).pvalue),
        "cpu_s": mean(own["seconds"]),
    }


if __name__ == "__main__":
    main()
