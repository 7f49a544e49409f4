"""Epochs of whole networks, images to updates: ours, and what people write or use instead, in turns.

    .venv/bin/python benchmarks/epochs.py [--layouts M2,M3,M4] [--images 6400] [--rounds 7] [--threads 2] [--random]

Peers: a plain loop over torchvision's data set with ToTensor for each image and a DataLoader without workers, which on
two cores is faster than with; Lightning on the same DataLoader; Keras
on TensorFlow (a process of its own that answers in turn). All train the same layout with Nadam at batch 64 on as many
real MNIST images (MGU_DATA or the cache; Keras has random ones of the same shape, its time does not depend on them).
With --random, and where MNIST is not at hand, all have random images. Beside the epochs the forward and backward passes
of the convolutions alone are timed, which are the floor of a plain step.
"""

from __future__ import annotations

import argparse
import json
import logging
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
import torch.nn.functional as F
from filed import with_filed
from models import configure, images_of, layout_of, train_step
from PIL import Image
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import Worker, describe, in_turns, ratio, save, spread
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from mgu.cli.exit_codes import exit_codes
from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.images.images import Images
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.factory.learner import build_learner
from mgu.factory.resolved_run import resolve
from mgu.native.malloc import keep_freed_memory
from mgu.train.loop import train_epoch
from mgu.train.step import Step

