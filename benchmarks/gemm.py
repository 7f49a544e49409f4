"""Tile sizes of a matrix product: what searches of a thousandth of the space find, beside a tenth of it and peers.

    python benchmarks/gemm.py tenth 256 runs/gemm      # measures a tenth of all points, drawn at random; resumes
    python benchmarks/gemm.py search 256 runs/gemm     # ten studies of each strategy through mgu-run; resumes
    python benchmarks/gemm_peers.py 256 runs/gemm      # kernel-tuner, and gemm_tvm.py: see there
    python benchmarks/gemm.py file 256 runs/gemm       # measures what was found again, in turns, and files it

Give it a processor of its own (`taskset`), one thread is measured. Each study begins with an empty cache.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import Any, NamedTuple

import torch
from collect import train
from filed import file_part, other_rows, provenance
from gemm_tvm import TVM_TRIALS, load_tvm, tvm_file
from scipy.stats import mannwhitneyu

from mgu.gemm.kernel import PARTS, Tiles, find_gemm, multiply
from mgu.gemm.measure import time_runs
from mgu.native.processor import processor_name
from mgu.search.parameters.factors import Factors
from mgu.search.space import Space
from mgu.search.spaces.gemm import GemmSpace

SHARE = 0.001  # of the space, which a study may try
STUDIES = 10
STRATEGIES = {  # by what stands in the table
    "random": ["search=random"],
    "gbfs": ["search=gbfs"],
    "gbfs, 25 random points first": ["search=gbfs", "search.options.startup=25"],
    "na2c": ["search=na2c"],
}
KERNEL_TUNER = "kernel-tuner"
KEPT = 20  # of the tenth, and rounds in which what was found is measured again
WORTH_IT = 1.3  # times the fastest first run so far: slower points of the tenth are not measured further
Row = dict[str, Any]
Point = Mapping[str, Sequence[int]]


class Trial(NamedTuple):
    """Holds one trial of a study: seconds since it began, those of the product, and the point."""

    ended_s: float
    product_s: float
    point: Point


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["tenth", "search", "file"])
    parser.add_argument("size", type=int, help="of the three dimensions")
    parser.add_argument("folder", type=Path, help="where measurements and studies are kept")
    options = parser.parse_args()
    torch.set_num_threads(1)
    {"tenth": measure_tenth, "search": search, "file": file}[options.step](options.size, options.folder)


def space_of(size: int) -> Space:
    return GemmSpace(
        f"gemm_{size}", tuple(Factors(name, size, parts) for name, parts in zip("mkn", PARTS, strict=True))
    )


class Product:
    """One product of two random matrices, by any tiles.

    Args:
        size: Of the three dimensions.
    """

    def __init__(self, size: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.left, self.right = (torch.rand(size, size, generator=generator) for _ in "ab")
        self.out = torch.empty(size, size)

    def by(self, point: Point) -> Callable[[], float]:
        """Returns what computes it once and returns the seconds."""
        tiles = Tiles.of(point)
        library = find_gemm(tiles)
        return lambda: multiply(library, tiles, self.left, self.right, self.out)


def measure_tenth(size: int, folder: Path) -> None:
    """Runs a random tenth of the space once, and measures what is fast as a trial is measured."""
    product, points = Product(size), list(space_of(size).points())
    Random(0).shuffle(points)
    points = points[: len(points) // 10]
    done = read_tenth(size, folder)
    fastest = min((row["once_s"] for row in done), default=float("inf"))
    with tenth_file(size, folder).open("a", buffering=1) as stream:
        for point in points[len(done) :]:
            run = product.by(point)
            once = run()
            fastest = min(fastest, once)
            again = median(time_runs(run)) if once < WORTH_IT * fastest else None
            stream.write(json.dumps({"point": point, "once_s": once, "median_s": again}) + "\n")


def tenth_file(size: int, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"tenth-{size}.jsonl"


def read_tenth(size: int, folder: Path) -> list[Row]:
    """Returns what is measured; a line that was torn by an interruption is taken out."""
    file = tenth_file(size, folder)
    text = file.read_text() if file.is_file() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole)
    return [json.loads(line) for line in whole.splitlines()]


def search(size: int, folder: Path) -> None:
    """Has `mgu-run` search, strategies in turns."""
    for seed in range(STUDIES):
        for place, own in enumerate(STRATEGIES.values()):
            os.environ["MGU_CACHE"] = str((folder / "caches" / f"{size}-{place}-{seed}").resolve())
            sizes = [f"gemm.{name}={size}" for name in "mkn"]
            words = [*own, "space=gemm", *sizes, f"budget.share={SHARE}", f"search.seed={seed}", "-m"]
            train(folder / f"{size}-{place}", "experiment_name=gemm", *words)


def study(history: Path) -> list[Trial]:
    """Returns the trials of one of our studies, in the order in which they were told."""
    asked: dict[int, Row] = {}
    spent_s, trials = 0.0, []
    for event in map(json.loads, history.read_text().splitlines()):
        if event["event"] == "asked":
            asked[event["number"]] = event
        elif event["event"] == "told":
            own = asked[event["number"]]
            spent_s += own["ask_s"] + event["cost"]["seconds"]
            trials.append(Trial(spent_s, event["details"]["seconds"], own["point"]))
    return trials


def all_studies(size: int, folder: Path) -> dict[str, list[list[Trial]]]:
    """Returns the studies of each strategy, those of kernel-tuner included where it was run."""
    found = {
        name: [study(file) for file in sorted(folder.glob(f"{size}-{place}/gemm/search/*/history.jsonl"))]
        for place, name in enumerate(STRATEGIES)
    }
    peers = [json.loads(file.read_text()) for file in sorted(folder.glob(f"{KERNEL_TUNER}-{size}-*.json"))]
    return found | ({KERNEL_TUNER: [[Trial(**row) for row in own] for own in peers]} if peers else {})


def best(trials: Iterable[Trial]) -> str:
    """Returns the fastest point, as a text that can be a key."""
    return json.dumps(min(trials, key=lambda trial: trial.product_s).point)


def file(size: int, folder: Path) -> None:
    """Measures the best of studies and tenth again, in turns, and files ratios to the fastest of the tenth."""
    tenth = read_tenth(size, folder)
    fast = sorted((row for row in tenth if row["median_s"]), key=lambda row: row["median_s"])
    tops = [json.dumps(row["point"]) for row in fast[:KEPT]]
    studies = all_studies(size, folder)
    if not tops or not all(studies.values()):
        sys.exit(f"{folder} must have a tenth and studies of {size}, but has not. Call gemm.py tenth, then search.")
    equal_s = min(trials[-1].ended_s for own in studies.values() for trials in own)
    ends = {name: [best(trials) for trials in own] for name, own in studies.items()}
    at_equal = {name: [best(t for t in own if t.ended_s <= equal_s) for own in studies[name]] for name in studies}
    product = Product(size)
    runs = ceilings(product, size, folder) | {
        point: product.by(json.loads(point))
        for point in dict.fromkeys(
            [*tops, *(point for own in (ends, at_equal) for each in own.values() for point in each)]
        )
    }
    rounds = {name: list[float]() for name in runs}
    for _ in range(KEPT):
        for name, run in runs.items():
            rounds[name].append(median(time_runs(run)))
    product_s = {name: median(times) for name, times in rounds.items()}
    optimum = min(tops, key=product_s.__getitem__)
    low, _, high = quantiles(rounds[optimum], n=4)
    ratios = {name: [product_s[point] / product_s[optimum] for point in at_equal[name]] for name in studies}
    rows = [
        {
            "search": name,
            "studies": len(own),
            "trials": median(map(len, own)),
            "seconds": median(trials[-1].ended_s for trials in own),
            "ratios": [product_s[point] / product_s[optimum] for point in ends[name]],
            "ratios_at_equal": ratios[name],
            "p_random": None if name == "random" else float(mannwhitneyu(ratios[name], ratios["random"]).pvalue),
        }
        for name, own in studies.items()
    ]
    entry = {
        "size": size,
        "points": space_of(size).size,
        "tenth": len(tenth),
        "optimum_s": product_s[optimum],
        "optimum": json.loads(optimum),
        "noise": [low / product_s[optimum], high / product_s[optimum]],
        "equal_s": equal_s,
        "ceilings": {name: product_s[name] / product_s[optimum] for name in runs if not name.startswith("{")},
        "rows": rows,
    }
    others = other_rows("search", "gemm", lambda row: row["size"] == size)
    device = f"cpu ({processor_name()}, 1 thread)"
    machine = {**provenance(), "device": device, "torch": torch.__version__, "python": platform.python_version()}
    file_part("search", "gemm", {"machine": machine, "rows": sorted([*others, entry], key=lambda row: row["size"])})
    print(json.dumps(entry, indent=1))


def ceilings(product: Product, size: int, folder: Path) -> dict[str, Callable[[], float]]:
    """Returns what no kernel without packing reaches: torch's product, and what TVM has generated where it was run."""
    own = {"torch.matmul": timed(lambda: torch.matmul(product.left, product.right, out=product.out))}
    for trials in TVM_TRIALS:
        if tvm_file(size, trials, folder).is_file():
            own[f"MetaSchedule, {trials} trials"] = timed(load_tvm(size, trials, folder))
    return own


def timed(run: Callable[[], Any]) -> Callable[[], float]:
    """Returns what runs it and returns the seconds."""

    def seconds() -> float:
        begun = perf_counter()
        run()
        return perf_counter() - begun

    return seconds


if __name__ == "__main__":
    main()
