"""What a step saves where a network is one node of torch's graph (mgu/layers/chain.py), and not one for each part.

    .venv/bin/python benchmarks/chains.py [--layouts M2,M3,M4] [--rounds 200]

The same training step both ways, in turns, processor time of one thread: of a batch, and of one image, where little but
Python and torch's bookkeeping is left.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from blocks import BATCH, MODELS, Images, step_of
from filed import with_filed
from models import configure
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, ratio, save, spread
from torch import Tensor, nn

from mgu.layers.chain import Chain
from mgu.native.malloc import keep_freed_memory

PARTS, CHAINED = "part by part", "chained"
SIZES = {"batch": BATCH, "one image": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layouts", default="M2,M3,M4")
    add_rounds(parser, default=200)
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as mgu-run does
    rows = [measure(layout, name, options.rounds) for layout in options.layouts.split(",") for name in MODELS]
    save("speed", "chains", configure("M2"), with_filed("speed", "chains", rows, "layout", "model"))
    show(rows)


class Apart(Chain):
    """Leaves a network in parts."""

    def compute(self, network: nn.Module, list_parts: object, plain: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Applies one part after the other."""
        return plain(x)


def measure(layout: str, name: str, rounds: int) -> dict[str, Any]:
    """One model: its step both ways, by number of images."""
    config = configure(layout, MODELS[name])
    data = Images(config)
    steps = {way: step_of(config, data) for way in (PARTS, CHAINED)}
    steps[PARTS].model._chain = Apart()  # type: ignore[assignment]  # a module's attributes are tensors or modules
    ratios, spreads, seconds = {}, {}, {}
    for title, size in SIZES.items():
        ways = {way: partial(step, torch.arange(size)) for way, step in steps.items()}
        times = in_turns(ways, rounds, clock=time.thread_time)
        ratios[title], spreads[title] = ratio(times, PARTS, CHAINED), spread(times, PARTS, CHAINED)
        seconds[title] = {way: describe(own) for way, own in times.items()}
    return {"layout": layout, "model": name, "ratios": ratios, "spreads": spreads, "seconds": seconds}


def show(rows: list[dict[str, Any]]) -> None:
    """Prints the ratios."""
    table = Table(title=f"step part by part / chained (quartiles), processor time of one thread, batch {BATCH}")
    for title in ("layout", "model", *SIZES):
        table.add_column(title)
    for row in rows:
        table.add_row(row["layout"], row["model"], *(row["spreads"][title] for title in SIZES))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
