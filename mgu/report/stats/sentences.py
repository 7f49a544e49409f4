"""Sentences about a verdict: what the numbers support, the comparisons behind it, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from mgu.console.text import count
from mgu.report.cost_kinds import NAMES, times
from mgu.report.costs import Ratio, describe_ratios
from mgu.report.ranking.default import explain_no_default
from mgu.report.ranking.rank import Table
from mgu.report.ranking.seeds import TINY
from mgu.report.stats.best_so_far import BASES, BestSoFar
from mgu.report.stats.compare import Comparison, is_the_same
from mgu.report.stats.comparison_words import describe_comparison, name_test, p_equals, where
from mgu.report.stats.power import ALPHA, MOST_SEEDS, POWER, images_suffice, seeds_needed
from mgu.report.stats.verdict import Verdict, outcome_of
from mgu.results.schema.replicate import count_replicates
from mgu.text.agree import agree
from mgu.text.capitalise import capitalise

SHOWN_COSTS = ("time", "processor", "gpu")  # of a unit relative to the default network


def verdict_sentence(verdict: Verdict) -> str:
    """Says in one sentence what the numbers support against the best of the grid.

    Args:
        verdict: The verdict of a kind of unit.

    Returns:
        The sentence; it begins with the outcome.
    """
    baselines, best = len(verdict.comparisons), verdict.best.baseline.name
    opponent = f"the best of {baselines} baselines, {best}" if baselines > 1 else best
    return (
        f"{capitalise(verdict.outcome)}: {_unit(verdict)} is {where(verdict.best)} {opponent}{_reason(verdict)}"
        f"{_diverged(verdict)}."
    )


def default_sentence(verdict: Verdict, ratios: Sequence[Ratio]) -> str:
    """Says what the numbers support against the default network, at which cost.

    Args:
        verdict: The verdict of a kind of unit, with a default network.
        ratios: The cost of the unit relative to that network.

    Returns:
        The sentence; it names the network.
    """
    comparison = verdict.defaults[0]
    return (
        f"Against the default network, {comparison.baseline.name}, which one would train without a search: "
        f"{outcome_of(comparison)}, {describe_comparison(comparison, verdict.num_kinds)}; {_at_cost(ratios)}."
    )


def _at_cost(ratios: Sequence[Ratio]) -> str:
    """Says what the unit takes relative to a default network, and which costs are not compared."""
    shown = [ratio for ratio in ratios if ratio.kind in SHOWN_COSTS]
    costs = []
    for ratio in shown:
        if ratio.value is not None:
            note = f" ({ratio.note})" if ratio.kind == "processor" else ""
            costs.append(f"{times(ratio.value)} the {NAMES[ratio.kind]}{note}")
    parts = [f"the unit takes {' and '.join(costs)}"] if costs else []
    if refused := [ratio for ratio in shown if ratio.value is None]:
        parts.append(describe_ratios(refused))
    return "; ".join(parts) or "their costs cannot be compared"


def search_sentence(verdict: Verdict, curve: BestSoFar) -> str:
    """Says what a search of the grid in random order would have bought at the cost of the unit.

    Args:
        verdict: The verdict of a kind of unit, with such a search.
        curve: Expected best-so-far of the grid search.

    Returns:
        Sentences that end with whether the unit is worth its cost, where a test over the seeds that both have decides.
    """
    cost_s = curve.cost_of(verdict.kind.rows)
    assert verdict.search and cost_s
    search, shared = verdict.search, set(verdict.search.shared)
    begin = f"Over {count_replicates(shared, 'shared ')}, a" if is_over_part(search, curve) else "A"
    curve = curve.over(shared)
    at, accuracy = curve.at(cost_s), unit_accuracy(verdict)
    bias = ", which is too high because it is selected on the data that score it" if curve.is_selected else ""
    line = (
        f"{begin} grid search in random order that takes as long as {verdict.kind.name} ({cost_s:,.3g} s of "
        f"{BASES[curve.basis]} without set-up) is expected to reach {curve.expected[at]:.2%} ({curve.low[at]:.2%} to "
        f"{curve.high[at]:.2%} in four of five searches){bias}; the unit reaches {accuracy:.2%} "
        f"({outcome_of(search)}, {describe_comparison(search, verdict.num_kinds)})."
    )
    matched = "The whole grid search is not expected to reach the unit"
    reached_s = curve.reached_s(accuracy)
    if reached_s == 0:  # it costs nothing: no model has ended yet
        guess = float(curve.expected[0])
        than = "better" if guess > accuracy + TINY else "as good"
        return f"{line} A guess is {than} ({guess:.2%}): the unit is not worth its cost here."
    if reached_s is not None:
        utilisation = curve.utilisation(verdict.kind.rows)
        matched = f"The grid search is expected to match it after {reached_s:,.3g} s, {reached_s / cost_s:.2g}x the "
        matched += f"unit's cost ({utilisation.text})" if utilisation else "unit's cost"
    return f"{line} {matched}: {_worth(verdict, search)}."


def _worth(verdict: Verdict, search: Comparison) -> str:
    """Says whether a unit is worth its cost, which only a test of it against a search of that cost decides."""
    outcome = outcome_of(search)
    if outcome == "not decided":
        return "whether the unit is worth its cost here is not decided"
    if outcome == "as good":
        loss = f"p {p_equals(search.p_margin)} of a loss of {100 * verdict.margin:g} points or more"
        return f"the unit is as good here as the search at its cost ({loss}, one-sided, {name_test(search)})"
    p = f"p {p_equals(search.p_corrected)}, {name_test(search)}"
    kinds = f", corrected for {verdict.num_kinds} kinds of unit" if verdict.num_kinds > 1 else ""
    return f"the unit is {'worth' if outcome == 'better' else 'not worth'} its cost here ({p}{kinds})"


def is_over_part(search: Comparison, curve: BestSoFar) -> bool:
    """Tells whether a unit and a search share some of their seeds and folds, and not all of both."""
    shared = set(search.shared)
    return bool(shared) and not (shared == search.first.scores.keys() == curve.wins.keys())


def unit_accuracy(verdict: Verdict) -> float:
    """Returns the accuracy of a unit to stand beside that of a search in random order.

    Args:
        verdict: The verdict of a kind of unit.

    Returns:
        The mean over the seeds and folds that both have, in 0..1; over all of the unit's where they share none.
    """
    scores = verdict.unit.accuracies(verdict.table.tested)
    shared = verdict.search.shared if verdict.search else ()
    return fmean(scores[replicate] for replicate in shared or scores)


def describe_verdict(verdict: Verdict) -> list[str]:
    """Lists the comparisons behind a verdict.

    Args:
        verdict: The verdict of a kind of unit.

    Returns:
        One line for each of the three comparisons with its numbers, and what is missing.
    """
    examples = verdict.unit.scored
    selected = f"validation {examples}" if verdict.table.tested == "test" else f"the {examples} that score it"
    named = {
        f"best baseline (selected on {selected})": verdict.best,
        "best baseline of the same layout": verdict.same_layout,
        "median baseline": verdict.median,
    }
    lines = [
        f"The difference of {verdict.unit.name} from the {name}, {comparison.baseline.name}, is "
        f"{describe_comparison(comparison, verdict.num_kinds if comparison is verdict.best else 0)}."
        for k, (name, comparison) in enumerate(named.items())
        if comparison and (k == 0 or comparison is not verdict.best)
    ]
    others = [
        f"Another default network is {comparison.baseline.name}: {outcome_of(comparison)}, "
        f"{describe_comparison(comparison, verdict.num_kinds)}."
        for comparison in verdict.defaults[1:]
    ]
    return [*lines, *others, *_missing(verdict)]


def explain_no_verdict(table: Table) -> list[str]:
    """Says what follows where no unit or no baseline has an accuracy.

    Args:
        table: A table without a verdict.

    Returns:
        One sentence, or none where the table has no units, no baselines or no accuracy.
    """
    sides = {"unit": table.unit_models, "baseline": table.baselines}
    if table.score.metric != "accuracy" or not all(sides.values()):
        return []
    lost = {name: rows for name, rows in sides.items() if not any(row.accuracies(table.tested) for row in rows)}
    return [
        f"Not decided: no {name} has an accuracy, because {', '.join(f'{row.name} is {row.status}' for row in rows)}."
        for name, rows in lost.items()
    ][:1]


def _unit(verdict: Verdict) -> str:
    """Names the unit, and what it is the best of."""
    models = len(verdict.kind.rows)
    name = verdict.unit.name
    return f"the best of {models} models of {verdict.kind.name}, {name}," if models > 1 else f"the unit {name}"


def _reason(verdict: Verdict) -> str:
    """Returns the margin, or why nothing is decided."""
    best, margin = verdict.best, f"{100 * verdict.margin:g} points"
    is_within = best.p_margin is not None and best.p_margin < ALPHA
    if verdict.outcome == "as good":
        shown = name_test(best) if is_the_same(best) else f"its {count_replicates(best.shared)}"
        return f", and {shown} show that it loses less than {margin}"
    if verdict.outcome != "not decided":
        return f", which is within the margin of {margin}" if verdict.outcome == "worse" and is_within else ""
    if not best.shared:
        seeds = _their_seeds([best])
        return f": they share no seed, and only pairs of the same seed are compared; train the unit with {seeds}"
    if len(best.shared) < 2:
        return ": a single seed cannot decide; train at least 5 of each (seed=0,1,2,3,4)"
    if best.p is None:
        return ": the difference is the same for every seed, so there is no variance to test with; train more seeds"
    alone = f"significant on its own, but not among {verdict.num_kinds} kinds of unit; " if best.p < ALPHA else ""
    return f": {alone}{_needed(verdict)}"


def _needed(verdict: Verdict) -> str:
    """Returns how many seeds would decide, if any number would."""
    if verdict.best.has_folds:
        return f"{count_replicates(verdict.best.shared)} do not show a difference; more seeds of each fold may"
    assert verdict.variance
    difference = verdict.best.difference.mean
    if abs(difference) < TINY:
        return f"the means are equal, so there is no difference to show{_too_few_equal(verdict)}"
    size = (difference, verdict.variance, verdict.num_kinds)
    shown = f"to show a difference of this size (power {POWER:.0%})"
    if needed := seeds_needed(*size):
        return f"about {needed:,} seeds would be needed {shown}"
    if images_suffice(*size):
        return f"more than {MOST_SEEDS:,} seeds would be needed {shown}"
    return f"no number of seeds is enough on {verdict.best.num_images:,} test {verdict.unit.examples} {shown}"


def _too_few_equal(verdict: Verdict) -> str:
    """Says how many examples without a difference would show the margin, where those that there are have none."""
    best = verdict.best
    if not best.num_images or best.p_margin is None or not 0 < verdict.margin < 1:
        return ""
    if not is_the_same(best):
        return ""
    needed = math.ceil(math.log(ALPHA) / math.log1p(-verdict.margin))
    examples = verdict.unit.examples
    return (
        f"; equal answers on {best.num_images:,} test {examples} do not show that less than {100 * verdict.margin:g} "
        f"points are lost, those on {needed:,} would"
    )


def _diverged(verdict: Verdict) -> str:
    diverged = sum(result.status == "diverged" for result in verdict.unit.results)
    return f"; {diverged} of the unit's {count(len(verdict.unit.runs), 'run')} diverged" if diverged else ""


def _missing(verdict: Verdict) -> list[str]:
    """Returns what the comparisons lack."""
    lines = [] if verdict.same_layout else ["No baseline has the unit's layout."]
    if not verdict.defaults:
        lines.append(explain_no_default(verdict.table, verdict.unit))
    apart = [comparison for comparison in verdict.comparisons if not comparison.shared]
    without_bits = sum(map(_lacks_bits, verdict.comparisons))
    baselines = count(len(verdict.comparisons), "baseline")
    if without_bits:
        by = " by group" if verdict.unit.examples == "groups" else ""
        lines.append(
            f"For {without_bits} of {baselines} there is no test over {verdict.unit.examples}: runs of earlier "
            f"versions and runs that diverged at once have no correct.bits{by}, and those of runs that counted another "
            "number of test examples than most are left out. Train them again with force=true."
        )
    if apart:
        share = agree(len(apart), "it shares", "they share")
        lines.append(
            f"For {len(apart)} of {baselines} there is no test: {share} no seed with {verdict.unit.name}, and only "
            f"pairs of the same seed are compared. Train the unit with {_their_seeds(apart)}."
        )
    return lines


def _lacks_bits(comparison: Comparison) -> bool:
    """Tells whether a run of a shared seed has no right answers."""
    sides = (comparison.first, comparison.second)
    return any(run not in side.images for run in comparison.shared for side in sides)


def _their_seeds(comparisons: Sequence[Comparison]) -> str:
    """Writes the seeds, and the folds if there are any, of what is compared with, as the command line takes them."""
    replicates = {replicate for comparison in comparisons for replicate in comparison.second.scores}
    seeds = f"seed={','.join(map(str, sorted({replicate.seed for replicate in replicates})))}"
    folds = sorted({replicate.fold for replicate in replicates if replicate.folds})
    return f"dataset.fold={','.join(map(str, folds))} {seeds}" if folds else seeds
