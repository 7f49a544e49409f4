"""Seeds of one configuration trained together, against one after the other: epochs as `mgu-run` trains them, in turns.

    .venv/bin/python benchmarks/seeds.py [--layouts digits_2,mnist_2] [--norms bn_pre,ln] [--seeds 8] [--images 1437]

One thread, so the time is that of the processor: whatever else the machine does is not in it. Two processes of one
thread each have the same ratio on both sides. A partial run replaces the rows that it measures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import torch
from cells import kept
from filed import check_seeds_to_train, with_filed
from models import configure
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, ratio, save, spread

from mgu.cli.exit_codes import exit_codes
from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.splits import Splits
from mgu.factory.learner import build_fit_settings, build_learner
from mgu.factory.model import count_flops
from mgu.factory.resolved_run import resolve
from mgu.measure.slot import ALONE, Slot
from mgu.multi_seed.lockstep import train_in_lockstep
from mgu.native.malloc import keep_freed_memory
from mgu.train.loop import Fit, fit

LAYOUTS = "digits_2,digits_3,digits_4,mnist_2,mnist_3,mnist_4"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layouts", default=LAYOUTS)
    parser.add_argument("--norms", default="bn_pre,bn_post,ln,no_norm")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--images", type=int, default=1437)
    add_rounds(parser, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as mgu-run does; both ways gain
    wanted = [*product(options.layouts.split(","), options.norms.split(","))]
    check_seeds_to_train("seeds", "seeds", options.seeds, replaced=lambda row: (row["layout"], row["norm"]) in wanted)
    rows = [measure(*own, options.seeds, options.images, options.rounds) for own in wanted]
    rows = with_filed("seeds", "seeds", rows, "layout", "norm")
    save("seeds", "seeds", configure("M2"), rows)
    show(rows)


def measure(layout: str, norm: str, seeds: int, images: int, rounds: int) -> dict[str, Any]:
    """One kind of baseline: two epochs of all seeds, either way."""
    choice = (f"dataset={layout.partition('_')[0]}", f"norm={norm}", "training.epochs=2")
    configs = [configure(layout, *choice, f"seed={seed}") for seed in range(seeds)]
    whole = open_dataset(configs[0].dataset).splits
    train_few, val_few = (
        part.subset(torch.arange(min(count, len(part)))) for part, count in ((whole.train, images), (whole.val, 360))
    )
    splits = Splits(train_few, val_few).to(torch.device("cpu"))
    ways: dict[str, Callable[[], object]] = {
        "alone": lambda: [train(config, splits, ALONE) for config in configs],
        "together": lambda: train_in_lockstep([partial(train, config, splits) for config in configs]),
    }
    seconds = in_turns(ways, rounds, warm_up=1, clock=time.process_time)
    return {
        "layout": layout,
        "norm": norm,
        "seeds": seeds,
        "images": len(splits.train),
        "flops": count_flops(resolve(configs[0])),
        "faster": ratio(seconds, "alone", "together"),
        "alone / together": spread(seconds, "alone", "together"),
        "processor_seconds": {name: describe(values) for name, values in seconds.items()},
    }


def train(config: RunConfig, splits: Splits, slot: Slot) -> Fit:
    """As mgu/run/execute.py does, without its files."""
    learner, shuffle = build_learner(resolve(config)), torch.Generator().manual_seed(config.seed)
    joined = learner._replace(model=slot.join(learner.model, learner.optimizer))
    return fit(joined, splits, build_fit_settings(config), shuffle=shuffle)


def show(rows: list[dict[str, Any]]) -> None:
    table = Table(
        "layout",
        "norm",
        "FLOPs/image",
        "seeds",
        "alone / together",
        title="seeds at once, one thread",
        caption=kept(rows) or None,
    )
    for row in rows:
        table.add_row(row["layout"], row["norm"], f"{row['flops']:,}", str(row["seeds"]), row["alone / together"])
    Console().print(table)


if __name__ == "__main__":
    with exit_codes([]):
        main()
