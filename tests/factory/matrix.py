"""Kinds of data and kinds of model, each small and trained for an epoch: what all that rebuilds a run is tried on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mgu.config.run import RunConfig
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from tests.conftest import compose_run
from tests.data.test_cases import save_cases
from tests.data.test_own_ratings import save_ratings
from tests.data.test_recommendations import generate
from tests.data.test_tables import some_rows

IMAGES = ("layout=digits_2", "layout.dropout=0.3")
DENSE = ("layout=dense_2", "layout.width=8")
BASELINES = {
    f"{norm}{' residual' * (residual == 'with')}": (f"norm={norm}", f"residual={residual}")
    for norm in ("bn_pre", "bn_post", "ln", "no_norm")
    for residual in ("without", "with")
}
UNITS = {name: (f"mgu={name}",) for name in (
    "equations", "highway", "lean", "paths", "reference", "squeeze_excitation", "switchable_norm",
)}  # fmt: skip
FACTORS = ("layout=mf_32", "norm=no_norm", "dataset=movielens")
SETTLING = ("mgu=reference", "mgu.decisive.gates=settling")
OPTIONS = {
    "no residual": ("mgu=reference", "mgu.residual_gate=false"),
    "no skip": ("mgu=reference", "+mgu.skip_gate=false"),
    "no gate of the bypass": ("mgu=equations", "mgu.residual_gate=false", "+mgu.skip_gate=false"),
    "softmax": ("mgu=paths", "mgu.mixing=softmax"),
    "dropout step": ("mgu=paths", "+mgu.processors.drop=[dropout,activation]"),
    "switchable and excited": ("mgu=paths", "+mgu.processors.more=[switchable_norm,squeeze_excitation,relu]"),
    **{f"gate {kind}": ("mgu=reference", f"mgu.gate={kind}") for kind in ("squeeze", "spatial", "channel", "scalar")},
    **{f"bypass {kind}": ("mgu=equations", f"mgu.bypass={kind}") for kind in ("identity", "padded")},
    "settling": ("mgu=reference", "mgu.decisive.gates=settling"),
    "settling by channel": ("mgu=equations", "mgu.decisive.gates=settling", "mgu.decisive.over=channel"),
    "settling by element": ("mgu=equations", "mgu.decisive.gates=settling", "mgu.decisive.over=element"),
    **{
        f"settling {over} of gate {kind}": (*SETTLING, f"mgu.decisive.over={over}", f"mgu.gate={kind}")
        for over in ("gate", "channel", "element")
        for kind in ("squeeze", "spatial", "channel", "scalar")
    },
    "settling softmax": ("mgu=paths", "mgu.mixing=softmax", "+mgu.decisive={gates:settling,over:channel}"),
    "penalty by channel": ("mgu=reference", "mgu.decisive.weight=0.1", "mgu.decisive.over=channel", "mgu.gate=scalar"),
    "settling lean": ("mgu=lean", "mgu.decisive.gates=settling", "mgu.decisive.over=channel"),
    "settling paths": ("mgu=paths", "+mgu.decisive.gates=settling"),
    "penalty": ("mgu=reference", "mgu.decisive.weight=0.1"),
    "biased": ("mgu=reference", "mgu.gate_bias.skip=-2"),
    "relu": ("mgu=equations", "layout.activation=relu"),
    "gelu": ("mgu=reference", "layout.activation=gelu"),
    "packed": ("mgu=reference", "engine=packed"),
    "eager": ("mgu=reference", "engine=eager"),
    "augmented": ("mgu=reference", "augment=mixup"),
    "averaged": ("mgu=reference", "training.ema=0.9", "schedule=cosine"),
    "precise": ("mgu=reference", "training.ema=0.9", "training.precise_bn=50"),
}
CONVOLUTIONAL = {"gate depthwise": ("mgu=reference", "mgu.gate=depthwise"),
                 "bypass projection": ("mgu=equations", "mgu.bypass=projection")}  # fmt: skip

OWN_LAYERS = {"own layer": ("norm=ln", "residual=with"), "unit around an own layer": ("mgu=reference",)}
OWN_CODE = """
import torch
from torch import nn


def images():
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (120, 1, 8, 8), dtype=torch.uint8, generator=generator)
    labels = torch.arange(120) % 3
    return {"train": (pixels[:90], labels[:90]), "test": (pixels[90:], labels[90:])}


