"""The digits experiment's 26 runs as whole commands: one after the other, with joblib, and side by side, in turns.

    .venv/bin/python benchmarks/parallel.py [--epochs 20] [--rounds 3] [--ways sequential,joblib,parallel] [--no-file]

Each command starts anew, with nothing imported and an empty runs folder, and measures energy, as `make demo` does. Its
wall clock is divided by the sum of its runs' own seconds (`seconds.to_solution`) over the number of cores: 1 would be
cores that do nothing but train. Runs side by side slow each other down, so their own seconds are longer than those of
one run after the other; by the latter, which no launcher can change, the same is said once more. The rest of the
cores' time is split into set-up, checkpoints and what is outside of all runs. Processor time, of the command and of
what its runs train, says the same where other programs take the cores meanwhile.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from cost_tables import PARALLEL_BAR as BAR
from filed import with_filed
from models import configure
from names import names_among
from rich.console import Console
from rich.table import Table
from rounds import FOR_QUARTILES, add_rounds
from side_by_side import describe, save

from mgu.cli.exit_codes import exit_codes
from mgu.machine import count_cores
from mgu.results.on_disk.result_file import read_result

COMMAND = [sys.executable, "-c", "from mgu.cli.main import main; main()", "+experiment=digits", "-m"]
WAYS = {
    "sequential": [],
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs={cores}"],
    "parallel": ["parallel=auto"],
}
RUNS = 26


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20)
    add_rounds(parser, default=3, least=1)
    parser.add_argument("--ways", type=partial(names_among, WAYS), default=",".join(WAYS))
    parser.add_argument("--no-file", action="store_true", help="do not write results/speed/data.json")
    options = parser.parse_args()
    names = options.ways.split(",")
    timed: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for turn in range(options.rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            timed[name].append(run(WAYS[name], options.epochs))
            print(f"round {turn + 1}: {name} {timed[name][-1]['wall_s']:.1f} s", flush=True)
    rows = [summarise(name, timed) for name in names]
    if options.rounds < FOR_QUARTILES:
        print("Nothing was filed: quartiles need two rounds.")
    elif not options.no_file:
        save("speed", "parallel", configure("M2"), with_filed("speed", "parallel", rows, "way"))
    show(rows)


def run(words: list[str], epochs: int) -> dict[str, float]:
    """One command from its start to its end: its wall clock, and seconds summed over its runs."""
    with tempfile.TemporaryDirectory() as folder:
        own = {"MGU_RUNS": str(Path(folder, "runs")), "MGU_CONTENTION": str(Path(folder, "contention"))}
        words = [word.format(cores=count_cores()) for word in words]
        command = [*COMMAND, f"training.epochs={epochs}", f"training.patience={epochs}", *words]
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, env=os.environ | own, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall_s, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        results = [read_result(file) for file in Path(folder).rglob("result.json")]
    seconds = [result.seconds for result in results if result.seconds]
    assert len(seconds) == RUNS
    return {
        "wall_s": wall_s,
        "own_s": sum(each.to_solution for each in seconds),
        "setup_s": sum(each.setup for each in seconds),
        "checkpoint_s": sum(each.checkpoint for each in seconds),
        "processor_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "own_processor_s": sum(result.processor.seconds for result in results if result.processor),
        "contended": sum(result.contended for result in results),
    }


def summarise(name: str, timed: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Medians over the rounds."""
    cores, mine = count_cores(), timed[name]
    row: dict[str, Any] = {"way": name, "cores": cores, "runs": RUNS}
    row |= {key: median(each[key] for each in mine) for key in mine[0]}
    row["outside_s"] = median(
        cores * each["wall_s"] - each["own_s"] - each["setup_s"] - each["checkpoint_s"] for each in mine
    )
    ratios = [cores * each["wall_s"] / each["own_s"] for each in mine]
    row["ratio"], row["least"], row["most"] = cores * row["wall_s"] / row["own_s"], min(ratios), max(ratios)
    if alone := timed.get("sequential"):
        row["to_sequential"] = cores * row["wall_s"] / median(other["own_s"] for other in alone)
    return row | ({"wall": describe([each["wall_s"] for each in mine])} if len(mine) > 1 else {})


def show(rows: list[dict[str, Any]]) -> None:
    cores = rows[0]["cores"]
    table = Table(
        "way", "wall [s]", f"own seconds / {cores}", "wall / that", "bar", "wall / (sequential's own / cores)",
        "set-up, all runs [s]", "checkpoints [s]", "cores outside of runs [s]", "processor: all / runs [s]",
        title=f"{RUNS} runs, {cores} cores",
    )  # fmt: skip
    for row in rows:
        met = f"<= {BAR} {'met' if row['ratio'] <= BAR else 'NOT MET'}" if row["way"] == "parallel" else ""
        table.add_row(
            *(row["way"], f"{row['wall_s']:.1f}", f"{row['own_s'] / cores:.1f}"),
            *(f"{row['ratio']:.2f} ({row['least']:.2f}-{row['most']:.2f})", met),
            f"{row['to_sequential']:.2f}" if "to_sequential" in row else "-",
            *(f"{row[key]:.1f}" for key in ("setup_s", "checkpoint_s", "outside_s")),
            f"{row['processor_s']:.1f} / {row['own_processor_s']:.1f}",
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    with exit_codes([]):
        main()
