"""Comparison of the unit with the best baseline by a score other than accuracy."""

from __future__ import annotations

from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.power import ALPHA
from mgu.report.stats.ttest import t_tests
from mgu.report.stats.words import p_equals
from mgu.tasks.score import Score, shorten


def compare_scores(table: Table) -> list[str]:
    """Compares the best unit with the best baseline by the score of the task.

    Args:
        table: A ranked table.

    Returns:
        One sentence on the difference and one on its test; none for accuracies, for which there is a verdict.
    """
    best, unit, score = table.best(table.baselines), table.best(table.unit_models), table.score
    if score.metric == "accuracy" or best is None or unit is None:
        return []
    own, theirs = unit.spread(table.tested, score.metric), best.spread(table.tested, score.metric)
    if own is None or theirs is None:
        return []
    where = "test data" if table.tested == "test" else "validation data"
    line = (
        f"The unit {unit.name} has {score.text(own.mean)} on {where}, the best baseline (selected on validation data), "
        f"{best.name}, {score.text(theirs.mean)}: {_difference(own.mean - theirs.mean, score)}"
    )
    seeds = (
        "single runs: another seed may change this" if min(own.n, theirs.n) == 1 else f"means of {own.n} and {theirs.n}"
    )
    return [f"{line} ({seeds}{' seeds' * (min(own.n, theirs.n) > 1)}).", _test(table, unit)]


def _test(table: Table, unit: Row) -> str:
    """Result of Student's t-test against the best baseline over shared seeds, corrected for all baselines."""
    metric = table.score.metric
    ours = unit.values(table.tested, metric)
    known = [theirs for row in table.baselines if (theirs := row.values(table.tested, metric))]
    tests = t_tests([[ours[seed] - theirs[seed] for seed in sorted(ours.keys() & theirs.keys())] for theirs in known])
    corrected = correct_for_many([test and test.p for test in tests])
    if (test := tests[0]) is None:
        return "Not decided: a test needs two or more shared seeds (seed=0,1,2,3,4)."
    word = "Decided" if (corrected[0] or 0.0) < ALPHA else "Not decided"
    return (
        f"{word}: p {p_equals(test.p)} over {test.degrees + 1:.0f} shared seeds, p {p_equals(corrected[0])} after "
        "correction for all baselines (paired Student's t-test over seeds; there is no test over examples)."
    )


def _difference(value: float, score: Score) -> str:
    """Unit minus baseline with its sign, and whether that is better."""
    if value == 0:
        return "no difference"
    word = "better" if score.is_better(value, 0.0) else "worse"
    return f"{'+' * (value > 0)}{shorten(value)}, which is {word}"
