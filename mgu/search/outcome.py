"""What a trial is told of its run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mgu.results.schema.metrics import Metrics
from mgu.results.schema.result import Result
from mgu.search.costs import counted_parts
from mgu.search.strategy import Cost, Measured, Trial


def _total_kwh(result: Result) -> float | None:
    """Returns the energy of all parts of the machine over the time to solution; None where one is not known."""
    parts = counted_parts(result)
    is_known = bool(parts) and not (result.energy and result.energy.unread)
    return sum(part.kwh for part in parts.values()) if is_known else None


# Second objectives by name, the smaller the better.
SECOND: dict[str, Callable[[Result], float | None]] = {
    "params": lambda result: result.params_trainable,
    "flops": lambda result: result.flops_per_sample,
    "seconds": lambda result: result.seconds.to_solution if result.seconds else None,
    "kwh": _total_kwh,
}
GROWS = ("seconds", "kwh")  # with every epoch of a run


def score_of(result: Result) -> float | None:
    """Returns the validation score of a run so that larger is better: errors are negated.

    Args:
        result: The result of the run.

    Returns:
        The score; None where the run failed, or has none that is finite.
    """
    value = result.val_score
    if result.status == "failed" or value is None or not math.isfinite(value):
        return None
    return value if result.score.higher_is_better else -value


def tell_result(trial: Trial, result: Result, cost: Cost, second: str | None) -> tuple[Trial, dict[str, Any]]:
    """Tells a trial what its run has brought.

    Args:
        trial: The trial, running.
        result: The result of its run.
        cost: What it cost.
        second: Name of the second objective; None: there is none.

    Returns:
        The trial, told or failed, and plain values of the run that reports need beside it.
    """
    score = score_of(result)
    told = replace(
        trial,
        state="failed" if score is None else "told",
        score=score,
        second=SECOND[second](result) if second and score is not None else None,
        cost=cost,
        epochs=result.epochs,
    )
    return told, describe_result(result)


def tell_measured(trial: Trial, measured: Measured) -> tuple[Trial, dict[str, Any]]:
    """Tells a trial what was measured of its point.

    Args:
        trial: The trial, running.
        measured: What the function of the space returned.

    Returns:
        The trial, told or failed, and the details, with the error where there is no score.
    """
    told = replace(
        trial,
        state="failed" if measured.score is None else "told",
        score=measured.score,
        second=measured.second,
        cost=measured.cost,
        epochs=measured.cost.epochs,
    )
    return told, dict(measured.details) | ({"error": measured.error} if measured.error else {})


def describe_result(result: Result) -> dict[str, Any]:
    """Returns what reports need of a run, as plain values."""
    return {
        "run": result.folder_name,
        "status": result.status,
        "metric": result.score.metric,
        "val": _metric(result, result.val),
        "test": _metric(result, result.test),
        "params": result.params_trainable,
        "contended": result.contended,
        "resumed": result.resumed,
        "to_solution_s": result.seconds.to_solution if result.seconds else None,
        "lost_s": result.seconds.evaluate + result.seconds.explain if result.seconds else 0.0,
    } | ({"error": result.error} if result.error else {})


def _metric(result: Result, metrics: Metrics | None) -> float | None:
    return metrics.of(result.score) if metrics else None
