"""How busy the models of a table kept processor and GPU in training: means over their seeds."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

from mgu.report.ranking.row import Row
from mgu.results.schema.device_load import GpuLoad
from mgu.results.schema.result import Result

TRAINING = "train"  # its phase: the epochs with their evaluation


def processors_busy(row: Row) -> float | None:
    """Returns the mean number of processors that training kept busy; of results without phases, that the run did."""
    return _mean(row, _processors)


def gpu_value(row: Row, field: str) -> float | None:
    """Returns the mean over its seeds of a field of `GpuLoad` in training; None where no run has it."""
    return _mean(row, lambda result: getattr(_gpu(result), field, None))


def _mean(row: Row, value: Callable[[Result], float | None]) -> float | None:
    known = [busy for result in row.cost.timed if (busy := value(result)) is not None]
    return fmean(known) if known else None


def _processors(result: Result) -> float | None:
    phase = result.load.phases.get(TRAINING) if result.load else None
    if phase and phase.processors is not None:
        return phase.processors
    use = result.processor
    return use.seconds / use.wall_s if use and use.wall_s and result.trained_together == 1 else None


def _gpu(result: Result) -> GpuLoad | None:
    phase = result.load.phases.get(TRAINING) if result.load else None
    return phase.gpu if phase else None
