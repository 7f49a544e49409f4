"""Searches at equal cost: strategies on recorded runs of the digits, and the seconds that an ask takes.

    python benchmarks/search.py train runs/search           # the digits' grid and lean, five seeds; resumes
    python benchmarks/search.py replay runs/search          # 1,000 studies a strategy (GP 100) on these
    python benchmarks/search.py asks

Runs are trained one after the other, since their seconds are the searches' clock. What is filed is what
`mgu-run report --searches` says, with the time that the command for the strategy took.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

from collect import describe
from filed import file_part
from models import configure
from side_by_side import save

from mgu.search.parameters.bounds import Float
from mgu.search.parameters.choices import Categorical
from mgu.search.propose import propose
from mgu.search.space import Space
from mgu.search.strategies import build_strategy
from mgu.search.strategy import Cost, Trial

EXPERIMENT = "digits"
WORDS = ("dataset=digits", "dataset.split=holdout", "training.epochs=20", "training.patience=20", "threads=1",
         "training.ema=0.99", "training.label_smoothing=0.1", "training.select=last")  # fmt: skip
LAYOUTS, SEEDS = ("digits_2", "digits_3", "digits_4"), 5
GRID = (f"layout={','.join(LAYOUTS)}", "norm=bn_pre,bn_post,ln,no_norm", "residual=with,without")
STUDIES = {"random": 1000, "qmc": 1000, "tpe": 1000, "gp": 100, "nsga2": 1000, "gbfs": 1000, "na2c": 1000,
           "reinforce": 1000}  # fmt: skip
TIMES_UNIT = 4
NUM_TOLD = 200  # trials before the ask that is timed
PROTOCOL = Space(
    "protocol",
    (Float("lr", 1e-4, 1e-1, log=True), Float("decay", 1e-6, 1e-2, log=True), Float("dropout", 0.0, 0.6),
     Categorical("batch_size", (16, 32, 64, 128))),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("train", "replay", "asks"))
    parser.add_argument("runs", type=Path, nargs="?", default=Path("runs/search"))
    options = parser.parse_args()
    if options.stage == "train":
        seeds = "seed=" + ",".join(map(str, range(SEEDS)))
        for model in ((f"layout={LAYOUTS[-1]}", "mgu=lean"), GRID):
            start(options.runs, *WORDS, *model, seeds)
    elif options.stage == "replay":
        file_part("search", "replay", replay(options.runs))
    else:
        save("search", "asks", configure("M2"), [time_asks(name) for name in STUDIES])


def start(runs: Path, *words: str) -> str:
    """Calls mgu-run for the experiment in the folder of the runs, and returns what it prints."""
    command = [sys.executable, "-m", "mgu", f"experiment_name={EXPERIMENT}", f"runs_dir={runs}", *words, "-m"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ).stdout


def replay(runs: Path) -> dict[str, Any]:
    """Replays all strategies anew, and returns the report's rows with the seconds of each command."""
    if not list((runs / EXPERIMENT).glob("*/result.json")):
        sys.exit(f"{runs} must hold finished runs of {EXPERIMENT}, but has none. Call search.py train {runs}.")
    took: dict[str, float] = {}
    shutil.rmtree(runs / EXPERIMENT / "search", ignore_errors=True)
    for name, studies in STUDIES.items():
        search = (f"search={name}", "space=grid", f"budget.times_unit={TIMES_UNIT}", "search.replay=true")
        begun = time.perf_counter()
        start(runs, *WORDS, *GRID, *search, f"search.studies={studies}")
        took[f"{name} on grid, replayed"] = time.perf_counter() - begun
        print(f"{name}: {took[f'{name} on grid, replayed']:.1f} s", flush=True)
    words = [sys.executable, "-m", "mgu", "report", str(runs / EXPERIMENT), "--searches"]
    rows = list(csv.DictReader(io.StringIO(subprocess.run(words, check=True, capture_output=True, text=True).stdout)))
    results = sorted((runs / EXPERIMENT).rglob("result.json"))
    machine = describe(results, "python benchmarks/search.py replay")
    return {"machine": machine, "rows": [read(row) | {"command_s": took.get(row["strategy"])} for row in rows]}


def read(row: dict[str, str]) -> dict[str, Any]:
    """Returns a row of the report with numbers; None where there is none."""
    names = ("strategy", "experiment", "dataset", "split")
    return {key: text if key in names else float(text) if text else None for key, text in row.items()}


def time_asks(name: str) -> dict[str, Any]:
    """Tells a strategy 200 trials one by one, and returns the processor seconds of its last ten asks."""
    strategy, chance = build_strategy(name, PROTOCOL, 0, {}), Random(0)
    trials, tried, seconds = list[Trial](), dict[Any, None](), list[float]()
    for number in range(NUM_TOLD):
        begun = time.process_time()
        proposal = propose(strategy, PROTOCOL, 0, trials, tried)
        seconds.append(time.process_time() - begun)
        assert proposal
        tried[PROTOCOL.key(proposal.point)] = None
        known: dict[str, Any] = {"cost": Cost(1.0), "ended": number, "after": number}
        trials.append(Trial(number, proposal.point, "told", chance.random(), **known))
    return {"strategy": name, "trials": NUM_TOLD, "ask_s": fmean(seconds[-10:]), "all_s": sum(seconds)}


if __name__ == "__main__":
    main()