def classes():
    rows = torch.randn(120, 4, generator=torch.Generator().manual_seed(0))
    labels = rows[:, :3].argmax(1)
    return {"train": (rows[:90], labels[:90]), "test": (rows[90:], labels[90:])}


def quantities():
    rows = torch.randn(90, 4, generator=torch.Generator().manual_seed(0))
    return rows, rows.sum(1)


class Net(nn.Module):
    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(num_inputs, 8), nn.BatchNorm1d(8), nn.Dropout(0.1))
        self.mixing, self.tied, self.readout = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, num_outputs)
        self.tied.weight = self.mixing.weight

    def forward(self, x):
        return self.readout(self.tied(self.mixing(self.layers(x)).relu()))


class Conv(nn.Conv2d):
    def forward(self, x):
        return 2 * super().forward(x)


class Choosing(nn.Conv2d):
    def forward(self, x):
        return super().forward(x if x.detach().sum().item() > 0 else -x)


class Linear(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)
"""


IMAGE_DATA = ("cases", "named images", "images held out", "own images")
DENSE_DATA = ("regression", "classification", "ranking", "ratings", "own ratings", "dense images")
OWN_DATA = ("images of a function", "quantities of a function")
FACTORS_DATA = ("factors, ranking", "factors, ratings")


@dataclass(frozen=True)
class Matrix:
    """Trains combinations below a folder, each once."""

    folder: Path

    def kinds_of_data(self) -> dict[str, tuple[str, ...]]:
        """Overrides that choose small data and layers for them, by the kind of data; writes the files."""
        if not (self.folder / "ml-100k").exists():
            generate(self.folder)
            save_cases(self.folder / "cases", stages=("green",))
            some_rows().to_csv(self.folder / "houses.csv", index=False)
            save_ratings(self.folder / "bought.csv")
            (self.folder / "own_code.py").write_text(OWN_CODE)
        houses = f"dataset.path={self.folder / 'houses.csv'}"
        ratings = f"dataset.root={self.folder}"
        own = ("dataset=python", f"dataset.folder={self.folder}")
        return {
            "named images": IMAGES,
            "images held out": (*IMAGES, "dataset.split=holdout"),
            "cases": (*IMAGES, "dataset=cases", f"dataset.path={self.folder / 'cases'}",
                      "dataset.image_shape=[3,8,8]", "dataset.class_weights=balanced"),
            "own images": (*IMAGES, "dataset=images", f"dataset.path={self.folder / 'cases'}", "dataset.folds=3",
                           "dataset.fold=1", r"dataset.groups=\w+_\d\d", "dataset.memory_gib=0"),
            "regression": (*DENSE, "dataset=table", houses, "dataset.target=price"),
            "classification": (*DENSE, "dataset=table", houses, "dataset.target=city"),
            "ranking": (*DENSE, "dataset=movielens", ratings, "dataset.embedding=4"),
            "ratings": (*DENSE, "dataset=movielens", ratings, "dataset.embedding=4", "dataset.task=regression"),
            "own ratings": (*DENSE, "dataset=ratings", f"dataset.path={self.folder / 'bought.csv'}"),
            "dense images": DENSE,
            "adult": (*DENSE, "dataset=adult"),
            "images of a function": (*IMAGES, *own, "dataset.target=own_code:images"),
            "classes of a function": (*DENSE, *own, "dataset.target=own_code:classes"),
            "quantities of a function": (*DENSE, *own, "dataset.target=own_code:quantities"),
            "factors, ranking": (*FACTORS, ratings),
            "factors, ratings": (*FACTORS, ratings, "dataset.task=regression"),
        }  # fmt: skip

    @cache  # noqa: B019 - Hydra takes as long to compose as the run to train; the matrix lives as long as its tests
    def config(self, data: str, model: tuple[str, ...], *overrides: str) -> RunConfig:
        """A run of one epoch, by the names of data and model."""
        words = [*self.kinds_of_data()[data], *model, "training.epochs=1", "threads=1", *overrides]
        return compose_run(self.folder / "runs", *words)

    def train(self, config: RunConfig) -> Path:
        """The folder of the run, which is trained unless it was before."""
        folder = run_folder(config)
        if not (folder / "result.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            run(config)
        return folder
