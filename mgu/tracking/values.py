"""The values that every tracker logs, under the same names: hyperparameters, history and result."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

import msgspec

from mgu.config.run import RunConfig
from mgu.results.compare.axes import flatten
from mgu.results.schema.energy import Component, Energy
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.result import Result

Value = bool | int | float | str


def hyperparameters(config: RunConfig) -> dict[str, Value]:
    """Flattens the configuration of a run.

    Args:
        config: Configuration of the run.

    Returns:
        All values by dotted keys, as optimizer.lr, without those of the trackers themselves.
    """
    values = flatten(config.model_dump(exclude={"tensorboard", "mlflow"}))
    return {key: _as_value(value) for key, value in values.items()}


def history_metrics(row: dict[str, float]) -> dict[str, float]:
    """Names the metrics of an epoch.

    Args:
        row: The epoch's line of history.csv.

    Returns:
        Each value as history/<column>, without the epoch, which is the step.
    """
    return {f"history/{column}": float(value) for column, value in row.items() if column != "epoch"}


def result_metrics(result: Result) -> dict[str, float]:
    """Names the metrics of a finished run.

    Args:
        result: The run's result.

    Returns:
        Each known value as result/<name>, with its unit in the name; energy in Wh with its method.
    """
    metrics: dict[str, float | None] = {
        "epochs": result.epochs,
        "best_epoch": result.best_epoch,
        "params_trainable": result.params_trainable,
        "params_keras": result.params_keras,
        "flops_per_sample": result.flops_per_sample,
    }
    for split in ("train", "val", "test"):
        scores: Metrics | None = getattr(result, split)
        metrics |= (
            {
                f"{split}_{name}": value
                for name, value in msgspec.structs.asdict(scores).items()
                if not isinstance(value, list)
            }
            if scores
            else {}
        )
    if result.seconds:
        metrics |= {f"{phase}_s": value for phase, value in msgspec.structs.asdict(result.seconds).items()}
        metrics["to_solution_s"] = result.seconds.to_solution
    if result.cpu_s is not None:
        metrics["cpu_s"] = result.cpu_s
    if result.energy:
        metrics |= _energy(result.energy)
    return {f"result/{name}": float(value) for name, value in metrics.items() if value is not None}


def fingerprint(result: Result) -> str:
    """Returns a hash of what a result says, by which trackers know whether they have it, from a folder or a pack.

    Packs leave paths out of the configuration and the error; what can change the result is in the identity.
    """
    told = msgspec.structs.replace(result, config={}, error=None)
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]


def _energy(energy: Energy) -> dict[str, float]:
    """Names energies after their methods, for values of different methods must not be drawn in one chart."""
    parts = {name: part for name, part in msgspec.structs.asdict(energy).items() if isinstance(part, Component)}
    read = {name: part for name, part in parts.items() if part.method != "none" and name not in energy.unread}
    watt_hours = {f"{name}_wh_{part.method}": part.kwh * 1000 for name, part in read.items()}
    if energy.phases:
        for phase, energies in msgspec.structs.asdict(energy.phases).items():
            watt_hours |= {
                f"{phase}_{name}_wh_{part.method}": getattr(energies, f"{name}_kwh") * 1000
                for name, part in read.items()
            }
    if energy.emissions_kg is None or energy.place is None:
        return watt_hours
    place = re.sub(r"[^\w.-]+", "_", energy.place).strip("_")  # names of metrics have no brackets
    return watt_hours | {f"emissions_g_estimated_{place}": energy.emissions_kg * 1000}


def _as_value(value: Any) -> Value:
    """Returns a value as trackers take it: lists, endless layer numbers and null as text."""
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return "null" if value is None else str(value)
