"""The energy of set-up, training and evaluation, which results keep apart."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.validity import component_of
from mgu.results.schema.energy import PhaseEnergy
from mgu.results.schema.result import Result

PHASES = {"setup": "set-up", "train": "training", "evaluate": "evaluation"}


def phase_wh(result: Result, part: str, phase: str) -> float | None:
    """Returns the energy of one part of the machine in one phase.

    Args:
        result: Of a run.
        part: "cpu", "gpu" or "ram".
        phase: A field of `PhaseEnergies`.

    Returns:
        Watt-hours; None where phases were not measured, or the run was too short for a reading.
    """
    if result.energy is None or result.energy.phases is None or component_of(result, part) is None:
        return None
    phase_energy: PhaseEnergy = getattr(result.energy.phases, phase)
    return float(1000 * getattr(phase_energy, f"{part}_kwh"))


def mean_phase_wh(results: Sequence[Result], part: str, phase: str) -> float | None:
    """Returns the mean of `phase_wh` over the runs of a model that have it; None where none has."""
    known = [wh for result in results if (wh := phase_wh(result, part, phase)) is not None]
    return fmean(known) if known else None


def describe_phases(table: Table) -> list[str]:
    """Describes the energy of the phases of both sides; the method of each part is that of the sentences before.

    Args:
        table: A ranked table.

    Returns:
        One sentence for each side of which every model has phases.
    """
    lines = []
    grid = "Grid search" if len(table.baselines) > 1 else "Baseline"
    for name, rows in ((grid, table.baselines), ("Unit", table.unit_models)):
        parts = [text for part in ("cpu", "gpu") if (text := _describe(rows, part))]
        if parts:
            lines.append(f"{name} by phase, each model counted once: {'; '.join(parts)}. Set-up is in no sum.")
    return lines


def _describe(rows: Sequence[Row], part: str) -> str | None:
    """Describes one part of the machine; None unless every model has its phases."""
    sums = []
    for phase, words in PHASES.items():
        means = [mean_phase_wh(row.cost.charged, part, phase) for row in rows]
        if not means or None in means:
            return None
        sums.append(f"{words} {sum(mean or 0.0 for mean in means):,.3g} Wh")
    return f"{part.upper()} {', '.join(sums)}"
