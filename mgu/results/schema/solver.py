"""What the iterations of a run's equilibrium layers, or of its directed network, needed, as part of its result."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Annotated

from mgu.results.schema.parts import Amount, Number, Record, about


class Solver(Record, frozen=True):
    """Holds the iterations of equilibrium layers over all epochs, and in the last evaluation of all splits.

    Those of a directed network are its steps: of the free phase, and in training of the nudged one.
    """

    iterations: Annotated[Amount, about("Mean iterations of a training batch to the fixed point, over all epochs.")]
    backward_iterations: Annotated[
        Amount, about("Mean iterations of a training batch to its gradient; of a directed network in its nudged phase.")
    ]
    eval_iterations: Annotated[
        Amount, about("Mean iterations of a batch in the last evaluation; flops_per_sample counts that many.")
    ]
    residual: Annotated[
        Amount | None,
        about(
            "Largest residual with which a training batch ended: of equilibrium layers ||f(z) - z|| / ||f(z)||, of a "
            "directed network the largest |ds/dt|, in states per unit of time; null if not finite."
        ),
    ]
    unconverged: Annotated[
        Number, about("Batches of all epochs, training, gradient and evaluation, that ended above their tolerance.")
    ]
    eval_unconverged: Annotated[Number, about("Batches of the last evaluation that ended above their tolerance.")]


def sum_up(history: Sequence[dict[str, float]], eval_iterations: float, eval_unconverged: int) -> Solver | None:
    """Sums up the columns of a history.

    Args:
        history: Its rows, see mgu/equilibrium/report.py.
        eval_iterations: Mean iterations of a batch in the last evaluation.
        eval_unconverged: Its batches that did not converge.

    Returns:
        The sums; None for a history without such columns.
    """
    if not history or "solver_iterations" not in history[0]:
        return None
    largest = max(row["solver_residual"] for row in history)
    return Solver(
        iterations=fmean(row["solver_iterations"] for row in history),
        backward_iterations=fmean(row["solver_backward_iterations"] for row in history),
        eval_iterations=eval_iterations,
        residual=largest if largest < float("inf") else None,
        unconverged=int(sum(row["solver_unconverged"] for row in history)),
        eval_unconverged=eval_unconverged,
    )
