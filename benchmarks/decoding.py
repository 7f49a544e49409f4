"""Files results/decoding/data.json: decoding and caching of JPEG files, beside torchvision's ImageFolder.

    .venv/bin/python benchmarks/decoding.py [--images 5000] [--rounds 3]

The files are CIFAR-10 images enlarged to 500x375 (bicubic) and saved as JPEG of quality 90: as large as photographs,
but smoother. In every round, in turns, `dataset=images` finds, checks, decodes and caches them at 224x224 and gives its
batches of two epochs, and ImageFolder (Resize, CenterCrop, PILToTensor) with a DataLoader of two workers gives the
batches of one epoch, once as bytes and once as floats from 0 to 1. Batches are of 64; ours are floats.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import torch
from filed import file_part, provenance
from PIL import Image
from rounds import add_rounds
from torch.utils.data import DataLoader
from torchvision.datasets import CIFAR10, ImageFolder
from torchvision.transforms import v2

from mgu.config.images import ImagesConfig
from mgu.data.own_images.files import resolve
from mgu.data.own_images.load import load_images
from mgu.data.splits import Splits

SIZE, SIDE, BATCH = (500, 375), 224, 64
VALUES: dict[str, Any] = {
    "name": "images", "columns": {}, "groups": None, "image_shape": [3, SIDE, SIDE], "fit": "crop", "broken": "refuse",
    "class_weights": "none", "test_share": 0.2, "val_share": 0.1, "folds": None, "fold": 0, "memory_gib": 4.0,
    "cache_gib": 50.0, "split": "holdout",
}  # fmt: skip


def save_files(root: Path, number: int) -> None:
    """Writes the JPEG files, <class>/<number>.jpg."""
    data = CIFAR10(os.environ.get("MGU_DATA", "~/.cache/mgu"), train=True)
    for place in range(number):
        image, label = data[place]
        file = root / data.classes[label] / f"{place:05}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        image.resize(SIZE, Image.Resampling.BICUBIC).save(file, quality=90)


def timed(task: Callable[[], Any]) -> tuple[float, Any]:
    """Returns the seconds of wall clock that a task took, and its result."""
    started = time.perf_counter()
    result = task()
    return time.perf_counter() - started, result


def first_epoch(root: Path, cache: Path) -> Splits:
    """Finds, checks, decodes, caches and gives every image once."""
    os.environ["MGU_CACHE"] = str(cache)
    splits = load_images(ImagesConfig.model_validate(resolve(VALUES | {"path": str(root)})))
    epoch(splits)
    return splits


def epoch(splits: Splits) -> None:
    """Gives every image of every split once, in random order."""
    for part in (splits.train, splits.val, splits.test):
        assert part is not None
        for index in torch.randperm(len(part)).split(BATCH):
            part.batch(index)


def image_folder(root: Path, *, floats: bool) -> None:
    """The same by torchvision, with two workers."""
    steps = [v2.Resize(SIDE), v2.CenterCrop(SIDE), v2.PILToTensor()]
    if floats:
        steps.append(v2.ToDtype(torch.float32, scale=True))
    for _ in DataLoader(ImageFolder(root, v2.Compose(steps)), BATCH, shuffle=True, num_workers=2):
        pass


def measure(root: Path, number: int) -> dict[str, float]:
    """Returns the seconds of each of the four."""
    with tempfile.TemporaryDirectory() as cache:
        first_s, splits = timed(lambda: first_epoch(root, Path(cache)))
        later_s, _ = timed(lambda: epoch(splits))
    bytes_s, _ = timed(lambda: image_folder(root, floats=False))
    floats_s, _ = timed(lambda: image_folder(root, floats=True))
    return {"images": number, "first_s": first_s, "later_s": later_s, "bytes_s": bytes_s, "floats_s": floats_s}


def main() -> None:
    """Measures in turns, prints the ratios and files the rounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=5000)
    add_rounds(parser, default=3, least=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        save_files(Path(folder), options.images)
        rows = []
        for _ in range(options.rounds):
            rows.append(measure(Path(folder), options.images))
            print({name: round(value, 2) for name, value in rows[-1].items()}, flush=True)
    for name, of in product(("first_s", "later_s"), ("bytes_s", "floats_s")):
        print(f"{name} / {of}: {median(row[name] for row in rows) / median(row[of] for row in rows):.3f}")
    device = f"cpu ({platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads of torch)"
    file_part("decoding", "rounds", {"machine": {**provenance(), "device": device}, "rows": rows})


if __name__ == "__main__":
    main()
