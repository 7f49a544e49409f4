"""Searches for a sparse network of at most 60,000 active weights on MNIST, beside the full one that needs no search.

    python benchmarks/density_search.py [--runs runs] [--only-file]

A study of 50 trials chooses by validation images. The test images are looked at once, with five new seeds of what it
found and of the full network 784-75-10. All are trained by PROTOCOL, in which nothing is searched.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from collect import describe, report, train
from filed import ROOT, check_seeds, check_seeds_to_train, file_part

STUDY, PART = "density", "search"
SEARCH, FOUND = "density_search", "density_found"
NUM_TRIALS = 50
MOST_WEIGHTS = 60_000
PROTOCOL = (
    "dataset=mnist", "dataset.split=holdout", "norm=no_norm", "threads=1", "training.epochs=20", "training.patience=20",
    "training.select=last", "training.ema=0.99", "optimizer=adamw", "optimizer.lr=0.003", "optimizer.weight_decay=0.1",
    "schedule=cosine",
)  # fmt: skip
SPACE = ("search=tpe", "space=density", f"space.max_weights={MOST_WEIGHTS}", f"budget.trials={NUM_TRIALS}")
PLAIN = ("layout=density_75",)
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs", help="the runs folder (default: %(default)s)")
    parser.add_argument("--only-file", action="store_true", help="file finished runs, and train none")
    options = parser.parse_args()
    searched, found = options.runs / SEARCH, options.runs / FOUND
    if not options.only_file:
        check_seeds_to_train(STUDY, PART, options.seeds, found)
        train(options.runs, f"experiment_name={SEARCH}", *PROTOCOL, *SPACE, "-m")
        for words in (best_words(searched), PLAIN):
            train(options.runs, f"experiment_name={FOUND}", *PROTOCOL, *words, f"seed={options.seeds}", "-m")
    files = [*searched.glob("*/result.json"), *found.glob("*/result.json")]
    if not files:
        sys.exit(f"{searched} must hold finished runs, but there are none. Leave out --only-file.")
    rows = [network(group) for group in by_model(found)]
    spent_s = sum(row["processor_s"] for row in rows_of(searched))
    command = " ".join(["mgu-run", *PROTOCOL, *SPACE, "-m"])
    counts = {"trials": len(rows_of(searched)), "eligible": len(eligible(searched))}
    content = {**counts, "search_cpu_s": round(spent_s, 1), "rows": rows}
    check_seeds(STUDY, PART, rows)
    file_part(STUDY, PART, {"machine": describe(sorted(files), command), **content})
    for row in rows:
        print(json.dumps(row))


def best_words(searched: Path) -> tuple[str, ...]:
    """Returns the words of the network with the best validation accuracy; of equal ones, that of fewer weights."""
    best = max(eligible(searched), key=lambda row: (row["val_acc"], -row["active_weights"]))
    sizes = (f"layout.{name}={best[f'layout.{name}']}" for name in ("depth", "width", "density"))
    return ("layout=sparse_mlp", *sizes)


def eligible(searched: Path) -> list[Row]:
    """Returns the trials within the limit, which searches with TPE did not always heed."""
    return [row for row in rows_of(searched) if row["active_weights"] <= MOST_WEIGHTS]


def rows_of(folder: Path) -> list[Row]:
    """Returns the rows of a report."""
    (found,) = json.loads(report([folder], "json"))["experiments"]
    rows: list[Row] = found["rows"]
    return rows


def by_model(folder: Path) -> list[list[Row]]:
    """Returns the results of the seeds of each network."""
    models: dict[str, list[Row]] = {}
    for file in sorted(folder.glob("*/result.json")):
        result = json.loads(file.read_text())
        layout = result["config"]["layout"]
        models.setdefault(json.dumps([layout["depth"], layout["width"], layout["density"]]), []).append(result)
    return list(models.values())


def network(results: list[Row]) -> Row:
    """Returns sizes, and means over seeds of what a network reached on the test images."""
    layout = results[0]["config"]["layout"]
    accuracy, loss = ([result["test"][name] for result in results] for name in ("accuracy", "loss"))
    return {
        **{name: layout[name] for name in ("depth", "width", "density")},
        "active_weights": results[0]["active_weights"],
        "test_acc": 100 * mean(accuracy),
        "test_acc_sd": 100 * stdev(accuracy),
        "test_loss": mean(loss),
        "test_loss_sd": stdev(loss),
        "processor_s": mean(result["processor"]["seconds"] for result in results),
        "seeds": sorted(result["seed"] for result in results),
    }


if __name__ == "__main__":
    main()
