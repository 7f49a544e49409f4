"""What it costs to compute with numbers below 1.2e-38, and that runs take them for zero: the same training with both.

    .venv/bin/python benchmarks/subnormals.py [--rounds 7]

Processors compute with subnormal numbers many times as slowly. They come up in training by themselves: this trains
until they have, once with and once without them, and times both in turns on one thread.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

import torch
from epochs import first_images, our_epoch
from models import configure
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, ratio, save, spread
from torch import nn

from mgu.factory.device import flush_subnormals
from mgu.native.malloc import keep_freed_memory
from mgu.train.nadam import build_nadam

KEPT, FLUSHED = "kept", "taken for zero"
IMAGES, EPOCHS = 6400, 16  # after which the paper's unit of four layers has gates that are closed
WEIGHTS, STEPS = 200_000, 2_000  # without a gradient after the first step, as the embedding of somebody who is gone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rounds(parser, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)  # the setting is that of a thread
    keep_freed_memory()
    cases = {
        f"epoch of the paper's unit, four layers, after {EPOCHS}": (trained_unit, EPOCHS),
        f"update of weights without a gradient, after {STEPS:,}": (update_without_gradient, STEPS),
    }
    rows = [measure(what, build, number, options.rounds) for what, (build, number) in cases.items()]
    save("speed", "subnormals", configure("M4"), rows)
    show(rows)


def measure(what: str, build: Callable[[], Callable[[], object]], number: int, rounds: int) -> dict[str, Any]:
    """One case: first so often with each setting, each from its own start, then in turns."""
    ways = {name: with_setting(name, build()) for name in (KEPT, FLUSHED)}
    begun: Mapping[str, list[float]] = in_turns({f"{name}, at first": way for name, way in ways.items()}, 3, warm_up=1)
    for way in ways.values():
        for _ in range(number - 4):
            way()
    seconds = {**begun, **in_turns(ways, rounds, warm_up=0)}
    return {
        "what": what,
        "at_first": ratio(seconds, f"{KEPT}, at first", f"{FLUSHED}, at first"),
        "later": ratio(seconds, KEPT, FLUSHED),
        "later_with_quartiles": spread(seconds, KEPT, FLUSHED),
        "seconds": {name: describe(own) for name, own in seconds.items()},
    }


def with_setting(name: str, way: Callable[[], object]) -> Callable[[], None]:
    """The same with subnormal numbers kept, as torch does, or taken for zero, as runs do."""

    def run() -> None:
        if name == FLUSHED:
            flush_subnormals()
        else:
            torch.set_flush_denormal(False)
        way()

    return run


def trained_unit() -> Callable[[], object]:
    """Epochs of the paper's unit on MNIST, as `mgu-run` trains."""
    config = configure("M4", "mgu=reference")
    return our_epoch(config, first_images(config, IMAGES))


def update_without_gradient() -> Callable[[], object]:
    """Nadam's updates of weights that had one gradient and never again."""
    torch.manual_seed(0)
    weights = nn.Parameter(torch.randn(WEIGHTS))
    weights.grad = 0.01 * torch.randn(WEIGHTS)
    optimizer = build_nadam([weights], 0.01, 0.9, 0.999, 1e-7, 0.004)
    optimizer.step()
    weights.grad.zero_()
    return optimizer.step


def show(rows: list[dict[str, Any]]) -> None:
    table = Table("what", "kept / taken for zero, at first", "later (quartiles)")
    for row in rows:
        table.add_row(row["what"], f"{row['at_first']:.2f}", row["later_with_quartiles"])
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
