"""Path-SGD against SGD on sequences: trains an experiment by ordinary runs, and files what their histories say.

    .venv/bin/python benchmarks/recurrent.py adding [--seeds 0,1,2,3,4] [--runs runs] [--only-file]
    .venv/bin/python benchmarks/recurrent.py sequential_mnist [...]

They start `mgu-run +experiment=NAME -m`, which skips what is finished and continues what was interrupted; with
--only-file they train nothing. Seeds that are filed, and of which there are no runs here, stay. A row is an optimizer,
a learning rate and a model, over its seeds.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from collect import describe as describe_runs
from collect import train
from filed import ROOT, file_part, load_study, together

NOT_IN_CONF = ("sequential_digits", "permuted_mnist", "pixel_mnist")  # they are trained by the commands of the page
EXPERIMENTS = ("adding", "sequential_mnist", *NOT_IN_CONF)
STUDY = "path_sgd"
Row = dict[str, Any]
SOLVED_MSE = 0.01  # of the adding problem, whose sums have a variance of 1/6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=EXPERIMENTS)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs", help="the runs folder (default: %(default)s)")
    parser.add_argument("--only-file", action="store_true", help="file finished runs, and train none")
    options = parser.parse_args()
    words = [f"+experiment={options.what}", "-m", f"seed={options.seeds}"]
    command = " ".join(["mgu-run", *words])
    if options.what in NOT_IN_CONF:
        command = f"python benchmarks/recurrent.py {options.what} --only-file"
        if not options.only_file:
            sys.exit(
                f"{options.what} is no experiment of conf/. Train it by the commands of its page, then --only-file."
            )
    if not options.only_file:
        train(options.runs, *words)
    files = sorted((options.runs / options.what).glob("*/result.json"))
    if not files:
        sys.exit(f"{options.runs / options.what} must hold finished runs, but there are none. Leave out --only-file.")
    filed = load_study(STUDY).get(options.what, {})
    runs = outcomes(files)
    earlier = {label: kept for label, kept in filed_outcomes(filed, runs).items() if kept}
    rows = summarise({label: runs.get(label, []) + earlier.get(label, []) for label in {**runs, **earlier}})
    machine = describe_runs(files, command)
    if earlier:  # they come from folders that are not here
        machine |= together([filed["machine"], machine])
    file_part(STUDY, options.what, {"machine": machine, "rows": rows})
    for row in rows:
        print(json.dumps(row))


def outcomes(files: list[Path]) -> dict[str, list[Row]]:
    """Returns what runs ended with, by model and optimizer; without those that diverged in their first epoch."""
    groups: dict[str, list[Row]] = {}
    for file in files:
        result = json.loads(file.read_text())
        if result["status"] != "failed" and result["val"]:
            groups.setdefault(_label(result), []).append(_outcome(result, file.with_name("history.csv")))
    return groups


def filed_outcomes(filed: dict[str, Any], runs: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Returns what is filed of seeds that `runs` does not have, by model and optimizer."""
    kept = {}
    for row in filed.get("rows", []):
        name, *rest = row["optimizer"].split(" ", 1)
        label = " | ".join([row["model"], name, f"{row['lr']:g}", *rest])
        seeds = {run["seed"] for run in runs.get(label, [])}
        kept[label] = [run for run in row["seeds"] if run["seed"] not in seeds]
    return kept


def summarise(groups: dict[str, list[Row]]) -> list[Row]:
    """Returns a row for each model and optimizer, over its seeds, the best by validation first."""
    rows = [_row(label, sorted(runs, key=lambda run: run["seed"])) for label, runs in groups.items()]
    return sorted(rows, key=lambda row: row["val"], reverse=rows[0]["metric"] == "accuracy")


def _label(result: dict[str, Any]) -> str:
    """Returns what tells a row from others."""
    config = result["config"]
    optimizer, layout = config["optimizer"], config["layout"]["name"]
    words = [layout + " in a unit" * (config["mgu"] is not None), optimizer["name"], f"{optimizer['lr']:g}"]
    if optimizer["name"] == "path_sgd":
        words += [f"kappa {optimizer['kappa']}, floor {optimizer['floor']:g}"]
    return " | ".join(words)


def _outcome(result: dict[str, Any], history: Path) -> dict[str, Any]:
    """Returns the scores of one run, and the first step after which it was solved; None: never."""
    is_sum = "rmse" in result["val"]
    with history.open() as file:
        epochs = list(csv.DictReader(file))
    sizes = result["config"]["training"]["batch_size"]
    steps = -(-_num_training(result) // sizes)
    solved = [int(row["epoch"]) * steps for row in epochs if float(row["val_loss"]) < SOLVED_MSE] if is_sum else []
    return {
        "seed": result["seed"],
        "status": result["status"],
        "metric": "mse" if is_sum else "accuracy",
        "val": _score(result["val"], is_sum),
        "test": _score(result["test"], is_sum),
        "steps": len(epochs) * steps,
        "solved_after": solved[0] if solved else None,
        "cpu_s": result["energy"]["cpu_seconds"] if result["energy"] else None,
        "kwh": sum(result["energy"][part]["kwh"] for part in ("cpu", "ram")) if result["energy"] else None,
    }


def _score(metrics: dict[str, Any] | None, is_sum: bool) -> float | None:
    """Returns the mean squared error or the accuracy; None for a split that there is not."""
    if metrics is None:
        return None
    return float(metrics["rmse"] ** 2 if is_sum else metrics["accuracy"])


def _num_training(result: dict[str, Any]) -> int:
    """Returns the number of training examples."""
    dataset = result["config"]["dataset"]
    known = {"mnist": 54_000, "digits": 1_437}
    return int(dataset["num_train"]) if dataset["name"] == "adding" else known[dataset["name"]]


def _row(label: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    model, optimizer, lr, *rest = label.split(" | ")
    tests = [run["test"] for run in runs if run["test"] is not None]
    return {
        "model": model,
        "optimizer": " ".join([optimizer, *rest]),
        "lr": float(lr),
        "metric": runs[0]["metric"],
        "val": mean(run["val"] for run in runs),
        "test": mean(tests) if tests else None,
        "test_std": stdev(tests) if len(tests) > 1 else None,
        "solved": sum(run["solved_after"] is not None for run in runs),
        "seeds": runs,
    }


if __name__ == "__main__":
    main()
