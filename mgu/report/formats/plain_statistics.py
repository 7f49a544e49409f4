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
from mgu.report.stats.sentences import verdict_sentence
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
        "comparisons": [_comparison(own) for own in verdict.comparisons],
    }


def kind_to_plain(analysis: Analysis, own: Verdict) -> dict[str, Any]:
    """Returns the verdict of one kind of unit, with differences in 0..1 for accuracies: unit minus rival."""
    return {
        "kind": own.kind.name,
        "models": [row.name for row in own.kind.rows],
        "unit": own.unit.name,
        "outcome": own.outcome,
        "margin": own.margin,
        "compared_on": own.table.tested,
        "corrected_for_kinds": own.num_kinds,
        "rivals": [_rival(rival) for rival in rivals(analysis, own)],
    }


def answer_to_plain(found: Answer) -> dict[str, Any]:
    """Returns the answer to a question, with differences in 0..1 for accuracies: `first` minus `second`."""
    return {
        "kind": found.kind,
        "by": found.key or None,
        "means": [_contrast(found, own) for own in found.means],
        "values": [
            {"value": own.name, "models": len(own.rows), "score": fmean(own.scores.values()) if own.scores else None}
            for own in found.values
        ],
        "comparisons": [_contrast(found, own) for own in found.comparisons],
    }


def budget_to_plain(curve: BestSoFar, own: Verdict) -> dict[str, Any]:
    """Returns what a search in random order would have reached at the cost of one kind of unit, in seconds."""
    cost_s, accuracy = curve.cost_of(own.kind.rows), fmean(own.unit.accuracies(own.table.tested).values())
    utilization = curve.utilization(own.kind.rows)
    return {
        "unit_kind": own.kind.name,
        "cost": curve.basis,
        "note": utilization.text if utilization else None,
        "unit_s": cost_s,
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


def _rival(own: Rival) -> dict[str, Any]:
    record = _comparison(own.comparison)
    name = record.pop("baseline") if own.role != "random search" else None
    costs = {ratio.kind: ratio.value for ratio in own.ratios}
    record |= {"cost_relative_to_unit": costs, "cost_notes": own.cost_notes}
    return {"role": own.role, "name": name, "outcome": own.outcome} | record


def _contrast(found: Answer, own: Comparison) -> dict[str, Any]:
    record = _comparison(own)
    del record["baseline"], record["p_margin"]
    ratios = costs_of(own)
    costs = {
        "cost_ratios": {ratio.kind: ratio.value for ratio in ratios},
        "cost_notes": {ratio.kind: ratio.note for ratio in ratios if ratio.note},
    }
    names = {"first": own.first.name, "second": own.second.name, "models": len(own.first.rows)}
    return names | {"outcome": found.outcome(own)} | record | {"p_alike": own.p_alike} | costs


def _comparison(own: Comparison) -> dict[str, Any]:
    """Returns a comparison with differences in 0..1 for accuracies."""
    return {
        "baseline": own.baseline.name,
        "seeds": [run.seed for run in own.shared],
        **({"folds": [run.fold for run in own.shared]} if own.has_folds else {}),
        "difference": own.difference.mean,
        "low": own.difference.low,
        "high": own.difference.high,
        "effect": own.effect,
        "p_seeds": own.p_seeds,
        "p_images": own.p_images,
        "p_both": own.p,
        "p_corrected": own.p_corrected,
        "p_margin": own.p_margin,
    }
