"""A training step of networks of random graphs by both engines, and by their convolutions alone: in turns, one thread.

    .venv/bin/python benchmarks/nago_step.py [--rounds 40] [--no-save]

Points of the space `nago=tiny` drawn uniformly, images of the digits from memory to the update, as `mgu-run` trains
them. "Alone" are torch's own convolutions with channels last, forward and backward, and nothing else. The time is that
of the processor: whatever else the machine does is not in it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import torch
from models import configure
from rounds import add_rounds
from side_by_side import describe, in_turns, ratio, save, spread
from torch import Tensor, nn

from mgu.config.run import RunConfig
from mgu.factory.learner import build_learner, build_step_options
from mgu.factory.model import count_flops
from mgu.factory.resolved_run import resolve
from mgu.native.malloc import keep_freed_memory
from mgu.search.spaces.nago import NEIGHBOURS, PRESETS
from mgu.train.step import Step

BATCH, POINTS = 64, 8
LEVELS = ("top", "mid", "bottom")
WORDS = ("dataset=digits", "dataset.split=holdout", "training.label_smoothing=0.1")
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rounds(parser, default=40)
    parser.add_argument("--no-save", action="store_true", help="do not file the rows below results/")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as mgu-run does; all ways gain
    points = draw_points(POINTS)
    rows = sorted((measure(point, options.rounds) for point in points), key=lambda row: int(row["operations"]))
    if not options.no_save:
        save("speed", "nago_step", configure("nago_tiny", *WORDS), rows)
    for row in rows:
        print(f"{row['operations']:3} operations  modules / one function {row['eager_to_native']}  "
              f"one function / alone {row['native_to_alone']:.2f}  {1e3 * row['seconds']['native']['median_s']:.2f} ms"
              )  # fmt: skip


def draw_points(count: int) -> list[list[str]]:
    """Returns points of the space, drawn uniformly."""
    random = Random(1)
    _, top, mid, bottom = PRESETS["tiny"]
    return [
        [
            *(
                f"layout.{level}_nodes={random.randint(*bounds)}"
                for level, bounds in zip(LEVELS, (top, mid, bottom), strict=True)
            ),
            *(f"layout.{level}_neighbours={random.choice(NEIGHBOURS)}" for level in ("top", "bottom")),
            *(f"layout.{level}_rewired={random.uniform(0.1, 1):.4f}" for level in ("top", "bottom")),
            f"layout.mid_joined={random.uniform(0.2, 1):.4f}",
        ]
        for _ in range(count)
    ]


def measure(point: list[str], rounds: int) -> Row:
    """Times one network."""
    configs = {engine: configure("nago_tiny", *WORDS, *point, f"engine={engine}") for engine in ("eager", "native")}
    ways: dict[str, Callable[[], object]] = {engine: step_of(config) for engine, config in configs.items()}
    alone = convolutions_of(configs["eager"])
    seconds = in_turns({**ways, "alone": partial(convolve, alone)}, rounds, clock=time.process_time)
    flops = count_flops(resolve(configs["eager"]))
    assert flops
    return {
        "point": [word.removeprefix("layout.") for word in point],
        "operations": len(alone),
        "mflop": flops / 1e6,
        "eager_to_native": spread(seconds, "eager", "native"),
        "native_to_alone": ratio(seconds, "native", "alone"),
        "seconds": {name: describe(own) for name, own in seconds.items()},
    }


def step_of(config: RunConfig) -> Callable[[], None]:
    """Returns a function that trains on other images every time."""
    resolved = resolve(config)
    learner = build_learner(resolved)
    data = resolved.splits.train
    step = Step(learner.model, data, resolved.task, learner.optimizer, options=build_step_options(config))
    step.begin()
    return lambda: step(torch.randint(len(data), (BATCH,)))


Convolutions = list[tuple[nn.Conv2d, Tensor, Tensor]]


def convolutions_of(config: RunConfig) -> Convolutions:
    """Returns every convolution of a network with its input in a batch, and a gradient of its output."""
    found: Convolutions = []

    def see(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert isinstance(layer, nn.Conv2d)
        x = inputs[0].detach().contiguous(memory_format=torch.channels_last)
        found.append((layer, x.requires_grad_(len(found) > 0), torch.randn_like(output)))

    resolved = resolve(config)
    model = build_learner(resolved).model
    handles = [own.register_forward_hook(see) for own in model.modules() if isinstance(own, nn.Conv2d)]
    model(resolved.splits.train.batch(torch.arange(BATCH))[0])
    for handle in handles:
        handle.remove()
    return found


def convolve(convolutions: Convolutions) -> None:
    """Computes each forward and backward."""
    for layer, x, direction in convolutions:
        layer.weight.grad = x.grad = None
        layer(x).backward(direction)


if __name__ == "__main__":
    main()
