"""Votes of several images on the class of their case, and the macro F1 of predictions."""

from __future__ import annotations

import torch
from torch import Tensor


def vote(logits: Tensor, cases: Tensor) -> tuple[Tensor, Tensor]:
    """Lets each image vote for its most likely class; ties go to the class with the larger sum of probabilities.

    Args:
        logits: Logits of the images (N, K).
        cases: The case of each image (N,), by number.

    Returns:
        The class (M,) of each case in order of its number, and the index (M,) of its first image.
    """
    numbers, member = cases.unique(return_inverse=True)
    num_classes, probabilities = logits.shape[1], logits.double().softmax(dim=1)
    votes = torch.nn.functional.one_hot(logits.argmax(dim=1), num_classes).double()
    # Less than one vote, however many images a case has.
    weighed = votes + probabilities / (len(cases) + 1)
    totals = torch.zeros(len(numbers), num_classes, dtype=torch.double, device=logits.device)
    totals.index_add_(0, member, weighed)
    first = torch.full_like(numbers, len(cases)).scatter_reduce(
        0, member, torch.arange(len(cases), device=cases.device), "amin"
    )
    return totals.argmax(dim=1), first


def macro_f1(confusion: Tensor) -> float:
    """Computes macro F1 from a confusion matrix.

    The mean is over the classes that occur, so that it is of the same classes for all models.

    Args:
        confusion: Counts (K, K) by true class (row) and predicted class.

    Returns:
        Macro F1 in 0..1.
    """
    counts = confusion.double().cpu()
    there = counts.sum(dim=1)
    return (2 * counts.diagonal() / (counts.sum(dim=0) + there))[there > 0].mean().item()
