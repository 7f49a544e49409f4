"""Learning of gates from ten seeds by equilibrium propagation, and of 8x8 digits beside backpropagation.

    python benchmarks/directed.py [--only gates,digits] [--seeds 10]

Runs train as `mgu-run` trains them, with plain SGD, and are told by the largest mean squared error of the last 20
epochs. Every row of a gate trains and validates. Rows are filed one by one: a partial run replaces what it measures.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from filed import check_seeds_to_train, with_filed
from models import configure
from names import names_among
from side_by_side import save

from mgu.config.run import RunConfig
from mgu.directed.certificates import certify
from mgu.directed.network import DirectedNetwork
from mgu.factory.learner import build_fit_settings, build_learner
from mgu.factory.resolved_run import resolve
from mgu.train.loop import evaluate, fit

SGD = ("optimizer=sgd", "optimizer.momentum=0", "optimizer.nesterov=false", "schedule=constant")
OURS = ("learning=equilibrium", "training.epochs=200", "optimizer.lr=1")
SPARSE = ("learning.l1=3e-4", "learning.sparsify=permanent", "training.epochs=400")
PUBLISHED = ("layout=directed_transport", "layout.leak=0", "layout.hidden=[5]", "layout.dt=0.05", "layout.start=0.1",
             "layout.init_std=0.05", "learning=equilibrium", "learning.rule=published", "learning.correction=none",
             "learning.strength=10", "optimizer.lr=100", "training.epochs=200")  # fmt: skip
GATES: dict[str, tuple[str, ...]] = {
    "and": ("dataset.gate=and", *OURS),
    "or": ("dataset.gate=or", *OURS),
    "not": ("dataset.gate=not", *OURS),
    "identity": ("dataset.gate=identity", *OURS),
    "xor": OURS,
    "xor, without aep": (*OURS, "learning.correction=none"),
    "xor, sparsified": (*OURS[:1], *OURS[2:], *SPARSE),
    "xor, transport, leak 0.5": (
        "layout=directed_transport",
        "learning=equilibrium",
        "learning.strength=1",
        "optimizer.lr=0.3",
        "training.epochs=600",
    ),
    "xor, transport as published": PUBLISHED,
}
RATES = (0.02, 0.05, 0.1, 0.2)
DIGITS: dict[str, tuple[str, ...]] = {
    f"{learning}, rate {rate:g}": (*words, f"optimizer.lr={rate:g}")
    for learning, words in (("equilibrium propagation", ("learning=equilibrium",)), ("backpropagation", ()))
    for rate in RATES
}
TABLES = {"gates": GATES, "digits": DIGITS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=partial(names_among, ("gates", "digits")), default="gates,digits")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--names", default="", help="of rows of one part, separated by semicolons")
    options = parser.parse_args()
    known = [*(GATES if "gates" in options.only else ()), *(DIGITS if "digits" in options.only else ())]
    if unknown := [name for name in options.names.split(";") if name and name not in known]:
        parser.error(f"--names must be rows of {options.only}, but {'; '.join(unknown)} is none of {'; '.join(known)}.")
    torch.set_num_threads(1)
    numbers = {"gates": options.seeds, "digits": min(options.seeds, 5)}
    wanted = options.names.split(";") if options.names else known
    names = {part: [name for name in TABLES[part] if name in wanted] for part in options.only.split(",")}
    for part, of_part in names.items():
        check_seeds_to_train("directed", part, numbers[part], replaced=partial(_is_of, of_part))
    for part, of_part in names.items():
        rows: list[dict[str, Any]] = []
        for name in of_part:
            for seed in range(numbers[part]):
                config = configured(part, TABLES[part][name], seed)
                rows.append({"way": name, "seed": seed, **train(config)})
                print(rows[-1], flush=True)
            save("directed", part, config, with_filed("directed", part, rows, "way", "seed"))


def _is_of(names: Sequence[str], row: dict[str, Any]) -> bool:
    return row["way"] in names


def configured(part: str, words: tuple[str, ...], seed: int) -> RunConfig:
    """The configuration of one run."""
    layout = next((word for word in words if word.startswith("layout=")), f"layout=directed_{part}")
    own = [word for word in words if not word.startswith("layout=")]
    if part == "digits":
        own += ["optimizer=sgd", "schedule=cosine", "training.epochs=30"]
        return configure(layout.removeprefix("layout="), "dataset=digits", *own, f"seed={seed}")
    return configure(layout.removeprefix("layout="), "dataset=gates", *SGD, *own, f"seed={seed}")


def train(config: RunConfig) -> dict[str, Any]:
    """Trains one run to its last epoch; returns what it ended with."""
    resolved, begun = resolve(config), time.process_time()
    learner = build_learner(resolved)
    settings = build_fit_settings(config)._replace(patience=config.training.epochs)
    outcome = fit(learner, resolved.splits, settings, shuffle=torch.Generator().manual_seed(config.seed))
    network = learner.model
    assert isinstance(network, DirectedNetwork)
    tail = outcome.history[-20:]
    certificates = certify(network.eval(), resolved.splits.val.batch(slice(0, 100))[0])
    row = {
        "status": outcome.status,
        "cpu_s": time.process_time() - begun,
        "kept": network.kept,
        "steps": network.statistics.train.mean_iterations,
        "unconverged": network.statistics.train.unconverged,
        "local": certificates.step.local if math.isfinite(certificates.step.local) else None,
        "global": certificates.step.globally,
        "global_of_flow": certificates.flow.globally,
    }
    if "val_rmse" in tail[-1]:
        return row | {"mse": max(epoch["val_rmse"] ** 2 for epoch in tail)}
    last = evaluate(network, resolved.splits.val, resolved.task, 1000)
    return row | {"accuracy": last["accuracy"], "best": max(epoch["val_accuracy"] for epoch in outcome.history)}


if __name__ == "__main__":
    main()
