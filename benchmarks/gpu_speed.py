"""Training steps on a GPU by every engine, and by a careful eager loop with the data on the device, in turns.

    .venv/bin/python benchmarks/gpu_speed.py --out FILE [--smoke]

FILE gets a row for each model, as soon as it is measured; models that are there already are skipped. Float32 on both
sides, without TF32. --smoke computes tiny layers on the CPU, kernels by Triton's interpreter (TRITON_INTERPRET=1).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from epochs import PLAIN, plain_model
from models import LAYOUTS, StraightUnit, configure, train_step
from side_by_side import Seconds, describe, in_turns, ratio, spread
from torch import Tensor, nn

from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.images.images import Images
from mgu.factory.device import allow_tf32
from mgu.factory.learner import build_learner, build_step_wrapper
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.train.step import Step

UNIT, LEAN = ("mgu=equations",), ("mgu=lean",)
WAYS = {  # by the words that configure them
    "eager, graph": ("engine=eager", "step=graph"),
    "packed, graph": ("engine=packed", "step=graph"),
    "triton": ("engine=native", "step=eager"),
    "triton, graph": ("engine=native", "step=graph"),
}
LOOP, OURS = "eager loop", "triton, graph"


class Model(NamedTuple):
    """What is measured: a layout of models.py and a kind of block; the bar is eager loop / ours, at least."""

    layout: str
    words: tuple[str, ...]
    bar: float | None = None


MODELS = {
    "unit of M4": Model("M4", UNIT, 10.0),
    "unit of C7": Model("C7", UNIT, 5.0),
    "bn_pre of M4": Model("M4", PLAIN),
    "bn_pre of C7": Model("C7", PLAIN),
    "lean unit of M4": Model("M4", LEAN),
    "lean unit of C7": Model("C7", LEAN),
}
LAYOUTS["D1"] = ("digits", "digits_2")  # for --smoke, cut to one layer
SMOKE_MODELS = {
    f"{name} of D1": Model("D1", (*words, "layout.num_layers=1"))
    for name, words in [("unit", UNIT), ("bn_pre", PLAIN), ("lean unit", LEAN)]
}


class Scale(NamedTuple):
    """How much is measured."""

    device: torch.device
    batch: int
    steps: int  # between two looks at the clock
    rounds: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    scale = Scale(torch.device("cpu"), 2, 1, 2) if options.smoke else Scale(torch.device("cuda"), 64, 50, 11)
    allow_tf32(False)
    rows: list[dict[str, Any]] = json.loads(options.out.read_text()) if options.out.exists() else []
    for name, model in (SMOKE_MODELS if options.smoke else MODELS).items():
        if not any(row["model"] == name for row in rows):
            rows.append({"model": name} | measure(model, scale, is_smoke=options.smoke))
            options.out.write_text(json.dumps(rows, indent=1))
            print(f"{name}: {rows[-1]['eager loop / ours']} (bar {model.bar}: {rows[-1]['verdict']})", flush=True)


def measure(model: Model, scale: Scale, is_smoke: bool) -> dict[str, Any]:
    """One model by every way that it has."""
    config = configure(model.layout, *model.words)
    is_plain = config.mgu is None
    is_packable = config.mgu is not None and config.mgu.gate == "replica"
    images = open_dataset(config.dataset).splits.train.subset(torch.arange(8 * scale.batch)).to(scale.device)
    assert isinstance(images, Images)
    loops = {LOOP: straight(plain_model(config) if is_plain else straight_model(config), images)}
    for name, how in WAYS.items():
        if "engine=packed" in how and not is_packable:
            continue
        engine, step = how[0], "step=eager" if is_smoke else how[1]  # nothing can be recorded on a CPU
        loops[name] = ours(configure(model.layout, *model.words, engine, step), images, scale.device)
    order = torch.randperm(len(images)).to(scale.device)
    batches = [*order.split(scale.batch)]
    seconds = in_turns({name: repeated(way, batches, scale.steps) for name, way in loops.items()}, scale.rounds)
    return describe_row(seconds, model.bar, scale.steps)


def describe_row(seconds: Seconds, bar: float | None, steps: int) -> dict[str, Any]:
    """Milliseconds a step by way, how many times as fast ours is, and whether that reaches the bar."""
    reached = ratio(seconds, LOOP, OURS)
    return {
        "step_ms": {name: describe(values)["median_s"] / steps * 1e3 for name, values in seconds.items()},
        "eager loop / ours": spread(seconds, LOOP, OURS),
        "by way": {f"{LOOP} / {name}": spread(seconds, LOOP, name) for name in seconds if name != LOOP},
        "bar": bar,
        "verdict": "no bar" if bar is None else "met" if reached >= bar else "NOT MET",
    }


def repeated(step: Callable[[Tensor], None], batches: list[Tensor], count: int) -> Callable[[], None]:
    """So many steps, and the device done with them."""

    def run() -> None:
        for index in range(count):
            step(batches[index % len(batches)])
        if batches[0].is_cuda:
            torch.cuda.synchronize()

    return run


def ours(config: RunConfig, images: Images, device: torch.device) -> Callable[[Tensor], None]:
    """As `mgu-run` trains, the schedule included."""
    learner = build_learner(resolve(config.model_copy(update={"device": str(device)})))
    step = build_step_wrapper(config, learner.optimizer)(Step(learner.model, images, learner.task, learner.optimizer))
    step.begin()

    def train(index: Tensor) -> None:
        step(index)
        learner.schedule.step()

    return train


def straight(model: nn.Module, images: Images) -> Callable[[Tensor], None]:
    """Eager, in torch's default memory order, with torch's own optimizer as it comes."""
    model.to(images.labels.device)
    optimizer = torch.optim.NAdam(model.parameters(), lr=1e-3)

    def train(index: Tensor) -> None:
        inputs, labels = images.batch(index)
        train_step(model, optimizer, inputs.contiguous(), labels)

    return train


def straight_model(config: RunConfig) -> nn.Module:
    """Straight units and the same read-out."""
    torch.manual_seed(0)
    model = build_model(resolve(config))
    model.blocks = nn.Sequential(*(StraightUnit(unit) for unit in model.blocks))  # type: ignore[union-attr]
    return model


if __name__ == "__main__":
    main()
