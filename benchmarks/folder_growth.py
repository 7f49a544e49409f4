"""How the cost of report, plan and the start of a sweep grows with the number of runs in their folder.

    .venv/bin/python benchmarks/folder_growth.py [--sizes 10,100,1000,10000] [--rounds 3]

The folders are those of report_scale.py: experiments of 24 baselines and a unit, five seeds each. A plan and a sweep of
two runs look at all of them for their estimates. A straight line has one cost for every further run; what it is between
the two largest folders is divided by what it is between the two before them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from first_line import run_until
from models import configure
from report_scale import make_runs
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, save

MGU = [sys.executable, "-c", "from mgu.cli.main import main; main()"]
SWEEP = ["dataset=digits", "layout=digits_2", "energy.enabled=false", "seed=0,1"]
STRAIGHT = 1.5  # times the cost of a run in the folder before, at most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10,100,1000,10000")
    add_rounds(parser, default=3)
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    seconds: dict[str, list[list[float]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for size in sizes:
            folder = Path(temporary, str(size))
            make_runs(folder, in_grids=True, num_runs=size)
            for name, values in in_turns(ways(folder), options.rounds, warm_up=1).items():
                seconds.setdefault(name, []).append(values)
    rows = [summarise(name, sizes, values) for name, values in seconds.items()]
    save("speed", "folders", configure("M2"), rows)
    show(rows, sizes)


def ways(folder: Path) -> dict[str, Callable[[], object]]:
    """The commands by name; a sweep is over for us when it says what it is going to train."""
    environment = os.environ | {"MGU_RUNS": str(folder)}

    def call(*arguments: str) -> Callable[[], object]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return lambda: subprocess.run([*MGU, *arguments], env=environment, check=True, **quiet)  # type: ignore[call-overload]

    return {
        "report": call("report"),
        "report --format json": call("report", "--format", "json"),
        "plan": call("plan", *SWEEP),
        "sweep, to its first run": lambda: run_until([*MGU, "-m", *SWEEP], " to train", environment),
    }


def summarise(name: str, sizes: Sequence[int], seconds: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Medians by size, the cost of a further run, and how much larger it is than in the smaller folders."""
    medians = [median(values) for values in seconds]
    costs = [
        max(later - before, 0.0) / (size - smaller)
        for before, later, smaller, size in zip(medians, medians[1:], sizes, sizes[1:], strict=False)
    ]
    return {
        "command": name,
        "runs": list(sizes),
        "median_s": medians,
        "ms_per_run": 1000 * costs[-1],
        "bend": costs[-1] / costs[-2] if len(costs) > 1 and costs[-2] else None,
        "seconds": {str(size): describe(list(values)) for size, values in zip(sizes, seconds, strict=True)},
    }


def show(rows: list[dict[str, Any]], sizes: Sequence[int]) -> None:
    table = Table("command", *(f"{size:,} runs [s]" for size in sizes), "ms a run", "straight")
    for row in rows:
        bend = row["bend"]
        straight = "-" if bend is None else f"{bend:.2f} {'yes' if bend <= STRAIGHT else 'NO'}"
        table.add_row(row["command"], *(f"{s:.2f}" for s in row["median_s"]), f"{row['ms_per_run']:.3f}", straight)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
