"""Where the time of a training step goes: convolutions, the rest of the blocks, read-out and loss, update, and Python.

    .venv/bin/python benchmarks/step_parts.py [--layouts M2,M3,M4,C7] [--rounds 30] [--threads 2] [--processor-time]

Four ways take turns, each of which does all that the one before it does: torch's own convolutions, forward and
backward; the blocks; the model with its loss; the whole step of mgu/train/step.py. A part is the difference of two
medians, as a share of the step. "One image" is the whole step on a batch of one: what a step costs whatever its
arithmetic, hence Python, autograd and the calls of operators. It lies across the parts and is not one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from blocks import BATCH, MODELS, Images, read_options, step_of
from filed import with_filed
from models import Floor, configure, pass_of
from rich.console import Console
from rich.table import Table
from side_by_side import describe, in_turns, save
from torch import nn

PARTS = ("convolutions", "norms, activations, gates", "read-out and loss", "update, data and counting")
ONE = "one image"


def main() -> None:
    """Measures, files and prints the parts of every layout and model."""
    options, clock = read_options(__doc__, "M2,M3,M4,C7")
    rows = [measure(layout, name, options.rounds, clock) for layout in options.layouts.split(",") for name in MODELS]
    if not options.no_save:
        save("speed", "step_parts", configure("M2"), with_filed("speed", "step_parts", rows, "layout", "model"))
    show(rows)


def measure(layout: str, name: str, rounds: int, clock: Callable[[], float]) -> dict[str, Any]:
    """Returns the parts of the step of one model, in shares of the step."""
    config = configure(layout, MODELS[name])
    data = Images(config)
    step = step_of(config, data)
    blocks: nn.Module = step.model.blocks  # type: ignore[assignment]
    ways: dict[str, Callable[[], object]] = {
        PARTS[0]: Floor(list(blocks), data.images, times=1),  # type: ignore[call-overload]
        PARTS[1]: pass_of(blocks, data.images, torch.randn_like(blocks(data.images))),
        PARTS[2]: partial(loss_of, step.model, data),
        PARTS[3]: partial(step, torch.randperm(BATCH)),
        ONE: partial(step, torch.zeros(1, dtype=torch.int64)),
    }
    seconds = {way: describe(own) for way, own in in_turns(ways, rounds, clock=clock).items()}
    medians = [0.0, *(seconds[part]["median_s"] for part in PARTS)]
    whole = medians[-1]
    return {
        "layout": layout,
        "model": name,
        "shares": {
            part: (after - before) / whole for part, (before, after) in zip(PARTS, pairwise(medians), strict=True)
        }
        | {ONE: seconds[ONE]["median_s"] / whole},
        "seconds": seconds,
    }


def loss_of(model: nn.Module, data: Images) -> None:
    """Computes the loss and its gradients."""
    model.zero_grad()
    F.cross_entropy(model(data.images), data.labels).backward()


def show(rows: list[dict[str, Any]]) -> None:
    """Prints the shares."""
    table = Table(title=f"batch {BATCH}, {torch.get_num_threads()} threads, medians in turns: shares of a step [%]")
    for title in ("layout", "model", *PARTS, ONE):
        table.add_column(title)
    for row in rows:
        shares = (f"{100 * row['shares'][title]:.0f}" for title in (*PARTS, ONE))
        table.add_row(row["layout"], row["model"], *shares)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
