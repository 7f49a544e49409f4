"""The unit against the straight version and against the floor, on the layouts of the paper.

    .venv/bin/python benchmarks/units.py [--layouts M2,M3,M4,C7,C10] [--rounds 30] [--threads 2] [--default-malloc]

Forward and backward of the stack of units, whole training steps of the model (ours with Nadam in one pass, and once
more with torch's), and what autograd keeps between forward and backward. Ratios of medians, with the quartiles of the
ratios round by round; the bars are those of the project.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import torch
from filed import with_filed
from models import Floor, configure, images_of, pass_of, step_of, straight_units_of, units_of
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, ratio, save, spread
from torch import Tensor, nn

from mgu.native.malloc import keep_freed_memory

BATCH = 64
BARS = {  # to the floor at most, the step at least, saved activations at most
    "M2": (1.5, 3.5, 0.38),
    "M3": (1.5, 2.3, 0.38),
    "M4": (1.25, 1.75, 0.36),
    "C7": (1.25, 1.4, 0.36),
    "C10": (1.25, 1.15, 0.36),
}
ENGINES = ("native", "packed", "eager")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layouts", default=",".join(BARS))
    add_rounds(parser, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--default-malloc", action="store_true", help="do not keep freed memory, as mgu-run does")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if not options.default_malloc:
        keep_freed_memory()
    rows = [measure(layout, options.rounds) for layout in options.layouts.split(",")]
    part = "units_default_malloc" if options.default_malloc else "units"
    save("speed", part, configure("M2", "mgu=equations"), with_filed("speed", part, rows, "layout"))
    show(rows)


def measure(layout: str, rounds: int) -> dict[str, Any]:
    """Everything about one layout, two layers to ten."""
    config = configure(layout, "mgu=equations")
    x = torch.rand(BATCH, *images_of(config).image_shape)
    stacks = {"straight": straight_units_of(config), **{engine: units_of(config, engine) for engine in ENGINES}}
    direction = torch.randn_like(stacks["native"](x))
    passes: dict[str, Callable[[], object]] = {"floor": Floor(list(stacks["native"]), x)}
    units = in_turns(passes | {name: pass_of(stack, x, direction) for name, stack in stacks.items()}, rounds)
    saved = {name: saved_bytes(stack, x) for name, stack in stacks.items()}
    ways = {name: step_of(stack, x, one_pass=name == "native") for name, stack in stacks.items()}
    ways["native, torch's Nadam"] = step_of(stacks["native"], x, one_pass=False)
    steps = in_turns(ways, rounds)
    return {
        "layout": layout,
        "to_floor": ratio(units, "native", "floor"),
        "to_floor_spread": spread(units, "native", "floor"),
        "straight_to_native": spread(units, "straight", "native"),
        "step_straight_to_native": ratio(steps, "straight", "native"),
        "step_spread": spread(steps, "straight", "native"),
        "step_straight_to_native_with_torchs_nadam": spread(steps, "straight", "native, torch's Nadam"),
        "step_eager_to_native": spread(steps, "eager", "native"),
        "step_eager_to_packed": spread(steps, "eager", "packed"),
        "saved_to_straight": saved["native"] / saved["straight"],
        "saved_to_eager": saved["native"] / saved["eager"],
        "saved_mib": {name: size / 2**20 for name, size in saved.items()},
        "units": {name: describe(seconds) for name, seconds in units.items()},
        "steps": {name: describe(seconds) for name, seconds in steps.items()},
    }


def saved_bytes(stack: nn.Module, x: Tensor) -> int:
    """Of all storages that autograd keeps, parameters and the images left out."""
    stack(x)  # has parameters lie where they will lie
    known = {tensor.untyped_storage().data_ptr() for tensor in (x, *stack.parameters())}
    storages: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = stack(x)
    del out
    return sum(storages.values())


def show(rows: list[dict[str, Any]]) -> None:
    table = Table(title=f"batch {BATCH}, {torch.get_num_threads()} threads, medians in turns (quartiles)")
    for title in ("layout", "unit / floor", "straight / unit", "step: straight / ours", "step: eager / ours"):
        table.add_column(title)
    for title in ("saved / straight", "saved / eager", "bars: floor, step, saved"):
        table.add_column(title)
    for row in rows:
        floor, step, saved = BARS.get(row["layout"], (float("inf"), 0.0, 1.0))
        met = (row["to_floor"] <= floor, row["step_straight_to_native"] >= step, row["saved_to_straight"] <= saved)
        bars = zip((f"<= {floor}", f">= {step}", f"<= {saved}"), met, strict=True)
        table.add_row(
            row["layout"],
            *(row[key] for key in ("to_floor_spread", "straight_to_native", "step_spread", "step_eager_to_native")),
            f"{row['saved_to_straight']:.2f}",
            f"{row['saved_to_eager']:.2f}",
            ", ".join(f"{bar} {'met' if is_met else 'NOT MET'}" for bar, is_met in bars),
        )
    Console(width=200).print(table)


if __name__ == "__main__":
    main()
