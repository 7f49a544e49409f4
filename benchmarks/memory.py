"""Memory of the largest runs of the MNIST experiment: command, fork server and child, while they train and evaluate.

    .venv/bin/python benchmarks/memory.py [--models 'mgu=reference mgu.residual_gate=false' ...] [--threads 1]

Each run is one epoch of `mgu-run` on 60,000 random images in files as torchvision has them: those of Fashion-MNIST,
whose contents are not checked against a checksum, for memory depends on their number and size only. What counts is the
proportional set size (PSS, /proc/PID/smaps_rollup), in which a page that several processes share is divided among them.
Linux only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filed import with_filed
from models import configure
from rich.console import Console
from rich.table import Table
from side_by_side import save

MODELS = (
    "layout=mnist_2 norm=bn_pre residual=with",
    "layout=mnist_4 norm=no_norm residual=without",
    "layout=mnist_4 norm=bn_pre residual=with",
    "layout=mnist_4 norm=ln residual=with",
    "layout=mnist_4 mgu=reference mgu.residual_gate=false",
)
BAR_MIB = 2048
EVERY_S = 0.05
EXTRA = ["force=true"]
COMMAND = [sys.executable, "-c", "from mgu.cli.main import main; main()"]
PARTS = ("command", "fork server", "child")


class Memory(NamedTuple):
    """What a process has in memory, in MiB: its own pages, and those of files, such as libraries."""

    own: float
    files: float

    @property
    def total(self) -> float:
        return self.own + self.files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="*", default=MODELS)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write_images(Path(folder, "FashionMNIST", "raw"))
        for model in options.models:
            words = [*model.split(), f"threads={options.threads}", "training.epochs=1", "energy.enabled=false"]
            rows.append(measure(model, words, Path(folder)))
            show(rows[-1:])
    save("memory", "mnist", configure("M2"), with_filed("memory", "mnist", rows, "model"))
    show(rows)


def write_images(folder: Path) -> None:
    """Writes random images and all labels equally often, as many as MNIST has, in its format."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for name, count in (("train", 60_000), ("t10k", 10_000)):
        for kind, magic, values in (
            ("images-idx3", [0x803, count, 28, 28], random.integers(256, size=(count, 28, 28), dtype=np.uint8)),
            ("labels-idx1", [0x801, count], (np.arange(count) % 10).astype(np.uint8)),
        ):
            head = np.array(magic, dtype=">i4").tobytes()
            (folder / f"{name}-{kind}-ubyte").write_bytes(head + values.tobytes())


def measure(model: str, words: list[str], folder: Path) -> dict[str, Any]:
    """Trains one run and watches its processes; returns the moment at which they had most memory together."""
    environment = os.environ | {"MGU_RUNS": str(folder / "runs"), "MGU_DATA": str(folder)}
    command = [*COMMAND, "dataset=fashion_mnist", *words, "device=cpu", *EXTRA]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    peak: dict[str, Memory] = {}
    each = dict.fromkeys(PARTS, 0.0)
    while process.poll() is None:
        now = look(process.pid)
        for part, memory in now.items():
            each[part] = max(each[part], memory.total)
        if sum(memory.total for memory in now.values()) > sum(memory.total for memory in peak.values()):
            peak = now
        time.sleep(EVERY_S)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return {
        "model": model,
        "peak_mib": sum(memory.total for memory in peak.values()),
        "at_peak": {part: memory._asdict() for part, memory in peak.items()},
        "peak_of_each_mib": each,
    }


def look(parent: int) -> dict[str, Memory]:
    """Returns what a command, its server and the server's children have in memory now."""
    servers = children_of(parent)
    workers = [child for server in servers for child in children_of(server)]
    found = {part: add(pids) for part, pids in zip(PARTS, ([parent], servers, workers), strict=True)}
    return {part: memory for part, memory in found.items() if memory.total}


def children_of(pid: int) -> list[int]:
    """Returns the processes that a process has started; none once it has ended."""
    try:
        files = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for file in files for child in file.read_text().split()]
    except OSError:
        return []


def add(pids: list[int]) -> Memory:
    """Returns the memory of some processes together; one that has ended has none."""
    own = files = 0.0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            continue
        mib = {name: int(value.split()[0]) / 1024 for name, _, value in (line.partition(":") for line in lines)}
        own, files = own + mib["Pss_Anon"], files + mib["Pss_File"] + mib["Pss_Shmem"]
    return Memory(own, files)


def show(rows: list[dict[str, Any]]) -> None:
    table = Table("run", "together [MiB]", *(f"{part}: own + files" for part in PARTS), f"bar {BAR_MIB}")
    for row in rows:
        parts = [row["at_peak"].get(part, {"own": 0, "files": 0}) for part in PARTS]
        cells = [f"{part['own']:.0f} + {part['files']:.0f}" for part in parts]
        table.add_row(
            row["model"], f"{row['peak_mib']:.0f}", *cells, "met" if row["peak_mib"] <= BAR_MIB else "NOT MET"
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
