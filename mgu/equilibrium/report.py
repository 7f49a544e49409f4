"""What the iterations of a whole model needed, as columns of a history and as sums."""

from __future__ import annotations

from torch import nn

from mgu.equilibrium.statistics import SolverStatistics


def collect(model: nn.Module) -> SolverStatistics | None:
    """Takes the counts of all equilibria and directed networks of a model, which begin anew.

    Args:
        model: Any model.

    Returns:
        The sums; None where the model has none.
    """
    attributes = [vars(module).get("statistics") for module in model.modules()]
    counted = [statistics for statistics in attributes if isinstance(statistics, SolverStatistics)]
    if not counted:
        return None
    total = SolverStatistics()
    for statistics in counted:
        total.merge(statistics)
        statistics.clear()
    return total


def columns(statistics: SolverStatistics) -> dict[str, float]:
    """Returns the columns of one epoch in history.csv.

    Args:
        statistics: Of the epoch.

    Returns:
        Mean iterations of a batch in training, evaluation and backward, the largest residual with which a training
        batch ended (relative; of a directed network |ds/dt|), and the number of batches that ended above the tolerance.
    """
    train, evaluate, backward = statistics.train, statistics.evaluate, statistics.backward
    return {
        "solver_iterations": train.mean_iterations,
        "solver_eval_iterations": evaluate.mean_iterations,
        "solver_backward_iterations": backward.mean_iterations,
        "solver_residual": train.residual,
        "solver_unconverged": train.unconverged + backward.unconverged + evaluate.unconverged,
    }
