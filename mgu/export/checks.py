"""Checks that a model which was derived from another one computes the same: by value, and by what it gets right."""

from __future__ import annotations

from torch import Tensor

from mgu.errors import RunsFailed
from mgu.tasks.score import SCORES, Score

TOLERANCE = 1e-5  # share of the largest output; an operation in single precision rounds to 6e-8, and layers add up
MAX_OTHERWISE = 1e-3  # share of examples, or of the spread or the error of a quantity


def largest_difference(actual: Tensor, expected: Tensor) -> float:
    """Returns the largest difference between outputs (N, *) of two models, as a share of the largest output."""
    return ((actual - expected).abs().max() / expected.abs().max()).item()


def check_equivalent(name: str, actual: Tensor, expected: Tensor) -> float:
    """Checks that a model computes the same outputs as the one it was derived from.

    Args:
        name: Name of the model.
        actual: Its outputs (N, *).
        expected: Outputs of the other model (N, *).

    Returns:
        The largest difference as a share of the largest output.

    Raises:
        RunsFailed: The difference is above TOLERANCE.
    """
    difference = largest_difference(actual, expected)
    if not difference <= TOLERANCE:
        raise RunsFailed(
            f"the {name} model must equal the one it was derived from to {TOLERANCE:g} of the largest output, but "
            f"differs by {difference:.1e} on held-out examples. It is not written; please report this with the run's "
            "config.yaml."
        )
    return difference


def check_score(
    name: str, actual: float, expected: float, score: Score = SCORES["classification"], spread: float = 1.0
) -> None:
    """Checks that a model is as good as the one it was derived from.

    Outputs that agree leave classes that are tied, so a few of ten thousand examples may be classified otherwise.

    Args:
        name: Name of the model.
        actual: Its score.
        expected: The score of the other model.
        score: The metric.
        spread: Standard deviation of the target, where the score is an error in its unit; 1 for shares.

    Raises:
        RunsFailed: The scores differ.
    """
    if not abs(actual - expected) <= MAX_OTHERWISE * max(spread, abs(expected)):
        raise RunsFailed(
            f"the {name} model must be as good as the one it was derived from, but has {score.text(actual).strip()} on "
            f"held-out examples and not {score.text(expected).strip()}. It is not written; please report this with "
            "the run's config.yaml."
        )
