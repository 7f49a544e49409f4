"""How many examples of each class judge the runs of a table, and whether that makes accuracies hard to read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from mgu.report.ranking.class_scores import confusion_of, name_classes, name_examples
from mgu.results.schema.result import Result

UNEVEN = 1.2  # times the share of equal classes, from which on the largest class counts as more frequent
BY_CHANCE = 2.326  # standard normal quantile of 0.99: equal classes look so uneven in one sample of a hundred


class ClassCounts(NamedTuple):
    """Holds how often each class is there.

    Attributes:
        names: Names of the classes.
        counts: Examples of each; of several folds, of all of them.
        counted: What is counted, such as "test examples".
    """

    names: tuple[str, ...]
    counts: tuple[int, ...]
    counted: str

    @property
    def total(self) -> int:
        """Number of all examples."""
        return sum(self.counts)

    @property
    def largest(self) -> str:
        """Name of the most frequent class, of several the first."""
        return self.names[self.counts.index(max(self.counts))]

    @property
    def largest_share(self) -> float:
        """Share of the most frequent class in 0..1, which is the accuracy of always naming it."""
        return max(self.counts) / self.total

    @property
    def missing(self) -> list[str]:
        """Names of the classes without an example."""
        return [name for name, count in zip(self.names, self.counts, strict=True) if not count]

    @property
    def is_uneven(self) -> bool:
        """Whether the largest class is clearly more frequent than others, and not by the chance of a small sample.

        The chance is that of Pearson's chi-squared test against equal parts, approximated as by Wilson and
        Hilferty (1931, https://doi.org/10.1073/pnas.17.12.684).
        """
        equal, degrees = self.total / len(self.counts), len(self.counts) - 1
        if not degrees or max(self.counts) < UNEVEN * equal:
            return False
        chi_squared = sum((count - equal) ** 2 for count in self.counts) / equal
        spread = 2 / (9 * degrees)
        normal = (math.cbrt(chi_squared / degrees) - (1 - spread)) / math.sqrt(spread)
        return normal > BY_CHANCE


def counts_of(results: Iterable[Result]) -> ClassCounts | None:
    """Counts the classes of the data that judge some runs, by one confusion matrix of each fold.

    Args:
        results: Of runs on the same data.

    Returns:
        The counts; None where no run has a matrix.
    """
    by_fold: dict[int, list[int]] = {}
    first: Result | None = None
    for result in results:
        fold = result.replicate.fold
        if fold in by_fold or not (confusion := confusion_of(result)):
            continue
        first = first or result
        by_fold[fold] = [sum(row) for row in confusion]
    if first is None:
        return None
    num_classes = len(next(iter(by_fold.values())))
    same = [counts for counts in by_fold.values() if len(counts) == num_classes]
    counts = tuple(map(sum, zip(*same, strict=True)))
    if not sum(counts):
        return None
    return ClassCounts(tuple(name_classes(first, num_classes)), counts, name_examples(first))


def are_uneven(results: Iterable[Result]) -> bool:
    """Tells whether the classes that judge some runs are uneven; False where it is not known."""
    counts = counts_of(results)
    return counts is not None and counts.is_uneven
