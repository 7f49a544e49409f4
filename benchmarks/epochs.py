"""Epochs of whole networks, images to updates: ours, and what people write or use instead, in turns.

    .venv/bin/python benchmarks/epochs.py [--layouts M2,M3,M4] [--images 6400] [--rounds 7] [--threads 2]

Peers: a plain loop over torchvision's data set with ToTensor for each image and a DataLoader without workers, which on
two cores is faster than with; Lightning on the same DataLoader; Keras
on TensorFlow (a process of its own that answers in turn). All train the same layout with Nadam at batch 64 on as many
real MNIST images (MGU_DATA or the cache; Keras has random ones of the same shape, its time does not depend on them).
"""

from __future__ import annotations

import argparse
import json
import logging
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from models import configure, train_step
from rich.console import Console
from rich.table import Table
from side_by_side import Worker, describe, in_turns, ratio, save, spread
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

from mgu.cli.exit_codes import exit_codes
from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.factory.learner import build_learner
from mgu.factory.resolved_run import resolve
from mgu.native.malloc import keep_freed_memory
from mgu.train.loop import train_epoch
from mgu.train.step import Step

BATCH = 64
PLAIN, UNIT = ("norm=bn_pre", "residual=without"), ("mgu=reference",)
BARS = {"M2": 4.0, "M3": 2.2, "M4": 1.7}  # plain loop / ours, at least
KERAS_BARS = {"M4": (1.4, 1.05)}  # Keras / ours, unit and plain, at least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layouts", default="M2,M3,M4")
    parser.add_argument("--images", type=int, default=6400)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()  # as mgu-run does; all ways gain
    rows = [measure(layout, options.images, options.rounds) for layout in options.layouts.split(",")]
    save("speed", "epochs", configure("M2"), rows)
    show(rows)


def measure(layout: str, images: int, rounds: int) -> dict[str, Any]:
    """One layout: every way to train its baseline and its unit for an epoch."""
    config = configure(layout, *PLAIN)
    ours = our_epoch(config, images)  # first, for it downloads the data, or says where it must lie
    loader = data_loader(config, images)
    ways = {"ours": ours, "DataLoader": plain_epoch(config, loader)}
    if find_spec("lightning"):
        ways["Lightning"] = lightning_epoch(config, loader)
    unit = configure(layout, *UNIT)
    ways["unit, ours"] = our_epoch(unit, images)
    ways["unit, eager"] = our_epoch(configure(layout, *UNIT, "engine=eager"), images)
    keras = None
    if find_spec("tensorflow"):
        keras = Worker("peers_keras.py", network_of(config), images, torch.get_num_threads())
    if keras:
        ways |= {"Keras": lambda: keras("plain"), "unit, Keras": lambda: keras("unit")}
    try:
        seconds = in_turns(ways, rounds, warm_up=1)
    finally:
        if keras:
            keras.close()
    ratios = {}
    for name in seconds:
        ours = "unit, ours" if name.startswith("unit") else "ours"
        if name != ours:
            ratios[f"{name} / {ours}"] = {
                "ratio": ratio(seconds, name, ours),
                "with_quartiles": spread(seconds, name, ours),
            }
    row: dict[str, Any] = {"layout": layout, "images": images, "ratios": ratios}
    return row | {"seconds": {name: describe(values) for name, values in seconds.items()}}


def network_of(config: RunConfig) -> str:
    """What peers_keras.py wants to know of it."""
    convolutions = config.layout.convolutions(config.dataset.image_shape)
    return json.dumps(
        {
            "image_shape": config.dataset.image_shape,
            "num_classes": config.dataset.num_classes,
            "dropout": config.layout.dropout,
            "convolutions": [convolution.model_dump() for convolution in convolutions],
        }
    )


def our_epoch(config: RunConfig, images: int) -> Callable[[], object]:
    """As `mgu-run` trains."""
    learner = build_learner(resolve(config))
    train = open_dataset(config.dataset).splits.train.subset(torch.arange(images))
    shuffle = torch.Generator().manual_seed(0)
    model, task, optimizer, schedule = learner
    step = Step(model, train, task, optimizer)
    return lambda: train_epoch(step, schedule, batch_size=BATCH, shuffle=shuffle)


def data_loader(config: RunConfig, images: int) -> DataLoader[Any]:
    """Torchvision's data set, images made tensors one by one."""
    name = "MNIST" if config.dataset.name == "mnist" else "CIFAR10"
    data = getattr(datasets, name)(Path(config.dataset.root).expanduser(), transform=transforms.ToTensor())
    return DataLoader(Subset(data, range(images)), batch_size=BATCH, shuffle=True)


def plain_model(config: RunConfig) -> nn.Module:
    """Torch's own modules in their default memory order."""
    blocks: list[nn.Module] = []
    for layer in config.layout.convolutions(config.dataset.image_shape):
        sizes = (layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
        blocks += [nn.Conv2d(*sizes), nn.BatchNorm2d(layer.out_channels), nn.SELU()]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(config.layout.dropout)]
    return nn.Sequential(*blocks, *head, nn.Linear(layer.out_channels, config.dataset.num_classes))


def plain_epoch(config: RunConfig, loader: DataLoader[Any]) -> Callable[[], None]:
    """The loop of every tutorial."""
    model = plain_model(config)
    optimizer = torch.optim.NAdam(model.parameters(), lr=1e-3)

    def epoch() -> None:
        for images, labels in loader:
            train_step(model, optimizer, images, labels)

    return epoch


def lightning_epoch(config: RunConfig, loader: DataLoader[Any]) -> Callable[[], None]:
    """Lightning's Trainer with everything off that can be."""
    import lightning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = plain_model(config)

        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
            return F.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.NAdam(self.model.parameters(), lr=1e-3)

    module = Module()
    off = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}

    def epoch() -> None:
        lightning.Trainer(accelerator="cpu", max_epochs=1, **off).fit(module, loader)  # type: ignore[arg-type]

    return epoch


def show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        table = Table(
            "epoch", "times as long as ours (quartiles)", "bar", title=f"{row['layout']}, {row['images']} images"
        )
        unit_bar, plain_bar = KERAS_BARS.get(row["layout"], (None, None))
        bars = {"DataLoader / ours": BARS.get(row["layout"]), "Keras / ours": plain_bar}
        bars["unit, Keras / unit, ours"] = unit_bar
        for name, value in row["ratios"].items():
            bar = bars.get(name)
            met = "" if bar is None else f">= {bar} {'met' if value['ratio'] >= bar else 'NOT MET'}"
            table.add_row(name, value["with_quartiles"], met)
        Console(width=120).print(table)


if __name__ == "__main__":
    with exit_codes([]):
        main()
