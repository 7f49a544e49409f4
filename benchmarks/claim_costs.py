"""What the models of the claim cost beside each other: a slice of an epoch of every model of a data set, in turns.

    python benchmarks/claim_costs.py mnist [--rounds 20] [--batches 6]
    python benchmarks/claim_costs.py digits --short    # under the recipe that has statistics of batch norms anew

The study's own runs shared a machine with other work, unequally so, and two threads of a core slow each other down:
their processor time is up to 1.7 times as long as alone, and a ratio of such times is none. In turns all models of a
round have the same machine. A slice is some training steps and its share of the validation images, under the recipe
`short` also of the examples by which batch norms are evaluated; what a model costs
is the median over rounds of its processor time divided by the unit's. Left out are the averaging of weights, which
takes the same of every weight, and what comes once, 2 % of the unit's cost.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import product
from statistics import median, quantiles
from typing import Any

import torch
from claim import DESIGNS, PRECISE, Design, shortened
from filed import file_part
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import in_turns, machine_of

from mgu.cli.compose import read_config
from mgu.config.conf import conf_dir
from mgu.config.run import RunConfig
from mgu.factory.device import flush_subnormals
from mgu.factory.learner import build_learner
from mgu.factory.resolved_run import resolve
from mgu.native.malloc import keep_freed_memory
from mgu.train.loop import evaluate, train_epoch
from mgu.train.precise_batch_norm import PreciseBatchNorm
from mgu.train.step import Step

NORMS, RESIDUALS = ("bn_pre", "bn_post", "ln", "no_norm"), {"": "without", "-res": "with"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=DESIGNS)
    add_rounds(parser, default=20)
    parser.add_argument("--batches", type=int, default=6)
    parser.add_argument("--short", action="store_true", help="the recipe short")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    flush_subnormals()
    design = shortened(DESIGNS[options.data]) if options.short else DESIGNS[options.data]
    recipe = (PRECISE,) * options.short
    ways = {name: slice_of(design, (*words, *recipe), options.batches) for name, words in models_of(design).items()}
    seconds = in_turns(ways, options.rounds, warm_up=2, clock=time.process_time)
    unit = seconds[f"{design.layouts[-1]}-lean"]
    rows = [summarise(name, own, unit) for name, own in seconds.items()]
    file_part(
        "claim",
        f"{options.data}{'-short' * options.short}-costs",
        {"machine": machine_of(configure(design, next(iter(models_of(design).values())))), "rows": rows},
    )
    show(rows)


def models_of(design: Design) -> dict[str, tuple[str, ...]]:
    """The words of each model by its name in the study."""
    grid = product(design.layouts, NORMS, RESIDUALS)
    found: dict[str, tuple[str, ...]] = {
        f"{layout}-{norm}{suffix}": (f"layout={layout}", f"norm={norm}", f"residual={RESIDUALS[suffix]}")
        for layout, norm, suffix in grid
    }
    return {f"{design.layouts[-1]}-lean": (f"layout={design.layouts[-1]}", "mgu=lean")} | found


def configure(design: Design, words: tuple[str, ...]) -> RunConfig:
    """The configuration of a run of the study; of several folds the first."""
    own = [word for word in design.words if not word.startswith("dataset.fold=")]
    own += ["dataset.fold=0"] * ("dataset.folds=5" in design.words)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        composed = compose("config", [*own, *words, "energy.enabled=false", "device=cpu"], return_hydra_config=True)
    HydraConfig.instance().set_config(composed)
    return read_config(composed)


def slice_of(design: Design, words: tuple[str, ...], batches: int) -> Callable[[], None]:
    """Some training steps as `mgu-run` takes them, and as much of the validation data as belongs to them."""
    config = configure(design, words)
    resolved = resolve(config)
    splits, size = resolved.splits, config.training.batch_size
    count = min(batches * size, len(splits.train))
    train = splits.train.subset(torch.arange(count))
    learner = build_learner(resolved)
    if learner.precise:
        share = round(len(learner.precise.order) * count / len(splits.train))
        learner = learner._replace(precise=PreciseBatchNorm(learner.model, train, share, size))
    val = splits.val.subset(torch.arange(max(round(len(splits.val) * count / len(splits.train)), 1)))
    shuffle = torch.Generator().manual_seed(0)
    step = Step(learner.model, train, learner.task, learner.optimizer)

    def run() -> None:
        train_epoch(step, learner.schedule, batch_size=size, shuffle=shuffle)
        with learner.as_evaluated():
            evaluate(learner.model, val, learner.task, config.training.eval_batch_size)

    return run


def summarise(name: str, own: list[float], unit: list[float]) -> dict[str, Any]:
    """The ratio to the unit: the median over rounds, with quartiles."""
    ratios = [a / b for a, b in zip(own, unit, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return {"model": name, "to_unit": median(ratios), "low": low, "high": high, "rounds": len(ratios)}


def show(rows: list[dict[str, Any]]) -> None:
    table = Table("model", "times the unit's (quartiles)")
    for row in sorted(rows, key=lambda row: row["to_unit"]):
        table.add_row(row["model"], f"{row['to_unit']:.3f} ({row['low']:.3f}-{row['high']:.3f})")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
