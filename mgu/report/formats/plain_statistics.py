"""Verdicts, answers and what else statistics say, as plain dicts for JSON."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from mgu.report.analysis import Analysis
from mgu.report.contrasts.answer import Answer, costs_of
from mgu.report.rivals import Rival, rivals
from mgu.report.stats.best_so_far import BestSoFar
from mgu.report.stats.compare import Comparison
from mgu.report.stats.replication import Pair
from mgu.report.stats.sample import Sample
from mgu.report.stats.sentences import unit_accuracy, verdict_sentence
from mgu.report.stats.verdict import Verdict


def verdict_to_plain(verdict: Verdict) -> dict[str, Any]:
    """Returns the verdict of an experiment, with differences in 0..1 for accuracies."""
    return {
        "outcome": verdict.outcome,
        "sentence": verdict_sentence(verdict),
        "unit": verdict.unit.name,
        "margin": verdict.margin,
        "compared_on": verdict.table.tested,
        "median": verdict.median.baseline.name,
        "own_layout": verdict.same_layout and verdict.same_layout.baseline.name,
        "comparisons": [_comparison(comparison) for comparison in verdict.comparisons],
    }


def kind_to_plain(analysis: Analysis, verdict: Verdict) -> dict[str, Any]:
    """Returns the verdict of one kind of unit, with differences in 0..1 for accuracies: unit minus rival."""
    return {
        "kind": verdict.kind.name,
        "models": [row.name for row in verdict.kind.rows],
        "unit": verdict.unit.name,
        "outcome": verdict.outcome,
        "margin": verdict.margin,
        "compared_on": verdict.table.tested,
        "corrected_for_kinds": verdict.num_kinds,
        "rivals": [_rival(rival) for rival in rivals(analysis, verdict)],
    }


def answer_to_plain(answer: Answer) -> dict[str, Any]:
    """Returns the answer to a question, with differences in 0..1 for accuracies: `first` minus `second`."""
    return {
        "kind": answer.kind,
        "by": answer.key or None,
        "means": [_contrast(answer, comparison) for comparison in answer.means],
        "values": list(map(_value, answer.values)),
        "comparisons": [_contrast(answer, comparison) for comparison in answer.comparisons],
    }


def best_so_far_to_plain(curve: BestSoFar, verdict: Verdict) -> dict[str, Any]:
    """Returns what a search in random order would have reached at the cost of one kind of unit, in seconds."""
    shared = verdict.search.shared if verdict.search else ()
    cost_s, accuracy, curve = curve.cost_of(verdict.kind.rows), unit_accuracy(verdict), curve.over(shared)
    utilisation = curve.utilisation(verdict.kind.rows)
    return {
        "unit_kind": verdict.kind.name,
        "cost": curve.basis,
        "note": utilisation.text if utilisation else None,
        "unit_s": cost_s,
        "shared_seeds_and_folds": len(shared),
        "unit_accuracy": accuracy,
        "grid_expected_at_unit_s": None if cost_s is None else float(curve.expected[curve.at(cost_s)]),
        "grid_reaches_unit_after_s": curve.reached_s(accuracy),
    }


def pair_to_plain(pair: Pair) -> dict[str, Any]:
    """Returns a model beside its line in the paper's table, with accuracies in percent."""
    return {
        "paper_name": pair.paper.model_name,
        "model_name": pair.row.name,
        "paper_val_acc": pair.paper.val_acc,
        "val_acc": pair.ours,
        "difference": pair.difference,
        "paper_outside_interval": pair.is_outside,
        "diverged": pair.diverged,
    }


def _rival(rival: Rival) -> dict[str, Any]:
    record = _comparison(rival.comparison)
    name = record.pop("baseline") if rival.role != "random search" else None
    costs = {ratio.kind: ratio.value for ratio in rival.ratios}
    record |= {"cost_relative_to_unit": costs, "cost_notes": rival.cost_notes}
    return {"role": rival.role, "name": name, "outcome": rival.outcome} | record


def _value(sample: Sample) -> dict[str, Any]:
    """Returns what a value of a key reached, the mean over the models that have every value."""
    score = fmean(sample.scores.values()) if sample.scores else None
    return {"value": sample.name, "models": len(sample.rows), "score": score}


def _contrast(answer: Answer, comparison: Comparison) -> dict[str, Any]:
    record = _comparison(comparison)
    del record["baseline"], record["p_margin"]
    ratios = costs_of(comparison)
    costs = {
        "cost_ratios": {ratio.kind: ratio.value for ratio in ratios},
        "cost_notes": {ratio.kind: ratio.note for ratio in ratios if ratio.note},
    }
    names = {"first": comparison.first.name, "second": comparison.second.name, "models": len(comparison.first.rows)}
    return names | {"outcome": answer.outcome(comparison)} | record | {"p_alike": comparison.p_alike} | costs


def _comparison(comparison: Comparison) -> dict[str, Any]:
    """Returns a comparison with differences in 0..1 for accuracies."""
    return {
        "baseline": comparison.baseline.name,
        "seeds": [run.seed for run in comparison.shared],
        **({"folds": [run.fold for run in comparison.shared]} if comparison.has_folds else {}),
        "difference": comparison.difference.mean,
        "low": comparison.difference.low,
        "high": comparison.difference.high,
        "effect": comparison.effect,
        "p_seeds": comparison.p_seeds,
        "p_images": comparison.p_images,
        "p_both": comparison.p,
        "p_corrected": comparison.p_corrected,
        "p_margin": comparison.p_margin,
    }
