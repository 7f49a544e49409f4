"""How the cost of a unit grows with width, depth and batch, beside the plain block and the straight unit.

    .venv/bin/python benchmarks/growth.py [--rounds 15] [--threads 2]

Forward and backward of a stack of 3x3 convolutions on 16x16 feature maps, in turns; one of the three varies at a time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import torch
from models import StraightUnit, configure
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, ratio, save
from torch import Tensor, nn

from mgu import MultiGatedUnit
from mgu.layers.block import Block
from mgu.native.malloc import keep_freed_memory

WIDTHS, DEPTHS, BATCHES = (8, 16, 32, 64, 128), (1, 2, 4, 8), (1, 8, 64, 256)
WIDTH, DEPTH, BATCH, SIDE = 32, 2, 64, 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rounds(parser, default=15)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    cases = [(width, DEPTH, BATCH) for width in WIDTHS] + [(WIDTH, depth, BATCH) for depth in DEPTHS]
    cases += [(WIDTH, DEPTH, batch) for batch in BATCHES]
    rows = [measure(*case, options.rounds) for case in dict.fromkeys(cases)]
    save("speed", "growth", configure("M2"), rows)
    show(rows)


def measure(width: int, depth: int, batch: int, rounds: int) -> dict[str, Any]:
    """One stack as plain blocks, as units, as straight units."""
    x = torch.randn(batch, width, SIDE, SIDE).contiguous(memory_format=torch.channels_last)

    def convolution() -> nn.Conv2d:
        return nn.Conv2d(width, width, 3, padding=1)

    stacks = {
        "plain": nn.Sequential(*(Block(convolution(), "bn_pre") for _ in range(depth))),
        "unit": nn.Sequential(*(MultiGatedUnit(convolution()) for _ in range(depth))),
        "straight": nn.Sequential(*(StraightUnit(MultiGatedUnit(convolution())) for _ in range(depth))),
    }
    for name in ("plain", "unit"):
        stacks[name].to(memory_format=torch.channels_last)
    seconds = in_turns({name: _pass_of(stack, x) for name, stack in stacks.items()}, rounds)
    return {
        "width": width,
        "depth": depth,
        "batch": batch,
        "unit_to_plain": ratio(seconds, "unit", "plain"),
        "straight_to_unit": ratio(seconds, "straight", "unit"),
        "seconds": {name: describe(values) for name, values in seconds.items()},
    }


def _pass_of(stack: nn.Module, x: Tensor) -> Callable[[], None]:
    def forward_and_backward() -> None:
        stack.zero_grad()
        stack(x).sum().backward()

    return forward_and_backward


def show(rows: list[dict[str, Any]]) -> None:
    table = Table("width", "depth", "batch", "unit / plain block", "straight / unit")
    for row in rows:
        ratios = (f"{row['unit_to_plain']:.2f}", f"{row['straight_to_unit']:.2f}")
        table.add_row(str(row["width"]), str(row["depth"]), str(row["batch"]), *ratios)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
