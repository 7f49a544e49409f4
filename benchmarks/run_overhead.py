"""What a run of a sweep costs outside of its time to solution, forked from a warm server and in a cold process.

    .venv/bin/python benchmarks/run_overhead.py [PAIRS]

Both ways train the same short runs on 8x8 digits with energy on, in turns. Overhead is the wall clock from the end of
the run before (or the start of the cold process) to its own end, less its time to solution.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

from rounds import at_least

from mgu.results.on_disk.result_file import read_result
from mgu.results.schema.result import Result

RUN = ["layout=digits_2", "norm=ln", "training.epochs=2", "threads=1"]
COMMAND = [sys.executable, "-c", "from mgu.cli.main import main; main()"]


def spent_s(result: Result) -> float:
    """Seconds of the run that are its own doing."""
    assert result.seconds
    return result.seconds.to_solution


def cold(runs: Path, seed: int) -> float:
    """Overhead of one run that a process of its own imports everything for."""
    started = time.perf_counter()
    subprocess.run([*COMMAND, *RUN, f"seed={seed}"], env=os.environ | {"MGU_RUNS": str(runs)}, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    (file,) = runs.rglob(f"*-s{seed}-*/result.json")
    return time.perf_counter() - started - spent_s(read_result(file))


class WarmSweep:
    """A sweep under way, whose runs are waited for one by one."""

    def __init__(self, runs: Path, count: int) -> None:
        self.runs = runs
        self.process = subprocess.Popen(
            [*COMMAND, "-m", *RUN, f"seed=range({count})"],
            env=os.environ | {"MGU_RUNS": str(runs)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def overheads(self) -> list[float]:
        """Of every run but the first, whose server had to import."""
        assert self.process.stdout
        ends = [time.perf_counter() for line in self.process.stdout if " ok " in line]
        results = sorted((read_result(file) for file in self.runs.rglob("result.json")), key=lambda r: r.seed)
        walls = [end - before for before, end in pairwise(ends)]
        return [wall - spent_s(result) for wall, result in zip(walls, results[1:], strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="?", type=partial(at_least, 1), default=3)
    pairs = parser.parse_args().pairs
    warm_s, cold_s = [], []
    for _ in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            warm_s += WarmSweep(Path(folder, "warm"), count=5).overheads()
            cold_s.append(cold(Path(folder, "cold"), seed=0))
    for name, values in (("forked from the server", warm_s), ("in a cold process", cold_s)):
        print(f"{name:24} median {median(values):.2f} s, {min(values):.2f} to {max(values):.2f} s, {len(values)} runs")
    print(f"{'ratio of medians':24} {median(cold_s) / median(warm_s):.0f}x")


if __name__ == "__main__":
    main()
