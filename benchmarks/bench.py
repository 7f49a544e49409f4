"""Runs the benchmarks of results/speed one after the other, and compares them with what is recorded: `make bench`.

    .venv/bin/python benchmarks/bench.py [--only start,units] [--minutes 20]

Each script files its part of results/speed/data.json, or of another study's. A figure that is a tenth worse than the
recorded one is printed as a regression, with both. What a machine lacks is skipped, and said. To add a benchmark, add a
line to BENCHES.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from blocks import BARS
from filed import load_committed, load_study

WORSE = 1.1  # times the recorded figure, from which on it is a regression
MNIST = Path("MNIST", "raw", "train-images-idx3-ubyte")


@dataclass(frozen=True)
class Bench:
    """One script, and the figures by which its rows are compared.

    Attributes:
        script: Name of the file in benchmarks/, without .py.
        minutes: How long it takes at most on two cores; a script that does not fit the time left is skipped.
        keys: What tells its rows apart.
        lower: Figures of a row of which less is better, as dotted names.
        higher: Figures of which more is better.
        part: Name of its part.
        study: The study that it belongs to.
        arguments: Of the script.
        without_mnist: Its arguments where MNIST is not at hand; None where it cannot do without.
        peers: Packages that it compares with, if they are there.
    """

    script: str
    minutes: float
    keys: tuple[str, ...]
    lower: tuple[str, ...] = ()
    higher: tuple[str, ...] = ()
    part: str = ""
    study: str = "speed"
    arguments: tuple[str, ...] = ()
    without_mnist: tuple[str, ...] | None = ()
    peers: tuple[str, ...] = field(default=())


SEEDS = ("--norms", "bn_pre,ln", "--images", "640", "--rounds", "3", "--layouts")
BENCHES = (
    Bench("start", 2, ("command",), lower=("to_import_torch",)),
    Bench("blocks", 3, ("layout",), tuple(f"ratios.{title}" for title in BARS),
          arguments=("--rounds", "15"), without_mnist=("--rounds", "15")),
    Bench("units", 2, ("layout",), ("to_floor", "saved_to_straight"), ("step_straight_to_native",),
          arguments=("--rounds", "7"), without_mnist=("--rounds", "7")),
    Bench("epochs", 6, ("layout",), (), ("ratios.DataLoader / ours.ratio", "ratios.Keras / ours.ratio",
          "ratios.Lightning / ours.ratio", "ratios.unit, Keras / unit, ours.ratio"),
          arguments=("--rounds", "5"), without_mnist=None, peers=("tensorflow", "lightning")),
    Bench("growth", 2, ("width", "depth", "batch"), ("unit_to_plain",), ("straight_to_unit",),
          arguments=("--rounds", "9"), without_mnist=("--rounds", "9")),
    Bench("folder_growth", 3, ("command",), ("ms_per_run",), part="folders",
          arguments=("--sizes", "10,100,1000,5000", "--rounds", "2"),
          without_mnist=("--sizes", "10,100,1000,5000", "--rounds", "2")),
    Bench("seeds", 2, ("layout", "norm"), (), ("faster",), study="seeds",
          arguments=(*SEEDS, "digits_2,mnist_2"), without_mnist=(*SEEDS, "digits_2,digits_3")),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="names of scripts, separated by commas")
    parser.add_argument("--minutes", type=float, default=20)
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else [bench.script for bench in BENCHES]
    if unknown := set(chosen) - {bench.script for bench in BENCHES}:
        sys.exit(f"--only must name {', '.join(bench.script for bench in BENCHES)}, but got {', '.join(unknown)}.")
    end, lines = time.monotonic() + 60 * options.minutes, list[str]()
    for bench in (bench for bench in BENCHES if bench.script in chosen):
        print(f"== {bench.script}", flush=True)
        lines += [f"{bench.script}: {line}" for line in run(bench, end - time.monotonic())]
    print("\n".join(["", *lines]) if lines else "\nNothing was skipped, and nothing is a tenth slower than recorded.")
    sys.exit(any("REGRESSION" in line or "failed" in line for line in lines))


def run(bench: Bench, left_s: float) -> Iterator[str]:
    """Runs one script in the time left; yields what was skipped, and what is worse than recorded."""
    has_mnist = (find_data() / MNIST).is_file()
    arguments = bench.arguments if has_mnist else bench.without_mnist
    if arguments is None:
        yield f"skipped, for it needs MNIST, which is not below {find_data()}: set MGU_DATA to a folder that has it"
        return
    if left_s < 60 * bench.minutes:
        yield f"skipped, for it takes {bench.minutes:g} minutes, and {left_s / 60:.0f} are left"
        return
    if not has_mnist and arguments != bench.arguments:
        yield "MNIST is not at hand: it ran on the digits"
    for peer in bench.peers:
        if not find_spec(peer):
            yield f"without {peer}, which is not installed: uv sync --group bench"
    # Not the working file, which the last call has replaced: a second call would compare a regression with itself.
    before = load_committed(bench.study).get(bench.part or bench.script, {})
    script = Path(__file__).with_name(f"{bench.script}.py")
    try:
        done = subprocess.run([sys.executable, str(script), *arguments], check=False, timeout=left_s)
    except subprocess.TimeoutExpired:
        yield "failed: the time was up"
        return
    if done.returncode:
        yield f"failed with exit code {done.returncode}"
        return
    after = load_study(bench.study)[bench.part or bench.script]
    if before and before["machine"].get("device") != after["machine"].get("device"):
        yield f"compared with another machine: {before['machine'].get('device')}"
    yield from compare(bench, before.get("rows", []), after["rows"])


def find_data() -> Path:
    """The folder of the data sets, as mgu-run finds it."""
    return Path(os.environ.get("MGU_DATA", "~/.cache/mgu")).expanduser()


def compare(bench: Bench, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields one line for each figure that is worse than recorded by a tenth or more."""
    recorded = {tuple(row[key] for key in bench.keys): row for row in before}
    for row in after:
        place = tuple(row[key] for key in bench.keys)
        for name in (*bench.lower, *bench.higher):
            old, new = figure(recorded.get(place, {}), name), figure(row, name)
            if not old or not new:
                continue
            if (new / old if name in bench.lower else old / new) >= WORSE:
                yield f"REGRESSION {' '.join(map(str, place))}, {name}: {old:.3g} recorded, {new:.3g} now"


def figure(row: Mapping[str, Any], name: str) -> float | None:
    """A number in a row by its dotted name; None where the row has none."""
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) else None


if __name__ == "__main__":
    main()
