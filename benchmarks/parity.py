"""Ten seeds trained plainly and fast: can their final accuracies be told apart? Is the first epoch like the others?

    .venv/bin/python benchmarks/parity.py [--seeds 10] [--layout digits_3] [--runs FOLDER]

Runs `mgu-run` over engine=eager,native with the protocol of the digits experiment; a second call goes on where a first
one stopped. Paired over seeds: mean difference with its 95 % interval, t-test and Wilcoxon's test.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from pathlib import Path
from statistics import mean, median
from typing import Any

from filed import check_seeds_to_train, with_filed
from models import configure
from scipy import stats
from side_by_side import save

from mgu.results.on_disk.result_file import read_result
from mgu.results.schema.result import Result

ENGINES = ("eager", "native")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--layout", default="digits_3")
    parser.add_argument("--runs", type=Path, default=Path("runs/parity"))
    options = parser.parse_args()
    check_seeds_to_train("speed", "parity", options.seeds, replaced=lambda row: row["layout"] == options.layout)
    train(options.layout, options.seeds, options.runs)
    files = sorted(options.runs.rglob("result.json"))
    results = {(r.config["engine"], r.seed): (r, file.parent) for file in files if (r := read_result(file))}
    found = compare([[results[engine, seed][0] for seed in range(options.seeds)] for engine in ENGINES])
    for engine in ENGINES:
        firsts = [first_to_later(results[engine, seed][1]) for seed in range(options.seeds)]
        found[f"{engine}_first_epoch_to_later"] = median(firsts)
        print(f"{engine}: the first epoch takes {median(firsts):.2f} times the median of the later ones")
    row = {"layout": options.layout, "seeds": options.seeds} | found
    save("speed", "parity", configure(options.layout), with_filed("speed", "parity", [row], "layout"))


def train(layout: str, seeds: int, runs: Path) -> None:
    """All runs that are not there yet."""
    words = ["+experiment=digits", f"layout={layout}", "mgu=reference", f"seed=range({seeds})", "energy.enabled=false"]
    command = [sys.executable, "-c", "from mgu.cli.main import main; main()", "-m", *words]
    subprocess.run([*command, f"engine={','.join(ENGINES)}", f"runs_dir={runs}"], check=True)


def _percent(result: Result) -> float:
    """Returns the best validation accuracy."""
    assert result.val is not None and result.val.accuracy is not None
    return 100 * result.val.accuracy


def compare(results: list[list[Result]]) -> dict[str, Any]:
    """Best validation accuracies, paired by seed; printed, and as numbers."""
    plain, fast = [[_percent(result) for result in of_engine] for of_engine in results]
    differences = [f - p for f, p in zip(fast, plain, strict=True)]
    t_test = stats.ttest_rel(fast, plain)
    low, high = t_test.confidence_interval()
    wilcoxon = stats.wilcoxon(fast, plain) if any(differences) else None
    for engine, accuracies in zip(ENGINES, (plain, fast), strict=True):
        print(f"{engine}: {mean(accuracies):.2f} %, from {min(accuracies):.2f} to {max(accuracies):.2f} %")
    print(
        f"native - eager: {mean(differences):+.2f} points, 95 % interval {low:+.2f} to {high:+.2f}, {len(plain)} seeds"
    )
    print(f"paired t-test p = {t_test.pvalue:.2f}, Wilcoxon p = {wilcoxon.pvalue if wilcoxon else 1:.2f}")
    times = [median(result.seconds.train for result in of_engine if result.seconds) for of_engine in results]
    print(f"training takes {times[0] / times[1]:.2f} times as long plainly (runs one after another, not in turns)")
    return {
        "accuracies": dict(zip(ENGINES, (plain, fast), strict=True)),
        "difference_points": mean(differences),
        "interval_95_points": [low, high],
        "t_test_p": t_test.pvalue,
        "wilcoxon_p": wilcoxon.pvalue if wilcoxon else 1.0,
    }


def first_to_later(folder: Path) -> float:
    """How many times as long as a later epoch the first one took."""
    with (folder / "history.csv").open() as file:
        seconds = [float(row["train_s"]) for row in csv.DictReader(file)]
    return seconds[0] / median(seconds[1:])


if __name__ == "__main__":
    main()
