"""What the models of the claim cost on a machine that does nothing else: each trained for some epochs, in turns.

    python benchmarks/claim_costs.py mnist-better [--rounds 2] [--epochs 1]

The study's own runs shared a machine with other work, unequally so, and two threads of a core slow each other down:
their processor time is up to 1.7 times as long as alone, and a ratio of such times is none. So what a run cost is
computed as its epochs times the processor time of an epoch, and what comes once, as measured here by this build.
Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
from claim import DESIGNS, GRID, RECIPES, UNIT, Design, names_of, run
from collect import describe
from filed import file_part
from rich.console import Console
from rich.table import Table

import mgu

EPOCHS = {"digits": 20, "adult": 5, "table": 50, "mnist": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=[f"{data}-{recipe}" for data in DESIGNS for recipe in RECIPES])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--epochs", type=int)
    options = parser.parse_args()
    data, recipe = options.study.split("-")
    words = (*RECIPES[recipe], *stop_after(options.epochs or EPOCHS[data]), "energy.enabled=false")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            train(DESIGNS[data], f"round-{number}", Path(folder), words)
        rows = summarise([mgu.load_runs(own) for own in sorted(Path(folder).glob("round-*"))])
        machine = describe(sorted(Path(folder).rglob("result.json")), f"claim_costs.py {options.study}")
    file_part("claim", f"{options.study}-costs", {"machine": machine, "rows": rows})
    show(rows)


def stop_after(epochs: int) -> tuple[str, ...]:
    """Words for so many epochs, whatever comes of them."""
    return f"training.epochs={epochs}", f"training.patience={epochs}"


def train(design: Design, name: str, runs: Path, words: tuple[str, ...]) -> None:
    """Trains every model once, one after the other."""
    if "dataset=table" in design.words:
        from claim_data import write_table

        write_table(runs / "breast_cancer.csv")
    own = [word for word in design.words if not word.startswith(("dataset.fold=", "training.epochs=", "training.pat"))]
    own += ["dataset.fold=0"] * ("dataset.folds=5" in design.words)
    for model in ((f"layout={design.layouts[-1]}", *UNIT), (f"layout={','.join(design.layouts)}", *GRID)):
        run(name, runs, "1", *own, *words, *model, "seed=0")


def summarise(rounds: list[pd.DataFrame]) -> list[dict[str, Any]]:
    """Medians over the rounds: processor seconds of an epoch, and of all that comes once."""
    runs = pd.concat(rounds)
    runs["model"] = names_of(runs)
    runs["epoch_s"] = runs["load.phases.train.processor_s"] / runs.epochs
    runs["once_s"] = runs["processor.seconds"] - runs["load.phases.train.processor_s"]
    runs["wall_to_processor"] = runs["processor.wall_s"] / runs["processor.seconds"]
    names = ["epoch_s", "once_s", "wall_to_processor"]
    return [
        {"model": model, "rounds": len(own), **{name: median(own[name]) for name in names}}
        for model, own in runs.groupby("model")
    ]


def show(rows: list[dict[str, Any]]) -> None:
    table = Table("model", "an epoch [processor s]", "once [processor s]", "wall clock / processor time", "rounds")
    for row in rows:
        numbers = (f"{row['epoch_s']:.3f}", f"{row['once_s']:.3f}", f"{row['wall_to_processor']:.2f}")
        table.add_row(row["model"], *numbers, str(row["rounds"]))
    Console(width=120).print(table)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
