"""How the cost of report, plan and the start of a sweep grows with the number of runs in their folder.

    .venv/bin/python benchmarks/folder_growth.py [--sizes 10,100,1000,10000] [--rounds 3]

The folders are those of report_scale.py: experiments of 24 baselines and a unit, five seeds each. A plan and a sweep of
two runs look at all of them for their estimates. A straight line has one cost for every further run; what it is between
the two largest folders that were measured by one call is divided by what it is between the two before them. Other sizes
that are filed stay.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from cells import kept
from filed import rows_to_keep, with_filed
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
    filed = {row["command"]: row for row in rows_to_keep("speed", "folders")}
    rows = []
    for name, lists in seconds.items():
        measured = {size: describe(own) for size, own in zip(sizes, lists, strict=True)}
        rows.append(summarise(name, kept_sizes(filed.get(name)) | measured))
    rows = with_filed("speed", "folders", rows, "command")
    save("speed", "folders", configure("M2"), rows)
    show(rows)


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


def kept_sizes(row: dict[str, Any] | None) -> dict[int, dict[str, Any]]:
    """The times of a filed row by the size of the folder, each with the commit and the date of its measurement."""
    own = {"measured": row["measured"]} if row and "measured" in row else {}
    return {int(size): own | times for size, times in row["seconds"].items()} if row else {}


def summarise(name: str, seconds: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Medians by size, the cost of a further run, and how much larger it is than in the smaller folders."""
    sizes = sorted(seconds)
    medians = [seconds[size]["median_s"] for size in sizes]
    together = [seconds[smaller].get("measured") == seconds[size].get("measured") for smaller, size in pairwise(sizes)]
    costs = [
        max(medians[k + 1] - medians[k], 0.0) / (sizes[k + 1] - sizes[k]) if is_of_one else None
        for k, is_of_one in enumerate(together)
    ]  # by the folder before; a difference between two builds is no cost
    last = max((k for k, cost in enumerate(costs) if cost is not None), default=None)
    cost, before = (None, None) if last is None else (costs[last], costs[last - 1] if last else None)
    return {
        "command": name,
        "runs": sizes,
        "median_s": medians,
        "ms_per_run": None if cost is None else 1000 * cost,
        "bend": cost / before if cost is not None and before else None,
        "seconds": {str(size): seconds[size] for size in sizes},
    }


def show(rows: list[dict[str, Any]]) -> None:
    sizes = sorted({size for row in rows for size in row["runs"]})
    table = Table(
        "command", *(f"{size:,} runs [s]" for size in sizes), "ms a run", "straight", caption=kept(rows) or None
    )
    for row in rows:
        bend, cost = row["bend"], row["ms_per_run"]
        straight = "-" if bend is None else f"{bend:.2f} {'yes' if bend <= STRAIGHT else 'NO'}"
        times = [f"{row['seconds'][str(size)]['median_s']:.2f}" if size in row["runs"] else "-" for size in sizes]
        table.add_row(row["command"], *times, "-" if cost is None else f"{cost:.3f}", straight)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
