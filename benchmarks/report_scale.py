"""Ten thousand result files, a hundred of them torn: how long each form of the report takes, and how much memory.

python benchmarks/report_scale.py [FOLDER] makes them in FOLDER (a temporary one by default) and reports them in
processes of their own: 80 experiments of 24 baselines and a unit with five seeds each, then one of 2,000 models.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NUM_RUNS, NUM_TORN, NUM_SEEDS, NUM_IMAGES = 10_000, 100, 5, 10_000
LAYOUTS = ("[2, 2, 4, inf, 2]", "[3, 3, 2, inf, 2]", "[4, 2, 2, inf, 2]")
NORMS = ("bn_pre", "bn_post", "ln", "no_norm")
FORMS = ("table", "md", "csv", "json", "tex", "html")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        for grids, name in ((True, "80 experiments of 125 runs"), (False, "one experiment of 2,000 models")):
            runs = folder / name.replace(" ", "-").replace(",", "")
            if not runs.exists():
                make_runs(runs, in_grids=grids)
            print(f"{NUM_RUNS:,} runs, {name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
            for form in FORMS:
                print(measure(runs, form))


def measure(runs: Path, form: str) -> str:
    """Wall clock, processor time and peak memory of one report; of the processes so far, the largest is this one's."""
    code = (
        "import resource, sys; from mgu.cli.main import main; main();"
        "usage = resource.getrusage(resource.RUSAGE_SELF); print(usage.ru_maxrss, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "report", str(runs), "--format", form]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall_s = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    *skipped, peak = done.stderr.splitlines()
    assert len(skipped) == NUM_TORN
    size = f"{int(peak) / 1024:,.0f} MB, {len(done.stdout) / 1e6:.1f} MB written"
    return f"{form:>6}: {wall_s:5.1f} s wall clock, {processor_s:5.1f} s processor, {size}"


def make_runs(folder: Path, *, in_grids: bool, num_runs: int = NUM_RUNS) -> None:
    """The first of each experiment is a unit."""
    draw = random.Random(0)
    config = {"dataset": {"num_classes": 10}, "training": {"epochs": 60}, "optimizer": {"lr": 0.01},
              "layout": {"name": "x", "filters": list(range(40))}}  # fmt: skip
    for number in range(num_runs):
        model, seed = divmod(number, NUM_SEEDS)
        place = model % 25 if in_grids else model
        name = f"model_{place}-s{seed}"
        own = folder / f"e{model // 25 if in_grids else 0}" / f"{name}-{number:08x}"
        own.mkdir(parents=True)
        accuracy = min(0.98 + place % 25 / 5000 + draw.gauss(0, 0.002), 1.0)
        result = describe(name, place, seed, accuracy, own.parent.name) | {"config": config | {"seed": seed}}
        bits = bytes(255 if draw.random() < accuracy else 254 for _ in range(NUM_IMAGES // 8))
        (own / "correct.bits").write_bytes(b"%d\n" % NUM_IMAGES + bits)
        rows = "".join(f"{epoch},{accuracy - 0.1 / epoch}\n" for epoch in range(1, 31))
        (own / "history.csv").write_text("epoch,val_accuracy\n" + rows)
        text = json.dumps(result, indent=2)
        is_torn = number % (NUM_RUNS // NUM_TORN) == 0
        (own / "result.json").write_text(text[: len(text) // 2] if is_torn else text)


def describe(name: str, place: int, seed: int, accuracy: float, experiment: str) -> dict[str, object]:
    """The content of a result.json."""
    is_unit = place == 0
    metrics = {"loss": 0.1, "accuracy": accuracy, "precision": accuracy, "recall": accuracy}
    component = {"kwh": 0.001 + place / 1e6, "method": "model"}
    return {
        "schema_version": 2, "status": "ok", "error": None, "name": name, "identity": f"{place:04x}{seed:04x}",
        "experiment_name": experiment, "model": "unit" if is_unit else "baseline", "dataset": "mnist", "split": "paper",
        "layout": LAYOUTS[place % 3], "norm": None if is_unit else NORMS[place % 4],
        "residual": None if is_unit else bool(place % 2), "seed": seed, "params_trainable": 1000 * place + 1,
        "params_keras": 1000 * place + 1, "flops_per_sample": 1, "epochs": 30, "best_epoch": 20, "train": metrics,
        "val": metrics, "test": None,
        "seconds": {"setup": 1.0, "build": 0.1, "train": 100.0 + place, "evaluate": 1.0},
        "energy": {"cpu": component, "gpu": {"kwh": 0.0, "method": "none"}, "ram": component, "cpu_seconds": 100.0,
                   "emissions_kg": 0.001, "country": "ROU", "tracked_s": 100.0},
        "device": "cpu", "versions": {"torch": "2.15.0"}, "git_commit": None,
    }  # fmt: skip


if __name__ == "__main__":
    main()
