"""How a whole training step of a plain network grows with width, depth and batch, on one thread and on two.

    .venv/bin/python benchmarks/step_growth.py [--rounds 15] [--vary width,depth,batch]

A step is what `mgu-run` does, images to update, of 3x3 convolutions with `bn_pre` on 16x16 images; one size varies at a
time. Time should be a line in the multiplications of the convolutions, plus a constant: `off` is how far each point
is from the line through all of them, of the least squares of relative distances.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from filed import with_filed
from models import configure
from names import names_among
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, save

from mgu.data.images.images import Images
from mgu.layers.block import Block
from mgu.models.convnet import ConvNet, convolution
from mgu.native.malloc import keep_freed_memory
from mgu.tasks.classification import Classification
from mgu.train.loop import train_epoch
from mgu.train.nadam import build_nadam
from mgu.train.schedules import StepwiseSchedule
from mgu.train.step import Step

SIDE, STEPS, THREADS = 16, 4, (1, 2)
STRAIGHT = 0.25  # relative distance from the line up to which it counts as one


class Size(NamedTuple):
    """The size of a network and its batches."""

    width: int = 32
    depth: int = 2
    batch: int = 64

    @property
    def operations(self) -> int:
        """Multiplications of all convolutions for a pixel of each image; the first one sees a single channel."""
        return 9 * self.batch * (self.width + (self.depth - 1) * self.width**2)


VARIED = {"width": (8, 16, 32, 64, 128), "depth": (1, 2, 4, 8), "batch": (1, 8, 32, 64, 128, 256)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rounds(parser, default=15)
    parser.add_argument("--vary", type=partial(names_among, VARIED), default=",".join(VARIED))
    options = parser.parse_args()
    keep_freed_memory()
    rows = [row for name in options.vary.split(",") for row in measure(name, options.rounds)]
    keys = ("varied", "width", "depth", "batch", "threads")
    save("speed", "step_growth", configure("M2"), with_filed("speed", "step_growth", rows, *keys))
    show(rows)


def measure(varied: str, rounds: int) -> list[dict[str, Any]]:
    """Returns a row for every size and number of threads."""
    sizes = [Size()._replace(**{varied: value}) for value in VARIED[varied]]
    rows = []
    for size in sizes:
        epoch = epoch_of(size)
        ways = {str(threads): with_threads(epoch, threads) for threads in THREADS}
        for name, seconds in in_turns(ways, rounds).items():
            each = [1e3 * value / STEPS for value in seconds]
            shown = {"varied": varied, **size._asdict(), "threads": int(name)}
            rows.append(shown | {"ms": float(np.median(each)), "seconds": describe(seconds)})
    for threads in THREADS:
        own = [row for row in rows if row["threads"] == threads]
        line = fit_line([size.operations for size in sizes], [row["ms"] for row in own])
        for row, expected in zip(own, line, strict=True):
            row |= {"line_ms": expected, "off": row["ms"] / expected - 1}
    return rows


def epoch_of(size: Size) -> Callable[[], object]:
    """Some steps of a network of this size."""
    torch.manual_seed(0)
    channels = [1, *[size.width] * size.depth]
    layers = [convolution(*pair, 3, 1, 1) for pair in pairwise(channels)]
    model = ConvNet([Block(layer, "bn_pre") for layer in layers], size.width, 10, 0.3)
    model.to(memory_format=torch.channels_last)
    count = STEPS * size.batch
    pixels = torch.randint(256, (count, 1, SIDE, SIDE), dtype=torch.uint8)
    images = Images(pixels, torch.randint(10, (count,))).to(torch.device("cpu"))
    optimizer = build_nadam(model.parameters(), 1e-3, 0.9, 0.999, 1e-7, 0.004)
    step = Step(model, images, Classification(10), optimizer)
    schedule, shuffle = StepwiseSchedule(optimizer, lambda number: 1.0), torch.Generator().manual_seed(0)
    return lambda: train_epoch(step, schedule, size.batch, shuffle)


def with_threads(epoch: Callable[[], object], threads: int) -> Callable[[], None]:
    """The same with a number of threads."""

    def run() -> None:
        torch.set_num_threads(threads)
        epoch()

    return run


def fit_line(x: list[int], y: list[float]) -> list[float]:
    """Returns a + b x at each point, with the least sum of squares of relative distances; a and b are not negative."""
    both = np.stack([np.ones(len(x)), np.array(x)], axis=1)
    weights = 1 / np.array(y)
    solution, *_ = np.linalg.lstsq(both * weights[:, None], np.ones(len(x)), rcond=None)
    if solution.min() < 0:  # through the origin, or constant
        one = int(solution[0] < 0)
        scaled = both[:, one] * weights
        solution = np.eye(2)[one] * (scaled.sum() / (scaled**2).sum())
    return [float(value) for value in both @ solution]


def show(rows: list[dict[str, Any]]) -> None:
    table = Table("varied", "width", "depth", "batch", "threads", "step [ms]", "line [ms]", "off", f"<= {STRAIGHT:.0%}")
    for row in rows:
        names = ("varied", "width", "depth", "batch", "threads")
        numbers = (f"{row['ms']:.2f}", f"{row['line_ms']:.2f}", f"{row['off']:+.0%}")
        straight = "straight" if abs(row["off"]) <= STRAIGHT else "NOT STRAIGHT"
        table.add_row(*(str(row[name]) for name in names), *numbers, straight)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
