"""How well scores rank the examples of a class before all others, whatever threshold is put on them."""

from __future__ import annotations

import torch
from torch import Tensor


def roc_auc(scores: Tensor, is_positive: Tensor) -> float | None:
    """Computes the area under the receiver operating characteristic: that a positive is ranked before a negative.

    Ties count half (Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747).

    Args:
        scores: Of each example (N,), larger for the class.
        is_positive: Whether it is of the class (N,).

    Returns:
        The area in 0..1; None where there are no positives, or no others.
    """
    positives = int(is_positive.sum())
    negatives = len(scores) - positives
    if not positives or not negatives:
        return None
    _, place, counts = scores.unique(return_inverse=True, return_counts=True)
    mean_rank = counts.cumsum(0).double() - (counts - 1) / 2  # from 1, of each value
    ranks = mean_rank[place][is_positive].sum().item()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(scores: Tensor, is_positive: Tensor) -> float | None:
    """Computes the mean precision over thresholds, each weighted by the recall that it adds.

    Without interpolation between thresholds, as in scikit-learn; tied examples share one.

    Args:
        scores: Of each example (N,), larger for the class.
        is_positive: Whether it is of the class (N,).

    Returns:
        The precision in 0..1; None where there are no positives.
    """
    positives = int(is_positive.sum())
    if not positives:
        return None
    order = scores.argsort(descending=True, stable=True)
    ranked = scores[order]
    is_last = torch.cat((ranked[1:] != ranked[:-1], torch.ones(1, dtype=torch.bool)))  # of its tied ones
    found = is_positive[order].cumsum(0)[is_last].double()
    named = torch.arange(1, len(scores) + 1)[is_last]
    added = found.diff(prepend=torch.zeros(1, dtype=torch.double))
    return float((added * found / named).sum()) / positives
