"""Comparison of the unit with the best baseline by a score other than accuracy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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
from mgu.tasks.score import Score


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
    defaults = [(unit, default_rows(table, unit, [default] if default else [], searched)) for unit in units]
    pairs = [(unit, next(iter(rows.values()))) for unit, rows in defaults if rows]
    lines += _against(table, pairs, "the default network, which one would train without a search")
    return [*lines, *(explain_no_default(table, unit) for unit, rows in defaults if not rows)]


def _against(table: Table, pairs: Sequence[tuple[Row, Row]], what: str) -> list[str]:
    """Compares each unit with its baseline: a sentence on the difference, and one on its test over shared seeds."""
    split, metric = table.tested, table.score.metric
    scored = [pair for pair in pairs if all(row.spread(split, metric) for row in pair)]
    differences = [
        _paired_differences(unit.values(split, metric), baseline.values(split, metric)) for unit, baseline in scored
    ]
    tests = t_tests_over_replicates(differences)
    corrected = correct_for_many([test and test.p for test in tests])
    lines = []
    for k, (unit, baseline) in enumerate(scored):
        lines.append(_describe_difference(table, unit, baseline, what, is_decided=_is_decided(corrected[k])))
        lines.append(_describe_test(tests[k], list(differences[k]), corrected[k], len(scored)))
    return lines


def _paired_differences(first: Mapping[Replicate, float], second: Mapping[Replicate, float]) -> dict[Replicate, float]:
    return {replicate: first[replicate] - second[replicate] for replicate in sorted(first.keys() & second.keys())}


def _describe_difference(table: Table, unit: Row, baseline: Row, what: str, *, is_decided: bool) -> str:
    """Says the scores of a unit and a baseline that both have one, and how far they are apart."""
    score, split, metric = table.score, table.tested, table.score.metric
    ours, theirs = unit.spread(split, metric), baseline.spread(split, metric)
    assert ours and theirs
    data = "test" if split == "test" else "validation"
    seeds = "single runs: another seed may change this"
    if min(ours.n, theirs.n) > 1:
        counts = [count_replicates(row.values(split, metric)) for row in (unit, baseline)]
        seeds = f"means of {' and '.join(counts)}"
    return (
        f"The unit {unit.name} has {score.text(ours.mean)} on {data} data, {what}, {baseline.name}, "
        f"{score.text(theirs.mean)}: {_difference(ours.mean - theirs.mean, score, is_decided)} ({seeds})."
    )


def _describe_test(test: TTest | None, shared: Sequence[Replicate], corrected: float | None, num_kinds: int) -> str:
    """Returns the result of a t-test over shared seeds or folds, corrected for the number of kinds of units."""
    if test is None:
        return "Not decided: a test needs two or more shared seeds (seed=0,1,2,3,4)."
    word = "Decided" if _is_decided(corrected) else "Not decided"
    for_kinds = f", p {p_equals(corrected)} after correction for {num_kinds} kinds of unit" if num_kinds > 1 else ""
    if is_cross_validated(shared):
        how = "corrected resampled t-test over folds"
    else:
        how = "paired Student's t-test over seeds; there is no test over examples"
    return f"{word}: p {p_equals(test.p)} over {count_replicates(shared, 'shared ')}{for_kinds} ({how})."


def _is_decided(corrected: float | None) -> bool:
    """Tells whether a test decides; there may be none."""
    return corrected is not None and corrected < ALPHA


def _difference(value: float, score: Score, is_decided: bool) -> str:
    """Returns unit minus baseline with its sign, and whether that is better, which only a test can say."""
    if value == 0:
        return "no difference"
    if is_decided:
        return f"{score.difference(value)}, which is {'better' if score.is_better(value, 0.0) else 'worse'}"
    what = "score" if score.higher_is_better else "error"
    return f"{score.difference(value)}, a {'higher' if value > 0 else 'lower'} {what}"
