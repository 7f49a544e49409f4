"""How long `mgu-run predict` takes for 1,000 images from a cold start, relative to a plain torch script.

    .venv/bin/python benchmarks/predict.py [--rounds 10]

The images are 32x32 PNG files of CIFAR-10's size. The plain script imports torch and Pillow, opens one file after the
other, loads the weights into the same network written out in torch, computes in batches of 256, and writes the same
CSV. Each is a fresh process, in turns: ratios within a round count. Seconds are of processor time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from models import configure
from PIL import Image
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, ratio, save, spread

COUNT, CLASSES = 1000, 4
BAR = 1.3
OURS, THEIRS = "mgu-run predict", "plain torch"
MGU = [sys.executable, "-c", "from mgu.cli.main import main; main()"]
PLAIN = """
import csv, sys
from pathlib import Path
import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

weights = load_file(sys.argv[1])
names = [line for line in sys.argv[3].split(",")]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(3, 16, 3, 4), nn.Conv2d(16, 32, 3, 4)])
        self.norms = nn.ModuleList([nn.LayerNorm(16, eps=1e-3), nn.LayerNorm(32, eps=1e-3)])
        self.readout = nn.Linear(32, len(names))

    def forward(self, x):
        for layer, norm in zip(self.layers, self.norms):
            x = norm(nn.functional.selu(layer(x)).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.readout(x.mean((2, 3)))


net, found = Net().eval(), []
with torch.no_grad():
    for place, (layer, norm) in enumerate(zip(net.layers, net.norms)):
        for module, name in ((layer, "layer"), (norm, "post")):
            module.weight.copy_(weights[f"blocks.{place}.{name}.weight"])
            module.bias.copy_(weights[f"blocks.{place}.{name}.bias"])
    net.readout.weight.copy_(weights["readout.weight"])
    net.readout.bias.copy_(weights["readout.bias"])
    files = sorted(Path(sys.argv[2]).glob("*.png"))
    for start in range(0, len(files), 256):
        pixels = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files[start : start + 256]])
        logits = net(torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(255))
        found.append(logits.softmax(1))
shares = torch.cat(found)
best, which = shares.max(1)
writer = csv.writer(sys.stdout)
writer.writerow(["file", "prediction", "probability"])
writer.writerows(zip(files, [names[n] for n in which.tolist()], best.tolist()))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rounds(parser, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MGU_CACHE"] = f"{folder}/cache"
        seconds = in_turns(ways(Path(folder)), options.rounds, warm_up=1, clock=processor_s)
    rows: list[dict[str, Any]] = [
        {
            "command": f"{OURS} RUN FOLDER, {COUNT:,} images of 32x32",
            "to_plain_torch": ratio(seconds, OURS, THEIRS),
            "with_quartiles": spread(seconds, OURS, THEIRS),
            "bar": BAR,
            "seconds": {name: describe(own) for name, own in seconds.items()},
        }
    ]
    save("speed", "predict", configure("M2"), rows)
    table = Table(f"{COUNT:,} images from a cold start", "relative to plain torch", "bar")
    table.add_row(OURS, f"{rows[0]['to_plain_torch']:.2f}x", f"{BAR}x")
    Console().print(table)


def processor_s() -> float:
    """Seconds of processor time of all processes that this one has started and waited for."""
    times = os.times()
    return times.children_user + times.children_system


def ways(folder: Path) -> dict[str, Callable[[], object]]:
    """The two ways by name; both write 1,000 lines."""
    write_images(folder)
    names = [f"class{number}" for number in range(CLASSES)]
    trained = train(folder)
    surroundings = os.environ | {"MGU_RUNS": str(folder / "runs")}

    answers: set[str] = set()

    def start(*words: str) -> None:
        done = subprocess.run(words, env=surroundings, capture_output=True, text=True, check=True)
        answers.add(",".join(line.split(",")[1] for line in done.stdout.splitlines()))
        assert len(answers) == 1, "the two must predict the same classes"

    weights = str(trained / "weights.safetensors")
    return {
        OURS: lambda: start(*MGU, "predict", str(trained), str(folder / "new")),
        THEIRS: lambda: start(sys.executable, "-c", PLAIN, weights, str(folder / "new"), ",".join(names)),
    }


def write_images(folder: Path) -> None:
    """Writes images to train on by class, and those to predict."""
    random = np.random.default_rng(0)
    for number in range(COUNT + 40 * CLASSES):
        label, is_new = number % CLASSES, number < COUNT
        file = folder / ("new" if is_new else f"photos/class{label}") / f"{number:05}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((random.integers(0, 160, (32, 32, 3)) + 30 * label).astype(np.uint8)).save(file)


def train(folder: Path) -> Path:
    """Trains a baseline of two layers for an epoch."""
    words = [
        *("dataset=images", f"dataset.path={folder / 'photos'}", "layout=mnist_2", "norm=ln"),
        *("training.epochs=3", f"runs_dir={folder / 'runs'}", "energy.enabled=false", "threads=1", "device=cpu"),
    ]
    subprocess.run([*MGU, *words], check=True, capture_output=True)
    (result,) = (folder / "runs").glob("*/*/result.json")
    return result.parent


if __name__ == "__main__":
    main()
