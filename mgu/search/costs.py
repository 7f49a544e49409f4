"""What a run costs a search: charged whole, by what is new of it, or by a share of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

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
    spent = cost - reduce(add, (_without_evaluation(paid, lost_s) for paid, lost_s in earlier))
    return spent if spent.epochs else cost.scaled(0.0, 0)


def _without_evaluation(cost: Cost, lost_s: float) -> Cost:
    share = max(0.0, 1 - lost_s / cost.seconds) if cost.seconds else 1.0
    return cost.scaled(share, cost.epochs)
