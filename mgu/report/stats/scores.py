"""Comparison of the unit with the best baseline by a score other than accuracy."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mgu.report.ranking.default import default_rows, explain_no_default
from mgu.report.ranking.kinds import unit_kinds
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import is_cross_validated
from mgu.report.stats.comparison_words import p_equals
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.power import ALPHA
from mgu.report.stats.ttest import TTest, t_tests_over_replicates
from mgu.results.schema.replicate import Replicate, count_replicates
from mgu.tasks.score import Score, shorten


def compare_scores(table: Table, default: str | None = None, searched: Collection[str] = frozenset()) -> list[str]:
    """Compares the best unit of each kind with the best baseline and the default network by the score of the task.

    Args:
        table: A ranked table.
        default: Name of the default network; None for the usual one.
        searched: Names of the folders of the runs that a search trained.

    Returns:
        Sentences on the differences and their tests; none for accuracies, for which there are verdicts.
    """
    units = [kind.best for kind in unit_kinds(table) if kind.best]
    best = table.best(table.baselines)
    if table.score.metric == "accuracy" or best is None or not units:
        return []
    lines = _against(table, [(unit, best) for unit in units], "the best baseline (selected on validation data)")
    found = [(unit, default_rows(table, unit, [default] if default else [], searched)) for unit in units]
    pairs = [(unit, next(iter(rows.values()))) for unit, rows in found if rows]
    lines += _against(table, pairs, "the default network, which one would train without a search")
    return [*lines, *(explain_no_default(table, unit) for unit, rows in found if not rows)]


def _against(table: Table, pairs: Sequence[tuple[Row, Row]], what: str) -> list[str]:
    """Compares each unit with its baseline: a sentence on the difference, and one on its test over shared seeds."""
    metric, score = table.score.metric, table.score
    split = table.tested
    place = "test" if split == "test" else "validation"
    known = [
        (unit, own, baseline, theirs)
        for unit, baseline in pairs
        if (own := unit.spread(split, metric)) and (theirs := baseline.spread(split, metric))
    ]
    scores = [(unit.values(split, metric), baseline.values(split, metric)) for unit, _, baseline, _ in known]
    shared = [sorted(ours.keys() & values.keys()) for ours, values in scores]
    tests = t_tests_over_replicates(
        [{run: ours[run] - values[run] for run in runs} for (ours, values), runs in zip(scores, shared, strict=True)]
    )
    corrected = correct_for_many([test and test.p for test in tests])
    lines = []
    for (unit, own, baseline, theirs), (ours, values), runs, test, p in zip(
        known, scores, shared, tests, corrected, strict=True
    ):
        few = min(own.n, theirs.n)
        means = f"means of {count_replicates(ours)} and {count_replicates(values)}"
        seeds = "single runs: another seed may change this" if few == 1 else means
        lines.append(
            f"The unit {unit.name} has {score.text(own.mean)} on {place} data, {what}, {baseline.name}, "
            f"{score.text(theirs.mean)}: {_difference(own.mean - theirs.mean, score)} ({seeds})."
        )
        lines.append(_test(test, runs, p, len(known)))
    return lines


def _test(test: TTest | None, shared: Sequence[Replicate], corrected: float | None, num_kinds: int) -> str:
    """Returns the result of a t-test over shared seeds or folds, corrected for the number of kinds of units."""
    if test is None:
        return "Not decided: a test needs two or more shared seeds (seed=0,1,2,3,4)."
    word = "Decided" if (corrected or 0.0) < ALPHA else "Not decided"
    for_kinds = f", p {p_equals(corrected)} after correction for {num_kinds} kinds of unit" * (num_kinds > 1)
    if is_cross_validated(shared):
        how = "corrected resampled t-test over folds"
    else:
        how = "paired Student's t-test over seeds; there is no test over examples"
    return f"{word}: p {p_equals(test.p)} over {count_replicates(shared, 'shared ')}{for_kinds} ({how})."


def _difference(value: float, score: Score) -> str:
    """Returns unit minus baseline with its sign, and whether that is better."""
    if value == 0:
        return "no difference"
    word = "better" if score.is_better(value, 0.0) else "worse"
    return f"{'+' * (value > 0)}{shorten(value)}, which is {word}"
