"""Two builds of this package on the same report of ten thousand results: an older commit, and this tree, in turns.

    .venv/bin/python benchmarks/report_builds.py 4b0fc24 [--forms table,json] [--runs 10000] [--rounds 5]

The results are those of report_scale.py: 80 experiments of 24 baselines and a unit with five seeds each. Each report is
a process of its own. Both builds must print the same, but for what changes with every version.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from builds import ROOT, checked_out, compare
from filed import file_part, provenance, with_filed
from names import names_among
from report_scale import FORMS, make_runs
from rounds import add_rounds

BAR = 2.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", help="the older build")
    parser.add_argument("--forms", type=partial(names_among, FORMS), default="table,json")
    parser.add_argument("--runs", type=int, default=10_000)
    add_rounds(parser, default=5)
    parser.add_argument("--no-save", action="store_true", help="do not file the rows below results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, checked_out(options.commit) as old:
        runs = Path(folder, "runs")
        make_runs(runs, in_grids=True, num_runs=options.runs)
        rows = [measure(form, runs, old, options) for form in options.forms.split(",")]
    for row in rows:
        verdict = "met" if row["old_to_new"] >= BAR else "NOT MET"
        print(f"report --format {row['form']}: old / new {row['old_to_new_spread']}, bar {BAR}: {verdict}")
        print(f"  {row['old_s']:.2f} s and {row['new_s']:.2f} s, the same output: {row['same']}")
    if not options.no_save:
        file_part("speed", "report", {"machine": provenance(), "rows": with_filed("speed", "report", rows, "form")})


def measure(form: str, runs: Path, old: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Seconds of one form by both builds, in turns."""
    seconds: dict[str, list[float]] = {"old": [], "new": []}
    outputs: dict[str, bytes] = {}
    for turn in range(options.rounds + 1):  # the first one warms up
        for name, folder in (("old", old), ("new", ROOT))[:: 1 if turn % 2 else -1]:
            taken_s, outputs[name] = report(folder, runs, form)
            seconds[name].append(taken_s)
    same = outputs["old"] == outputs["new"]
    return {"form": form, "runs": options.runs, "old_commit": options.commit, **compare(seconds), "same": same}


def report(build: Path, runs: Path, form: str) -> tuple[float, bytes]:
    """Seconds of one report by a build, and what it prints."""
    command = [sys.executable, "-c", "from mgu.cli.main import main; main()", "report", str(runs), "--format", form]
    started = time.perf_counter()
    # From the build's folder: Python looks there first, then in PYTHONPATH, for its own children.
    environment = os.environ | {"PYTHONPATH": str(build)}
    done = subprocess.run(command, capture_output=True, check=True, env=environment, cwd=build)
    return time.perf_counter() - started, done.stdout


if __name__ == "__main__":
    main()
