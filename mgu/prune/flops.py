"""FLOPs of the networks that pruning compares, counted as result.json counts those of its run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from mgu.factory.model import count_flops_of
from mgu.factory.trained import TrainedRun

CountFlops = Callable[[nn.Module], int | None]  # of one example's forward pass; None: cannot be counted


def iterations_of(trained: TrainedRun) -> float | None:
    """Returns how many iterations of each equilibrium are counted, in every network; None for a run without any.

    Networks need more or fewer, and so do examples: with a number of its own for each, what was trained further would
    be compared with what was not.
    """
    solver = trained.result.solver
    return solver.eval_iterations if solver else None


def flop_counter_of(trained: TrainedRun) -> CountFlops:
    """Returns the function that counts a network on the examples of a run.

    Args:
        trained: The run.

    Returns:
        The function; of the run's own network it gives what result.json says.
    """
    return partial(count_flops_of, resolved=trained.resolved, iterations=iterations_of(trained))
