"""Training steps with augmentation against plain ones, on CIFAR-10's seven layers: in turns, one thread.

    .venv/bin/python benchmarks/augment.py [--layout C7] [--steps 3] [--rounds 40]

A round is a few batches of 64 real images, from the bytes in memory to the update, as `mgu-run` trains them, for each
kind of augmentation and without. The time is that of the processor: whatever else the machine does is not in it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import torch
from models import configure
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import Seconds, describe, in_turns, ratio, save, spread

from mgu.cli.exit_codes import exit_codes
from mgu.data.datasets import open_dataset
from mgu.data.splits import Data
from mgu.factory.augment import augment_training, build_augment_for
from mgu.factory.learner import build_learner
from mgu.factory.resolved_run import resolve
from mgu.native.malloc import keep_freed_memory
from mgu.train.step import Step

KINDS = ("none", "flip_crop", "randaugment", "mixup")
BATCH = 64
BAR = 1.3  # augmented / plain, at most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layout", default="C7")
    parser.add_argument("--steps", type=int, default=3)
    add_rounds(parser, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as mgu-run does; all ways gain
    whole = open_dataset(configure(options.layout, "norm=bn_pre").dataset).splits
    images = whole.train.subset(torch.arange(min(100 * BATCH, len(whole.train)))).to(torch.device("cpu"))
    ways = {kind: steps(options.layout, kind, images, options.steps) for kind in KINDS}
    seconds = in_turns(ways, options.rounds, clock=time.process_time)
    rows = [row(kind, seconds, options.layout, options.steps) for kind in KINDS[1:]]
    save("augment", options.layout, configure(options.layout, "norm=bn_pre"), rows)
    show(rows)


def steps(layout: str, kind: str, images: Data, count: int) -> Callable[[], None]:
    """Some steps of a learner of its own, on other images every time."""
    resolved = resolve(configure(layout, "norm=bn_pre", f"augment={kind}"))
    learner = build_learner(resolved)
    data = augment_training(images, build_augment_for(resolved))
    step = Step(learner.model, data, learner.task, learner.optimizer)
    shuffle = torch.Generator().manual_seed(0)

    def train() -> None:
        step.begin()
        for _ in range(count):
            step(torch.randperm(len(images), generator=shuffle)[:BATCH])

    return train


def row(kind: str, seconds: Seconds, layout: str, count: int) -> dict[str, Any]:
    """One kind of augmentation against none."""
    return {
        "layout": layout,
        "augment": kind,
        "steps": count,
        "ratio": ratio(seconds, kind, "none"),
        "augmented / plain": spread(seconds, kind, "none"),
        "processor_seconds": {name: describe(seconds[name]) for name in (kind, "none")},
    }


def show(rows: list[dict[str, Any]]) -> None:
    table = Table("augment", "augmented / plain (quartiles of ratios)", "bar", title="one thread")
    for each in rows:
        met = f"<= {BAR} {'met' if each['ratio'] <= BAR else 'NOT MET'}"
        table.add_row(each["augment"], each["augmented / plain"], met)
    Console().print(table)


if __name__ == "__main__":
    with exit_codes([]):
        main()
