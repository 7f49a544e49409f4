"""Results made by hand, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mgu.report.analysis import Analysis
from mgu.report.ranking.rank import Table, rank
from mgu.results.runs.load import Run
from mgu.results.schema.energy import Component, Energy
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.result import Result
from mgu.results.schema.seconds import Seconds


def example_config(**sections: Any) -> dict[str, Any]:
    """The least that the configuration of a result holds, with any sections changed or added."""
    return {"training": {"epochs": 30}, "optimizer": {"lr": 0.01}, **sections}


def example_result(
    name: str = "digits_2-ln-s0",
    *,
    val_accuracy: float | None = 0.9,
    train_s: float = 20.0,
    cpu_kwh: float = 0.001,
    cpu_method: str = "model",
    dataset: str = "digits",
    split: str = "paper",
    **changes: Any,
) -> Result:
    """A finished baseline of experiment "trial"; any field of Result can be changed by name."""
    metrics = None if val_accuracy is None else Metrics(loss=0.3, accuracy=val_accuracy, precision=0.9, recall=0.9)
    energy = Energy(
        cpu=Component(kwh=cpu_kwh, method=cpu_method),
        gpu=Component(kwh=0.0, method="none"),
        ram=Component(kwh=0.002, method="model"),
        cpu_seconds=0.95 * train_s,
        emissions_kg=0.0001,
        country="ROU",
        tracked_s=train_s,
    )
    values: dict[str, Any] = {
        "schema_version": 6,
        "status": "ok",
        "error": None,
        "name": name,
        "identity": "0123abcd",
        "experiment_name": "trial",
        "model": "baseline",
        "dataset": dataset,
        "split": split,
        "layout": "[2, 0, 1, inf, 2]",
        "norm": "ln",
        "residual": False,
        "seed": 0,
        "config": example_config(),
        "params_trainable": 5226,
        "params_keras": 5226,
        "flops_per_sample": 158_000,
        "epochs": 12,
        "best_epoch": 7,
        "train": metrics,
        "val": metrics,
        "test": None,
        "seconds": Seconds(setup=7.0, build=0.125, train=train_s - 0.5, evaluate=0.375),
        "energy": energy,
        "device": "cpu (2 threads)",
        "versions": {"torch": "2.15.0"},
        "git_commit": None,
    }
    return Result(**(values | changes))


def example_unit(name: str = "digits_2-mgu-reference-s0", **changes: Any) -> Result:
    return example_result(name, **({"model": "unit", "norm": None, "residual": None} | changes))


def ranked(results: Iterable[Result]) -> list[Table]:
    """Of runs that left nothing but a result."""
    return rank(Run(result, Path("nowhere")) for result in results)


def sentences(results: Iterable[Result]) -> list[str]:
    """All that the report says of one experiment, without headings."""
    (table,) = ranked(results)
    return Analysis(table).lines
