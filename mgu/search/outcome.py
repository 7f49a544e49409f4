"""What a trial is told of its run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from mgu.results.energy import Component, Energy, PhaseEnergy
from mgu.results.result import Metrics, Result
from mgu.search.strategy import Cost, Measured, Trial


def cost_of(result: Result, spent_s: float = 0.0) -> Cost:
    """Returns what a run cost: set-up, time to solution and checkpoints, in every kind of cost.

    Results of older versions, and runs that one process trained together, do not tell the processor time and the energy
    of their set-up: these are then without it.

    Args:
        result: Its result.
        spent_s: Wall-clock seconds that stand for them where the run failed before it knew them.
    """
    seconds, energy, cpu_s = result.seconds, result.energy, result.cpu_s
    load = result.load.phases.get("setup") if result.load else None
    setup = (energy.phases.setup if energy and energy.phases else None) or PhaseEnergy()
    kwh = {}
    for name, part in _counted(result).items():
        kwh[f"{name} {part.method}"] = part.kwh + getattr(setup, f"{name}_kwh")
    return Cost(
        seconds=seconds.to_solution + seconds.checkpoint + seconds.setup if seconds else spent_s,
        cpu_seconds=None if cpu_s is None else cpu_s + (load.processor_s if load else 0.0),
        kwh=kwh or None,
        grams=None if energy is None else _grams(energy, setup),
        epochs=result.epochs,
    )


def _counted(result: Result) -> dict[str, Component]:
    """Returns the parts of the machine whose energy is known, by name."""
    energy = result.energy
    parts = {"cpu": energy.cpu, "gpu": energy.gpu, "ram": energy.ram} if energy else {}
    return {name: part for name, part in parts.items() if part.method != "none"}


def _grams(energy: Energy, setup: PhaseEnergy) -> float | None:
    """Returns the CO2-equivalent with that of the set-up, which had the same carbon intensity."""
    if energy.emissions_kg is None:
        return None
    kwh = energy.cpu.kwh + energy.gpu.kwh + energy.ram.kwh
    setup_kwh = setup.cpu_kwh + setup.gpu_kwh + setup.ram_kwh
    return 1000 * energy.emissions_kg * (1 + setup_kwh / kwh if kwh else 1.0)


def _total_kwh(result: Result) -> float | None:
    """Returns the energy of all parts of the machine over the time to solution; None where none is known."""
    parts = _counted(result)
    return sum(part.kwh for part in parts.values()) if parts else None


# Second objectives by name, the smaller the better.
SECOND: dict[str, Callable[[Result], float | None]] = {
    "params": lambda result: result.params_trainable,
    "flops": lambda result: result.flops_per_sample,
    "seconds": lambda result: result.seconds.to_solution if result.seconds else None,
    "kwh": _total_kwh,
}


def less(cost: Cost, earlier: Cost) -> Cost:
    """Returns what a run cost beside what an earlier trial has paid, whose training it continues."""
    return Cost(
        seconds=max(cost.seconds - earlier.seconds, 0.0),
        cpu_seconds=_less(cost.cpu_seconds, earlier.cpu_seconds),
        kwh=None
        if cost.kwh is None
        else {name: max(value - (earlier.kwh or {}).get(name, 0.0), 0.0) for name, value in cost.kwh.items()},
        grams=_less(cost.grams, earlier.grams),
        epochs=max(cost.epochs - earlier.epochs, 0),
    )


def plus(cost: Cost, other: Cost) -> Cost:
    """Returns the sum of two costs; what is not known of one is not known of both."""
    return Cost(
        seconds=cost.seconds + other.seconds,
        cpu_seconds=None
        if cost.cpu_seconds is None or other.cpu_seconds is None
        else cost.cpu_seconds + other.cpu_seconds,
        kwh=None
        if cost.kwh is None or other.kwh is None
        else {name: cost.kwh.get(name, 0.0) + other.kwh.get(name, 0.0) for name in {**cost.kwh, **other.kwh}},
        grams=None if cost.grams is None or other.grams is None else cost.grams + other.grams,
        epochs=cost.epochs + other.epochs,
    )


def beyond(cost: Cost, earlier: Sequence[tuple[Cost, float]]) -> Cost:
    """Returns what a run cost beyond the trials whose training it continues.

    It counts its earlier parts up to their last checkpoint, so without their final evaluation, which was paid for all
    the same: of processor time, energy and CO2 the share that it had of the seconds.

    Args:
        cost: Of the run, with its earlier parts.
        earlier: The cost of each of these trials, and the seconds of its final evaluation.

    Returns:
        The cost; nothing for a run that had ended before and was not trained further.
    """
    kept = [
        share_of(own, max(0.0, 1 - lost_s / own.seconds) if own.seconds else 1.0, own.epochs) for own, lost_s in earlier
    ]
    spent = less(cost, reduce(plus, kept))
    return spent if spent.epochs else share_of(cost, 0.0, 0)


def share_of(cost: Cost, share: float, epochs: int) -> Cost:
    """Returns a part of a cost.

    Args:
        cost: Of all.
        share: The part, in 0..1 of everything that is counted but the epochs.
        epochs: Those of the part.
    """
    return replace(
        cost,
        seconds=cost.seconds * share,
        cpu_seconds=None if cost.cpu_seconds is None else cost.cpu_seconds * share,
        kwh=None if cost.kwh is None else {name: value * share for name, value in cost.kwh.items()},
        grams=None if cost.grams is None else cost.grams * share,
        epochs=epochs,
    )


def _less(value: float | None, earlier: float | None) -> float | None:
    return None if value is None else max(value - (earlier or 0.0), 0.0)


def score_of(result: Result) -> float | None:
    """Returns the validation score, larger is better: errors are negated; None where there is none that is finite."""
    value = result.val_score
    if result.status == "failed" or value is None or not math.isfinite(value):
        return None
    return value if result.score.higher_is_better else -value


def tell_result(trial: Trial, result: Result, cost: Cost, second: str | None) -> tuple[Trial, dict[str, Any]]:
    """Returns a trial with what its run has brought, and what reports need beside it.

    Args:
        trial: The trial, running.
        result: The result of its run.
        cost: What it cost.
        second: Name of the second objective; None: there is none.
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
    """Returns a trial with what was measured of it, and the details."""
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
        "run": f"{result.name}-{result.identity}",
        "status": result.status,
        "metric": result.score.metric,
        "val": _metric(result, result.val),
        "test": _metric(result, result.test),
        "params": result.params_trainable,
        "contended": result.contended,
        "resumed": result.resumed,
        "lost_s": result.seconds.evaluate + result.seconds.explain if result.seconds else 0.0,
    } | ({"error": result.error} if result.error else {})


def _metric(result: Result, metrics: Metrics | None) -> float | None:
    return metrics.of(result.score) if metrics else None
