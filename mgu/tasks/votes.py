"""Several images of one case: what they say together, and how good that is."""

from __future__ import annotations

import torch
from torch import Tensor


def vote(logits: Tensor, cases: Tensor) -> tuple[Tensor, Tensor]:
    """The class (M,) of each case, and the index (M,) of its first image, of logits (N, K) and cases (N,) by number.

    Each image has one vote, for its most likely class; of classes with equally many the likelier one wins, by the sum
    of the images' probabilities.
    """
    numbers, member = cases.unique(return_inverse=True)
    num_classes, probabilities = logits.shape[1], logits.double().softmax(dim=1)
    votes = torch.nn.functional.one_hot(logits.argmax(dim=1), num_classes).double()
    # Never a vote's worth, however many images a case has.
    weighed = votes + probabilities / (len(cases) + 1)
    totals = torch.zeros(len(numbers), num_classes, dtype=torch.double, device=logits.device)
    totals.index_add_(0, member, weighed)
    first = torch.full_like(numbers, len(cases)).scatter_reduce(
        0, member, torch.arange(len(cases), device=cases.device), "amin"
    )
    return totals.argmax(dim=1), first


def macro_f1(confusion: Tensor) -> float:
    """Mean over the classes of the harmonic mean of precision and recall, in 0..1, of counts (K, K) by true class (row)
    and predicted class. A class neither there nor predicted is in no mean (scikit-learn's rule).
    """
    counts = confusion.double().cpu()
    both = counts.sum(dim=0) + counts.sum(dim=1)
    return (2 * counts.diagonal() / both)[both > 0].mean().item()
