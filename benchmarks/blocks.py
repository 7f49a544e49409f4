"""Blocks of baselines, lean units and the paper's unit against their convolutions alone, and against one another.

    .venv/bin/python benchmarks/blocks.py [--layouts M2,M3,M4,C7,C10] [--rounds 30] [--threads 2] [--processor-time]

All ways take turns in one run. A step is mgu/train/step.py on images in memory, with Nadam in one pass. "Alone" are
torch's own convolutions, forward and backward, and nothing else: those of the baseline, or for the paper's unit ones
seven times as wide. Ratios of medians, with the quartiles of the ratios by round; the bars are those of the project.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from filed import with_filed
from models import Floor, configure, images_of, pass_of, units_of
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, ratio, save, spread
from torch import Tensor, nn
from units import saved_bytes

from mgu.config.run import RunConfig
from mgu.factory.learner import build_optimizer
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.layers.normalization import BatchNorm
from mgu.models.convnet import ConvNet
from mgu.native.malloc import keep_freed_memory
from mgu.train.step import Step

BATCH = 64
MODELS = {"bn_pre": "norm=bn_pre", "ln": "norm=ln", "lean": "mgu=lean"}
RATIOS = {  # by title: what is divided by what
    "bn_pre step / alone": ("bn_pre", "alone"),
    "ln step / alone": ("ln", "alone"),
    "lean step / bn_pre step": ("lean", "bn_pre"),
    "unit / alone": ("unit", "seven times as wide, alone"),
}
SAVED = "saved, bn_pre / torch's"
BARS: dict[str, dict[str, float]] = {
    "bn_pre step / alone": {"M2": 2.0, "M3": 1.5, "M4": 1.4},
    "ln step / alone": {"M2": 2.0, "M3": 1.5, "M4": 1.4},
    "lean step / bn_pre step": dict.fromkeys(("M2", "M3", "M4", "C7", "C10"), 1.15),
    "unit / alone": {"M2": 1.5, "M3": 1.2, "M4": 1.12, "C7": 1.10, "C10": 1.05},
    SAVED: dict.fromkeys(("M2", "M3", "M4", "C7", "C10"), 0.6),
}


def main() -> None:
    options, clock = read_options(__doc__, "M2,M3,M4,C7,C10")
    rows = [measure(layout, options.rounds, clock) for layout in options.layouts.split(",")]
    if not options.no_save:
        save("speed", "blocks", configure("M2"), with_filed("speed", "blocks", rows, "layout"))
    show(rows)


def read_options(description: str | None, layouts: str) -> tuple[argparse.Namespace, Callable[[], float]]:
    """Reads the command line of a benchmark of steps, prepares torch, and returns the clock to be used as well."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layouts", default=layouts)
    add_rounds(parser, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processor-time", action="store_true", help="of one thread: for a machine with other work")
    parser.add_argument("--no-save", action="store_true", help="do not file the rows below results/")
    options = parser.parse_args()
    torch.set_num_threads(1 if options.processor_time else options.threads)
    keep_freed_memory()  # as mgu-run does
    return options, time.thread_time if options.processor_time else time.perf_counter


class Images:
    """As many random images as a batch has, in memory."""

    def __init__(self, config: RunConfig) -> None:
        self.device = torch.device("cpu")
        self.images = torch.rand(BATCH, *images_of(config).image_shape)
        self.labels = torch.randint(10, (BATCH,))

    def __len__(self) -> int:
        return BATCH

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Gathers a batch, as data sets in memory do."""
        return self.images[index], self.labels[index]


def measure(layout: str, rounds: int, clock: Callable[[], float]) -> dict[str, Any]:
    """Everything about one layout."""
    configs = {name: configure(layout, word) for name, word in MODELS.items()}
    data = Images(configs["bn_pre"])
    steps = {name: step_of(config, data) for name, config in configs.items()}
    net = steps["bn_pre"].model
    assert isinstance(net, ConvNet)
    blocks = net.blocks
    unit = units_of(configure(layout, "mgu=equations"), "native")
    ways: dict[str, Callable[[], object]] = {
        **{name: partial(step, torch.randperm(BATCH)) for name, step in steps.items()},
        "alone": Floor(list(blocks), data.images, times=1),
        "unit": pass_of(unit, data.images, torch.randn_like(unit(data.images))),
        "seven times as wide, alone": Floor(list(unit), data.images),
    }
    seconds = in_turns(ways, rounds, clock=clock)
    return {
        "layout": layout,
        "ratios": {title: ratio(seconds, *pair) for title, pair in RATIOS.items()}
        | {SAVED: saved_bytes(blocks, data.images) / saved_bytes(plain_of(blocks), data.images)},
        "spreads": {title: spread(seconds, *pair) for title, pair in RATIOS.items()},
        "seconds": {name: describe(own) for name, own in seconds.items()},
    }


def step_of(config: RunConfig, data: Images) -> Step:
    """A training step of a configuration, as `mgu-run` builds it."""
    resolved = resolve(config)
    torch.manual_seed(0)
    model = build_model(resolved).to(memory_format=torch.channels_last)
    step = Step(model, data, resolved.task, build_optimizer(config, model))  # type: ignore[arg-type]
    step.begin()
    return step


def plain_of(blocks: nn.Module) -> nn.Sequential:
    """The same stack of torch's own modules."""
    parts: list[nn.Module] = []
    for block in blocks:  # type: ignore[attr-defined]
        assert isinstance(block.pre, BatchNorm)
        parts += [block.layer, nn.BatchNorm2d(len(block.pre.weight)), nn.SELU()]
    return nn.Sequential(*parts)


def show(rows: list[dict[str, Any]]) -> None:
    table = Table(
        title=f"batch {BATCH}, {torch.get_num_threads()} threads, medians in turns (quartiles): at most the bar"
    )
    for title in ("layout", *BARS):
        table.add_column(title)
    for row in rows:
        table.add_row(row["layout"], *(_cell(row, title) for title in BARS))
    Console(width=200).print(table)


def _cell(row: dict[str, Any], title: str) -> str:
    """A ratio beside its bar, where it has one."""
    value, bar = row["ratios"][title], BARS[title].get(row["layout"])
    text = row["spreads"].get(title, f"{value:.2f}")
    return text if bar is None else f"{text} <= {bar} {'met' if value <= bar else 'NOT MET'}"


if __name__ == "__main__":
    main()
