"""The order in which jobs are trained side by side, and how long that takes: the longest job first (Graham 1969).

Then short jobs fill the gaps at the end. Graham's bound is 4/3 of the best order.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

from mgu.config.run import RunConfig
from mgu.measure.estimate import CALL_FLOPS, ModelSize


def longest_first(durations: Sequence[float]) -> list[int]:
    """Orders jobs by their durations.

    Args:
        durations: Of each job.

    Returns:
        The indices of the jobs; equal ones in their own order.
    """
    return sorted(range(len(durations)), key=lambda index: -durations[index])


def makespan(durations: Iterable[float], slots: int, busy: Iterable[float] = ()) -> float:
    """Computes how long jobs take that are started longest first, each as soon as there is a slot for it.

    Args:
        durations: Of each job that waits.
        slots: Jobs that run at once.
        busy: What is left of each job that runs already.

    Returns:
        The time until the last one ends, in the unit of the durations.
    """
    ends = sorted(busy)
    ends = [0.0] * (slots - len(ends)) + ends
    heapq.heapify(ends)
    for duration in sorted(durations, reverse=True):
        heapq.heappush(ends, heapq.heappop(ends) + duration)
    return max(ends)


def work_of(config: RunConfig, model: ModelSize, epochs_done: int) -> float:
    """Returns how much there is to train, to compare runs of one data set of which no time is known.

    Args:
        config: The run.
        model: Its sizes.
        epochs_done: Epochs that need not be trained any more.

    Returns:
        Operations for each example; 0 for a model that cannot be built.
    """
    if model.flops is None:
        return 0.0
    return float(model.flops + CALL_FLOPS) * max(config.training.epochs_now - epochs_done, 1)
