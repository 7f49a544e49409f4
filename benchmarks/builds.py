"""Two builds of this package on the same steps: an older commit, checked out into a temporary folder, and this tree.

    .venv/bin/python benchmarks/builds.py 4b0fc24 [--layouts M2,M3,M4,C7] [--words norm=bn_pre] [--rounds 15]

Each build has a process of its own, which stays; they take turns, so that whatever else the machine does hits both. A
turn is some training steps as `mgu-run` takes them, batch of 64.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rounds import add_rounds

ROOT = Path(__file__).parent.parent
BARS = {"M2": 1.6, "M3": 1.5, "M4": 1.5, "C7": 1.3}
STEPS = 20  # of a turn
# The process of one build: for each line that it reads it takes a turn, and answers with the seconds of a step. Only
# what both builds have is used.
WORKER = """
import sys, time
sys.path.insert(0, sys.argv[1])
sys.path.insert(1, sys.argv[1] + "/benchmarks")
import torch
from models import configure
from mgu.factory.learner import build_learner
from mgu.factory.resolved_run import resolve
from mgu.native.malloc import keep_freed_memory
from mgu.train.step import Step
layout, threads, clock, words = sys.argv[2], int(sys.argv[3]), getattr(time, sys.argv[4]), sys.argv[5:]
torch.set_num_threads(threads)
keep_freed_memory()
config = configure(layout, *words)
class Images:
    device = torch.device("cpu")
    images, labels = torch.rand(64, *config.dataset.image_shape), torch.randint(10, (64,))
    def __len__(self): return 64
    def batch(self, index): return self.images[index], self.labels[index]
class Splits:
    train = val = Images()
    test, notes = None, ()
resolved = resolve(config)
vars(resolved)["splits"] = Splits()
model, task, optimizer, *_ = build_learner(resolved)
step = Step(model, Images(), task, optimizer)
step.begin()
order = torch.randperm(64)
for line in sys.stdin:
    started = clock()
    for _ in range(int(line)):
        step(order)
    print((clock() - started) / int(line), flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", help="the older build")
    parser.add_argument("--layouts", default=",".join(BARS))
    parser.add_argument("--words", default="norm=bn_pre", help="of the configuration, with spaces between them")
    add_rounds(parser, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processor-time", action="store_true", help="of one thread: for a machine with other work")
    parser.add_argument("--no-save", action="store_true", help="do not file the rows below results/")
    options = parser.parse_args()
    with checked_out(options.commit) as old:
        rows = [measure(layout, old, options) for layout in options.layouts.split(",")]
    for row in rows:
        bar = BARS.get(row["layout"]) if options.words == "norm=bn_pre" else None
        verdict = "" if bar is None else f", bar {bar}: {'met' if row['old_to_new'] >= bar else 'NOT MET'}"
        print(f"{row['layout']} {options.words}: old / new {row['old_to_new_spread']}{verdict}")
    if not options.no_save:
        from filed import file_part, provenance, with_filed

        machine = {**provenance(), "threads": options.threads}
        file_part(
            "speed", "builds", {"machine": machine, "rows": with_filed("speed", "builds", rows, "layout", "words")}
        )


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Gives a folder with the files of a commit, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=False)
        if archive.returncode:
            sys.exit(f"commit must be one of this repository, but got {commit}: {archive.stderr.decode().strip()}.")
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def measure(layout: str, old: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Seconds of a step of both builds, in turns."""
    clock = "thread_time" if options.processor_time else "perf_counter"
    threads = 1 if options.processor_time else options.threads
    arguments = [layout, str(threads), clock, *options.words.split()]
    workers = {name: start(folder, arguments) for name, folder in (("old", old), ("new", ROOT))}
    seconds: dict[str, list[float]] = {name: [] for name in workers}
    for turn in range(options.rounds + 1):  # the first one warms up
        for name in list(workers)[:: 1 if turn % 2 else -1]:
            seconds[name].append(ask(workers[name]))
    for worker in workers.values():
        worker.communicate()  # closes its input, which ends it
    return {"layout": layout, "words": options.words, "old_commit": options.commit, **compare(seconds)}


def compare(seconds: dict[str, list[float]]) -> dict[str, Any]:
    """The medians of two builds taken in turns, `old` and `new`, and their ratio with its quartiles, without the first.

    That one warmed up.
    """
    old_s, new_s = seconds["old"][1:], seconds["new"][1:]
    low, _, high = quantiles([a / b for a, b in zip(old_s, new_s, strict=True)], n=4)
    ratio = median(old_s) / median(new_s)
    return {
        "old_to_new": ratio,
        "old_to_new_spread": f"{ratio:.2f} ({low:.2f}-{high:.2f})",
        "old_s": median(old_s),
        "new_s": median(new_s),
        "rounds": len(new_s),
    }


def start(folder: Path, arguments: list[str]) -> subprocess.Popen[str]:
    """Starts the process of one build."""
    command = [sys.executable, "-c", WORKER, str(folder), *arguments]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def ask(worker: subprocess.Popen[str]) -> float:
    """Has the process take a turn; returns the seconds of a step."""
    assert worker.stdin and worker.stdout
    print(STEPS, file=worker.stdin, flush=True)
    return float(worker.stdout.readline())


if __name__ == "__main__":
    main()
