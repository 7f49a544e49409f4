"""The paper's table beside ours: differences, correlation of the rankings, and what diverged in which."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from mgu.report.ranking.paper import PaperRow
from mgu.report.ranking.rank import Row, Table


@dataclass(frozen=True)
class Pair:
    """A row of the paper and ours of the same model; accuracies in percent."""

    paper: PaperRow
    row: Row

    @property
    def ours(self) -> float | None:
        return None if self.row.val_accuracy is None else 100 * self.row.val_accuracy

    @property
    def difference(self) -> float | None:
        """Points, ours minus the paper's."""
        return None if self.ours is None else self.ours - self.paper.val_acc

    @property
    def is_outside(self) -> bool | None:
        """Whether the paper's figure, which is of one run, lies outside our interval; None of a single seed."""
        own = self.row.spread("val")
        if own is None or own.low is None or own.high is None:
            return None
        return not own.low <= self.paper.val_acc / 100 <= own.high

    @property
    def diverged(self) -> Literal["both", "ours", "paper", "neither"]:
        """In which a run did."""
        ours = any(result.status == "diverged" for result in self.row.results)
        if ours and self.paper.diverged:
            return "both"
        return "ours" if ours else "paper" if self.paper.diverged else "neither"


def beside_paper(table: Table) -> list[Pair]:
    """In the order of the paper's accuracy, of what did not fail."""
    pairs = [Pair(row.paper, row) for row in table.rows if row.paper and row.status != "failed"]
    return sorted(pairs, key=lambda pair: (-pair.paper.val_acc, pair.paper.model_name))


def correlation(pairs: list[Pair]) -> tuple[float, float] | None:
    """Kendall's tau-b and its p-value; None where one side is constant. What never ended an epoch is last of all."""
    if len(pairs) < 2:
        return None
    from scipy.stats import kendalltau  # takes a second to import

    ours = [-1.0 if pair.ours is None else pair.ours for pair in pairs]
    found = kendalltau(ours, [pair.paper.val_acc for pair in pairs])
    return None if math.isnan(found.statistic) else (float(found.statistic), float(found.pvalue))


def describe_beside(pairs: list[Pair]) -> list[str]:
    """Sentences for below the table."""
    lines = []
    if tau := correlation(pairs):
        lines.append(
            f"Against the paper's ranking: Kendall's tau-b {tau[0]:.2f} over {len(pairs)} rows, p = {tau[1]:.2g}."
        )
    known = [pair for pair in pairs if pair.difference is not None and pair.diverged == "neither"]
    if known:
        sizes = [abs(pair.difference or 0.0) for pair in known]
        widest = known[sizes.index(max(sizes))]
        lines.append(
            f"Ours minus the paper's: {sum(pair.difference or 0.0 for pair in known) / len(known):+.2f} points in the "
            f"mean of {len(known)} that diverged in neither, furthest {widest.row.name} with {widest.difference:+.2f}."
        )
    for where, words in (("both", "there and here"), ("paper", "there and not here"), ("ours", "here and not there")):
        if names := [pair.row.name for pair in pairs if pair.diverged == where]:
            lines.append(f"Diverged {words}: {', '.join(names)}.")
    return lines
