"""Replication of the paper's ranking: differences, rank correlation, and which models diverged where."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from mgu.console.text import count
from mgu.report.ranking.paper import PaperRow
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.text.agree import agree


@dataclass(frozen=True)
class Pair:
    """Pairs a row of the paper with our row of the same model; accuracies are in percent.

    Attributes:
        paper: The paper's row.
        row: Our row.
    """

    paper: PaperRow
    row: Row

    @property
    def ours(self) -> float | None:
        """Our mean validation accuracy in percent."""
        return None if self.row.val_accuracy is None else 100 * self.row.val_accuracy

    @property
    def difference(self) -> float | None:
        """Our accuracy minus the paper's, in points."""
        return None if self.ours is None else self.ours - self.paper.val_acc

    @property
    def is_outside(self) -> bool | None:
        """Whether the paper's accuracy, from a single run, is outside our interval; None for a single seed of ours."""
        spread = self.row.spread("val")
        if spread is None or spread.low is None or spread.high is None:
            return None
        return not spread.low <= self.paper.val_acc / 100 <= spread.high

    @property
    def diverged(self) -> Literal["both", "ours", "paper", "neither"]:
        """Where a run of the model diverged."""
        ours = any(result.status == "diverged" for result in self.row.results)
        if ours and self.paper.diverged:
            return "both"
        if ours:
            return "ours"
        return "paper" if self.paper.diverged else "neither"


def pair_with_paper(table: Table) -> list[Pair]:
    """Pairs the rows of a table with those of the paper.

    Args:
        table: A ranked table.

    Returns:
        The pairs of models that did not fail, by the paper's accuracy.
    """
    pairs = [Pair(row.paper, row) for row in table.rows if row.paper and row.status != "failed"]
    return sorted(pairs, key=lambda pair: (-pair.paper.val_acc, pair.paper.model_name))


def correlation(pairs: list[Pair]) -> tuple[float, float] | None:
    """Computes Kendall's tau-b (Kendall 1945, https://doi.org/10.1093/biomet/33.3.239) of the two rankings.

    Args:
        pairs: Pairs of rows; a model that never ended an epoch ranks last.

    Returns:
        Tau-b and its p-value; None where one of the rankings is constant.
    """
    if len(pairs) < 2:
        return None
    from scipy.stats import kendalltau  # takes about a second to import

    ours = [-1.0 if pair.ours is None else pair.ours for pair in pairs]
    tau = kendalltau(ours, [pair.paper.val_acc for pair in pairs])
    return None if math.isnan(tau.statistic) else (float(tau.statistic), float(tau.pvalue))


def describe_replication(pairs: list[Pair]) -> list[str]:
    """Describes how the ranking agrees with the paper's.

    Args:
        pairs: Pairs of rows.

    Returns:
        The sentences.
    """
    lines = []
    if tau := correlation(pairs):
        lines.append(
            f"The correlation with the paper's ranking is Kendall's tau-b {tau[0]:.2f} over {len(pairs)} rows, "
            f"p = {tau[1]:.2g}."
        )
    known = [pair for pair in pairs if pair.difference is not None and pair.diverged == "neither"]
    if known:
        sizes = [abs(pair.difference or 0.0) for pair in known]
        widest = known[sizes.index(max(sizes))]
        lines.append(
            f"Our accuracy minus the paper's is {fmean(pair.difference or 0.0 for pair in known):+.2f} points on "
            f"average over the {count(len(known), 'model')} that diverged in neither; the largest difference is "
            f"{widest.difference:+.2f}, of {widest.row.name}."
        )
    for where, words in (("both", "in both"), ("paper", "in the paper only"), ("ours", "in our runs only")):
        if names := [pair.row.name for pair in pairs if pair.diverged == where]:
            models = agree(len(names), "This model", "These models")
            lines.append(f"{models} diverged {words}: {', '.join(names)}.")
    return lines