BATCH = 64
PLAIN, UNIT = ("norm=bn_pre", "residual=without"), ("mgu=reference",)
# By layout and ratio: how large it must be at least; of a ratio to the convolutions alone, how large at most.
BARS = {
    "M2": {"DataLoader / ours": 4.0, "Keras / ours": 2.8, "ours / convolutions": 2.0},
    "M3": {"DataLoader / ours": 3.0, "Keras / ours": 2.8, "ours / convolutions": 1.5},
    "M4": {
        "DataLoader / ours": 2.3,
        "Keras / ours": 2.2,
        "ours / convolutions": 1.4,
        "unit, Keras / unit, ours": 2.0,
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layouts", default="M2,M3,M4")
    parser.add_argument("--images", type=int, default=6400)
    add_rounds(parser, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--random", action="store_true", help="random images in place of MNIST")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()  # as mgu-run does; all ways gain
    rows = [measure(layout, options.images, options.rounds, options.random) for layout in options.layouts.split(",")]
    save("speed", "epochs", configure("M2"), with_filed("speed", "epochs", rows, "layout"))
    show(rows)


def measure(layout: str, num_images: int, rounds: int, is_random: bool) -> dict[str, Any]:
    """One layout: every way to train its baseline and its unit for an epoch."""
    config = configure(layout, *PLAIN)
    try:
        images = random_images(config, num_images) if is_random else first_images(config, num_images)
    except UserError as error:
        print(f"random images, for {error}")
        images, is_random = random_images(config, num_images), True
    loader = data_loader(images)
    ways = {"ours": our_epoch(config, images), "DataLoader": plain_epoch(config, loader)}
    ways["convolutions"] = convolutions_alone(config, num_images // BATCH)
    if find_spec("lightning"):
        ways["Lightning"] = lightning_epoch(config, loader)
    unit = configure(layout, *UNIT)
    ways["unit, ours"] = our_epoch(unit, images)
    ways["unit, eager"] = our_epoch(configure(layout, *UNIT, "engine=eager"), images)
    keras = None
    if find_spec("tensorflow"):
        keras = Worker("peers_keras.py", network_of(config), num_images, torch.get_num_threads())
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
            pair = (ours, name) if name == "convolutions" else (name, ours)
            ratios[" / ".join(pair)] = {
                "ratio": ratio(seconds, *pair),
                "with_quartiles": spread(seconds, *pair),
            }
    row: dict[str, Any] = {"layout": layout, "images": num_images, "random": is_random, "ratios": ratios}
    return row | {"seconds": {name: describe(values) for name, values in seconds.items()}}


def network_of(config: RunConfig) -> str:
    """What peers_keras.py wants to know of it."""
    convolutions = layout_of(config).convolutions(images_of(config).image_shape)
    return json.dumps(
        {
            "image_shape": images_of(config).image_shape,
            "num_classes": images_of(config).num_classes,
            "dropout": layout_of(config).dropout,
            "convolutions": [convolution.model_dump() for convolution in convolutions],
        }
    )


def first_images(config: RunConfig, count: int) -> Images:
    """The first training images of the layout's data set."""
    images: Images = open_dataset(config.dataset).splits.train.subset(torch.arange(count))  # type: ignore[assignment]
    return images.to(torch.device("cpu"))


def random_images(config: RunConfig, count: int) -> Images:
    """As many images of the same shape."""
    random = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (count, *images_of(config).image_shape), dtype=torch.uint8, generator=random)
    labels = torch.randint(images_of(config).num_classes, (count,), generator=random)
    return Images(pixels, labels).to(torch.device("cpu"))


def our_epoch(config: RunConfig, images: Images) -> Callable[[], object]:
    """As `mgu-run` trains."""
    resolved = resolve(config)
    resolved.dataset.__dict__["splits"] = Splits(images, images)
    learner = build_learner(resolved)
    shuffle = torch.Generator().manual_seed(0)
    step = Step(learner.model, images, learner.task, learner.optimizer)
    return lambda: train_epoch(step, learner.schedule, batch_size=BATCH, shuffle=shuffle)


def convolutions_alone(config: RunConfig, steps: int) -> Callable[[], None]:
    """Forward and backward passes of the layout's convolutions, each by itself, as many as an epoch has."""
    parts = []
    side = images_of(config).image_shape[1]
    for number, layer in enumerate(layout_of(config).convolutions(images_of(config).image_shape)):
        sizes = (layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
        convolution = nn.Conv2d(*sizes).to(memory_format=torch.channels_last)
        inputs = torch.randn(BATCH, layer.in_channels, side, side).contiguous(memory_format=torch.channels_last)
        out = convolution(inputs.requires_grad_(number > 0))
        parts.append((convolution, inputs, torch.randn_like(out)))
        side = out.shape[-1]

    def passes() -> None:
        for _ in range(steps):
            for convolution, inputs, direction in parts:
                convolution.zero_grad()
                inputs.grad = None
                convolution(inputs).backward(direction)

    return passes


class ImageFiles(Dataset[Any]):
    """Images made tensors one by one, as torchvision's MNIST does."""

    def __init__(self, images: Images) -> None:
        self.pixels, self.labels = images.pixels.contiguous().squeeze(1), images.labels
        self.transform = transforms.ToTensor()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.pixels[number].numpy())), int(self.labels[number])


def data_loader(images: Images) -> DataLoader[Any]:
    """A data set of torchvision's kind in a DataLoader without workers."""
    return DataLoader(ImageFiles(images), batch_size=BATCH, shuffle=True)


def plain_model(config: RunConfig) -> nn.Module:
    """Torch's own modules in their default memory order."""
    blocks: list[nn.Module] = []
    for layer in layout_of(config).convolutions(images_of(config).image_shape):
        sizes = (layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
        blocks += [nn.Conv2d(*sizes), nn.BatchNorm2d(layer.out_channels), nn.SELU()]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(layout_of(config).dropout)]
    return nn.Sequential(*blocks, *head, nn.Linear(layer.out_channels, images_of(config).num_classes))


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

    class Module(lightning.LightningModule):  # type: ignore[misc]  # lightning need not be installed
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
        lightning.Trainer(accelerator="cpu", max_epochs=1, **off).fit(module, loader)

    return epoch


def judge(name: str, value: float, bar: float | None) -> str:
    """Says whether a ratio meets its bar."""
    if bar is None:
        return ""
    sign, is_met = ("<=", value <= bar) if name.endswith("convolutions") else (">=", value >= bar)
    return f"{sign} {bar} {'met' if is_met else 'NOT MET'}"


def show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        table = Table(
            "epoch", "times as long as ours (quartiles)", "bar", title=f"{row['layout']}, {row['images']} images"
        )
        bars = BARS.get(row["layout"], {})
        for name, value in row["ratios"].items():
            table.add_row(name, value["with_quartiles"], judge(name, value["ratio"], bars.get(name)))
        for name in bars.keys() - row["ratios"].keys():
            table.add_row(name, "not measured: the peer is not installed", f">= {bars[name]}")
        Console(width=120).print(table)


if __name__ == "__main__":
    with exit_codes([]):
        main()
