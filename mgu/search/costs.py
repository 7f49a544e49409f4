"""What a run costs a search: charged whole, by what is new of it, or by a share of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from mgu.results.schema.energy import Component, Energy, PhaseEnergy
from mgu.results.schema.result import Result
from mgu.search.strategy import Cost


def cost_of(result: Result, spent_s: float = 0.0) -> Cost:
    """Returns what a run cost: set-up, time to solution and checkpoints, in every kind of cost.

    Results of older versions, and runs that one process trained together, do not tell the processor time and the energy
    of their set-up: these are then without it.

    Args:
        result: Its result.
        spent_s: Wall-clock seconds that stand for them where the run failed before it knew them.

    Returns:
        The cost; None in it where a kind was not measured.
    """
    seconds, energy, cpu_s = result.seconds, result.energy, result.cpu_s
    load = result.load.phases.get("setup") if result.load else None
    setup = (energy.phases.setup if energy and energy.phases else None) or PhaseEnergy()
    kwh = {}
    for name, part in counted_parts(result).items():
        kwh[f"{name} {part.method}"] = part.kwh + getattr(setup, f"{name}_kwh")
    return Cost(
        seconds=seconds.to_solution + seconds.checkpoint + seconds.setup if seconds else spent_s,
        cpu_seconds=None if cpu_s is None else cpu_s + (load.processor_s if load else 0.0),
        kwh=kwh or None,
        grams=None if energy is None else _grams(energy, setup),
        epochs=result.epochs,
    )


def counted_parts(result: Result) -> dict[str, Component]:
    """Returns the parts of the machine whose energy is known.

    Args:
        result: The result of a run.

    Returns:
        Their energy by name: "cpu", "gpu", "ram"; none where no energy was measured.
    """
    energy = result.energy
    parts = {"cpu": energy.cpu, "gpu": energy.gpu, "ram": energy.ram} if energy else {}
    return {name: part for name, part in parts.items() if part.method != "none"}


def _grams(energy: Energy, setup: PhaseEnergy) -> float | None:
    """Returns the CO2-equivalent with that of the set-up, which had the same carbon intensity."""
    if energy.emissions_kg is None:
        return None
    kwh = energy.cpu.kwh + energy.gpu.kwh + energy.ram.kwh
    setup_kwh = setup.cpu_kwh + setup.gpu_kwh + setup.ram_kwh
    if not kwh:  # of a run that is too short for its meter
        return setup_kwh * energy.pue * (energy.intensity_g_kwh or 0.0)
    return 1000 * energy.emissions_kg * (1 + setup_kwh / kwh)


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
