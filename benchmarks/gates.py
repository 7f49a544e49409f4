"""What each kind of gate and bypass costs beside the plain baseline: parameters, FLOPs and training steps.

    .venv/bin/python benchmarks/gates.py [--layouts C7,C10,C15] [--kinds channel/padded,...] [--timed C7,C10]
        [--rounds 10] [--batch 64] [--threads 1] [--name gates]

The baseline is bn_pre without residual. A step is forward, loss, backward and update, one image batch of random values;
unit and baseline take it in turns, one kind at a time, for all kinds together would not fit into memory. Layouts that
are not timed are counted only. Rows are filed one by one: a partial run replaces what it measures.
"""

from __future__ import annotations

import argparse
import gc
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from cells import kept
from filed import with_filed
from models import build_net, configure, images_of, train_step
from names import names_among
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, save, spread
from torch import nn

from mgu.config.run import RunConfig
from mgu.factory.learner import build_learner
from mgu.factory.model import build_model, count_flops
from mgu.factory.resolved_run import resolve
from mgu.models.convnet import count_keras, count_trainable
from mgu.native.malloc import keep_freed_memory
from mgu.unit.wiring import BYPASS_KINDS, GATE_KINDS

LAYOUTS = ("C7", "C10", "C15")
KINDS = tuple(f"{gate}/{bypass}" for gate in GATE_KINDS for bypass in BYPASS_KINDS)
BASELINE = ("norm=bn_pre", "residual=without")
AIM = 1.5  # times the baseline's parameters, at most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layouts", default=",".join(LAYOUTS))
    parser.add_argument("--kinds", type=partial(names_among, KINDS), default=",".join(KINDS))
    parser.add_argument("--timed", default=",".join(LAYOUTS))
    add_rounds(parser, default=10)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--name", default="gates", help="of the part in results/gates/data.json")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    wanted = [*itertools.product(options.layouts.split(","), options.kinds.split(","))]
    rows: list[dict[str, Any]] = []
    for layout, kind in wanted:
        rounds = options.rounds if layout in options.timed.split(",") else 0
        gate, bypass = kind.split("/")
        rows.append(measure(layout, gate, bypass, options.batch, rounds))
        gc.collect()
        all_rows = with_filed("gates", options.name, rows, "layout", "gate", "bypass")
        save("gates", options.name, configure(layout, *BASELINE), all_rows)
    show(all_rows)


def measure(layout: str, gate: str, bypass: str, batch: int, rounds: int) -> dict[str, Any]:
    """One kind of unit beside the baseline of its layout."""
    unit = configure(layout, "mgu=equations", f"mgu.gate={gate}", f"mgu.bypass={bypass}")
    plain = configure(layout, *BASELINE)
    sizes = {name: size_of(config) for name, config in (("unit", unit), ("baseline", plain))}
    row = {
        "layout": layout,
        "gate": gate,
        "bypass": bypass,
        "sizes": sizes,
        "identities": count_identities(unit),
        "params_to_baseline": sizes["unit"]["params_keras"] / sizes["baseline"]["params_keras"],
        "flops_to_baseline": sizes["unit"]["flops"] / sizes["baseline"]["flops"],
    }
    if not rounds:
        return row
    steps = in_turns({"unit": step_of(unit, batch), "baseline": step_of(plain, batch)}, rounds, warm_up=1)
    return row | {
        "batch": batch,
        "step_to_baseline": spread(steps, "unit", "baseline"),
        "steps": {name: describe(seconds) for name, seconds in steps.items()},
    }


def size_of(config: RunConfig) -> dict[str, Any]:
    """In Keras' sense and ours, and FLOPs of one image's forward pass."""
    with torch.device("meta"):
        model = build_model(resolve(config))
    return {
        "params_keras": count_keras(model),
        "params_trainable": count_trainable(model),
        "flops": count_flops(resolve(config)),
    }


def count_identities(config: RunConfig) -> str:
    """In how many layers the bypass is x itself: where the layer changes its shape, identity is a projection."""
    with torch.device("meta"):
        bypasses = [block.bypass for block in build_net(config).blocks]
    return f"{sum(isinstance(bypass, nn.Identity) for bypass in bypasses)} of {len(bypasses)}"


def step_of(config: RunConfig, batch: int) -> Callable[[], None]:
    """A training step as the run takes it."""
    learner = build_learner(resolve(config))
    x = torch.rand(batch, *images_of(config).image_shape).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(images_of(config).num_classes, (batch,))
    return lambda: train_step(learner.model, learner.optimizer, x, labels)


def show(rows: list[dict[str, Any]]) -> None:
    table = Table(
        title=f"beside bn_pre without residual; {torch.get_num_threads()} thread(s), medians in turns",
        caption=kept(rows) or None,
    )
    for title in (
        "layout",
        "gate",
        "bypass",
        "identities",
        "parameters",
        "FLOPs",
        "training step (quartiles)",
        f"<= {AIM}x",
    ):
        table.add_column(title)
    for row in rows:
        ratios = (
            f"{row['params_to_baseline']:.2f}x",
            f"{row['flops_to_baseline']:.2f}x",
            row.get("step_to_baseline", "-"),
        )
        is_met = "met" if row["params_to_baseline"] <= AIM else "no"
        table.add_row(row["layout"], row["gate"], row["bypass"], row["identities"], *ratios, is_met)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
