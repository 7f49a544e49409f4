"""Steps a second on the GPU, of ours and of a careful eager loop with the data on the device, in turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from epochs import PLAIN, plain_model
from models import StraightUnit, configure, train_step
from side_by_side import describe, in_turns, ratio, spread
from torch import Tensor, nn

from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.images.images import Images
from mgu.factory.device import allow_tf32
from mgu.factory.learner import build_learner, build_step_wrapper
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.train.step import Step

BATCH = 64
UNIT = ("mgu=equations",)
BARS = {"M2": 10.0, "M3": 10.0, "M4": 10.0, "C7": 5.0, "C10": 2.0}  # unit: straight / ours, at least


def measure_speed(is_smoke: bool) -> dict[str, Any]:
    """Every layout of the bars, units and baselines, in full float32 on both sides."""
    steps, rounds, layouts = (2, 2, ["M2"]) if is_smoke else (100, 15, list(BARS))
    device = torch.device("cpu" if is_smoke else "cuda")
    allow_tf32(False)
    return {"steps_per_round": steps, "rows": [measure(layout, device, steps, rounds) for layout in layouts]}


def measure(layout: str, device: torch.device, steps: int, rounds: int) -> dict[str, Any]:
    """One layout: straight and plain loops; ours as a graph, and kernel by kernel."""
    unit, plain = configure(layout, *UNIT), configure(layout, *PLAIN)
    images = open_dataset(unit.dataset).splits.train.subset(torch.arange(64 * BATCH)).to(device)
    ways = {
        "unit, straight": straight(straight_model(unit), images),
        "unit, graph": ours(unit, images, device),
        "unit, eager step": ours(configure(layout, *UNIT, "step=eager"), images, device),
        "plain torch": straight(plain_model(plain), images),
        "baseline, graph": ours(plain, images, device),
        "baseline, eager step": ours(configure(layout, *PLAIN, "step=eager"), images, device),
    }
    order = torch.randperm(len(images)).to(device)
    batches = [order[start : start + BATCH] for start in range(0, len(images), BATCH)]
    seconds = in_turns({name: repeated(way, batches, steps) for name, way in ways.items()}, rounds)
    reached = ratio(seconds, "unit, straight", "unit, graph")
    return {
        "layout": layout,
        "unit: straight / ours": spread(seconds, "unit, straight", "unit, graph"),
        "baseline: plain / ours": spread(seconds, "plain torch", "baseline, graph"),
        "bar": BARS[layout],
        "is_met": reached >= BARS[layout],
        "step_ms": {name: describe(values)["median_s"] / steps * 1e3 for name, values in seconds.items()},
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
    model.blocks = nn.Sequential(*(StraightUnit(unit) for unit in model.blocks))  # type: ignore[arg-type,union-attr]
    return model
