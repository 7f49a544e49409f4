"""Does a deep unit train? The paper's 15-layer layout on CIFAR-10 at its own rate, by kinds of gate and bypass.

    .venv/bin/python benchmarks/divergence.py [--kinds replica/replica,channel/padded] [--layout C15] [--steps 781]
        [--every 50] [--rate 0.01] [--words mgu.gate_bias.norm_or_none=5] [--threads 1]

Batches of 64 in the run's order, Nadam and decay as in a run; "baseline" among the kinds is bn_pre without residual.
Loss and accuracy are of the training batches as they were trained on, `every` steps taken together; validation, on the
first 2,000 test images, comes at the end. One epoch is 782 steps.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from typing import Any

import torch
from cells import kept
from filed import with_filed
from gates import BASELINE, KINDS
from models import configure
from names import names_among
from rich.console import Console
from rich.table import Table
from side_by_side import save

from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.factory.learner import build_learner
from mgu.factory.resolved_run import resolve
from mgu.native.malloc import keep_freed_memory
from mgu.train.loop import evaluate, train_epoch
from mgu.train.step import Step

TRIED = "replica/replica,channel/padded,channel/projection,baseline"
VALIDATION = 2000
BLOWN_UP = 1000.0  # a mean loss from which nothing is learnt any more: chance is 2.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", type=partial(names_among, (*KINDS, "baseline")), default=TRIED)
    parser.add_argument("--layout", default="C15")
    parser.add_argument("--steps", type=int, default=781)
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--words", default="", help="more of a unit's configuration: mgu.gate_bias.norm_or_none=5")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    wanted = {kind: [*words_of(kind)] for kind in options.kinds.split(",")}
    for kind in wanted.keys() - {"baseline"}:
        wanted[kind] += options.words.split()
    rows: list[dict[str, Any]] = []
    for kind, words in wanted.items():
        config = configure(options.layout, *words, f"optimizer.lr={options.rate}")
        rows.append(
            {"layout": options.layout, "kind": kind, "words": words, **train(config, options.steps, options.every)}
        )
        all_rows = with_filed("divergence", "divergence", rows, "layout", "words")
        save("divergence", "divergence", config, all_rows)
    show(all_rows)


def words_of(kind: str) -> tuple[str, ...]:
    """The configuration of `gate/bypass`, or of the baseline."""
    if kind == "baseline":
        return BASELINE
    gate, bypass = kind.split("/")
    return "mgu=equations", f"mgu.gate={gate}", f"mgu.bypass={bypass}"


def train(config: RunConfig, steps: int, every: int) -> dict[str, Any]:
    """At most `steps`, until the loss has blown up."""
    splits, learner, started = open_dataset(config.dataset).splits, build_learner(resolve(config)), time.perf_counter()
    batch_size = config.training.batch_size
    order = torch.randperm(len(splits.train), generator=torch.Generator().manual_seed(config.seed))
    history: list[dict[str, float]] = []
    for begin in range(0, steps, every):
        drawn = order[begin * batch_size : min(begin + every, steps) * batch_size]
        step = Step(learner.model, splits.train.subset(drawn), learner.task, learner.optimizer)
        metrics = train_epoch(step, learner.schedule, batch_size, torch.Generator().manual_seed(begin))
        history.append({"step": begin + len(drawn) // batch_size, **metrics})
        print(history[-1], f"{time.perf_counter() - started:.0f} s", flush=True)
        if not metrics["loss"] < BLOWN_UP:  # or is not a number
            break
    validation = evaluate(learner.model, splits.val.subset(torch.arange(VALIDATION)), learner.task, 500)
    return {"history": history, "validation": validation, "seconds": time.perf_counter() - started}


def show(rows: list[dict[str, Any]]) -> None:
    table = Table(
        title="loss of the first, the worst and the last steps; accuracy of the last", caption=kept(rows) or None
    )
    for title in ("layout", "gate/bypass", "steps", "first", "worst", "last", "training [%]", "validation [%]"):
        table.add_column(title, justify="right")
    for row in rows:
        losses = [each["loss"] for each in row["history"]]
        last = row["history"][-1]
        table.add_row(
            *(row["layout"], row["kind"], f"{last['step']}"),
            *(f"{loss:.3g}" for loss in (losses[0], max(losses), losses[-1])),
            *(f"{100 * part['accuracy']:.1f}" for part in (last, row["validation"])),
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
