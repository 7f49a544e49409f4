"""The unit beside the best baseline where the score is no accuracy: how far apart they are, and which way is better."""

from __future__ import annotations

from mgu.report.rank import Table
from mgu.score import Score, shorten


def compare_scores(table: Table) -> list[str]:
    """One sentence, and what it does not say; nothing of accuracies, for which there is a verdict."""
    best, unit, score = table.best(table.baselines), table.best(table.units), table.score
    if score.metric == "accuracy" or best is None or unit is None:
        return []
    own, theirs = unit.spread(table.tested, score.metric), best.spread(table.tested, score.metric)
    if own is None or theirs is None:
        return []
    where = "test data" if table.tested == "test" else "validation data"
    line = (
        f"The unit {unit.name} has {score.text(own.mean)} on {where}, the best baseline (picked on validation data), "
        f"{best.name}, {score.text(theirs.mean)}: {_difference(own.mean - theirs.mean, score)}"
    )
    seeds = (
        "single runs: seeds alone may move this" if min(own.n, theirs.n) == 1 else f"means of {own.n} and {theirs.n}"
    )
    return [
        f"{line} ({seeds}{' seeds' * (min(own.n, theirs.n) > 1)}).",
        f"Whether this decides anything is not tested: the verdict's tests are made for accuracy, not {score.metric}.",
    ]


def _difference(value: float, score: Score) -> str:
    """Unit minus baseline, signed, and what that means."""
    if value == 0:
        return "no difference"
    word = "better" if score.is_better(value, 0.0) else "worse"
    return f"{'+' * (value > 0)}{shorten(value)}, which is {word}"
