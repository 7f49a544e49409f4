"""Sentences about the answer to a question."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.report.contrasts.answer import Answer, costs_of
from mgu.report.costs import describe_ratios
from mgu.report.stats.compare import Comparison
from mgu.report.stats.comparison_words import describe_comparison, p_equals
from mgu.report.stats.power import ALPHA
from mgu.text.capitalise import capitalise

OUTCOMES = ("better", "worse", "alike", "not decided")


def heading(answer: Answer) -> str:
    """Returns the heading of an answer's section."""
    return f"By {answer.key}" if answer.kind == "by" else "Comparison"


def describe_answer(answer: Answer) -> list[str]:
    """Describes what the comparisons of an answer show.

    Args:
        answer: The answer.

    Returns:
        The sentences; the first says the most.
    """
    if answer.kind == "by":
        return [*_by(answer), *_limits(answer)]
    if answer.kind == "against":
        return [line for comparison in answer.comparisons for line in _pair(answer, comparison)] + _limits(answer)
    return [*_many(answer), *_limits(answer)]


def _pair(answer: Answer, comparison: Comparison) -> list[str]:
    """Describes one row against another, with the costs."""
    first, second = comparison.first.name, comparison.second.name
    cost = "The costs of the two cannot be compared: those of one are not known."
    if costs := describe_ratios(costs_of(comparison)):
        cost = f"{first} costs, relative to {second}: {costs}."
    return [f"{_outcome(answer, comparison)}: {first} minus {second} is {_describe(answer, comparison)}.", cost]


def _many(answer: Answer) -> list[str]:
    """Describes many rows against one; the best row against the others."""
    nearest = answer.comparisons[0]
    if answer.kind == "best":
        scored = "validation" if answer.table.tested == "test" else "the data that score it"
        lines = [f"The best row (selected on {scored}) is {nearest.first.name}. {_count(answer)}."]
        return [*lines, f"Its difference from the next, {nearest.second.name}, is {_describe(answer, nearest)}."]
    lines = [f"Compared with {nearest.second.name}: {_count(answer)}."]
    return [*lines, f"The difference of the best of them, {nearest.first.name}, is {_describe(answer, nearest)}."]


def _by(answer: Answer) -> list[str]:
    """Describes the values of a key, each against the best."""
    if not answer.comparisons:
        return [f"Not decided: no two models are alike but for {answer.key}, so nothing is paired."]
    reference, lines = answer.reference, []
    for mean in answer.means:
        count = len(mean.first.rows)
        models = f"the mean of {count} models" if count > 1 else mean.first.row.name
        lines.append(
            f"{_outcome(answer, mean)}: {answer.key}={mean.first.name} minus {reference}, {models}: "
            f"{_describe(answer, mean)}."
        )
    single = f"Model by model, {answer.key}={reference} as the reference, other values are: {_count(answer)}."
    return [*lines, single] if len(answer.comparisons) > len(answer.means) else lines


def _outcome(answer: Answer, comparison: Comparison) -> str:
    """Returns the outcome of a comparison as the beginning of a sentence."""
    outcome = answer.outcome(comparison)
    return f"Alike within {_margin(answer)}" if outcome == "alike" else capitalise(outcome)


def _describe(answer: Answer, comparison: Comparison) -> str:
    """Describes a comparison; where neither is better, how sure it is that they are alike."""
    if comparison.p_alike is None or answer.outcome(comparison) in ("better", "worse"):
        return describe_comparison(comparison)
    sure = f"p {p_equals(comparison.p_alike)} for less than {_margin(answer)} either way (two one-sided tests"
    corrected = " after correction" if len(answer.comparisons) > 1 else ""
    return f"{describe_comparison(comparison)}, {sure}{corrected})"


def _margin(answer: Answer) -> str:
    return f"{100 * answer.margin:g} points"


def _limits(answer: Answer) -> list[str]:
    """Describes what the tests cannot say."""
    lines, every = [], (*answer.comparisons, *answer.means)
    if answer.table.is_joined:
        lines.append(
            "The rows were trained on other data or another split: they are paired by seed, and there is no test over "
            "images, which need not be the same ones. Each counts by its own test images where it has any."
        )
    if every and all(len(comparison.shared) < 2 for comparison in every):
        lines.append("A single shared seed decides nothing: train at least 5 of each (seed=0,1,2,3,4).")
    if answer.kind == "by" and _are_chosen(answer):
        lines.append("Of several rows with one value of the key, the best by validation score stands for it.")
    return lines


def _are_chosen(answer: Answer) -> bool:
    """Tells whether a row was chosen among others that have the same value, for the key is a section or the data."""
    compared = {id(sample.row) for comparison in answer.comparisons for sample in (comparison.first, comparison.second)}
    return answer.key.count(".") == 0 and any(
        id(row) not in compared and row.val_score is not None for row in answer.table.rows
    )


def _count(answer: Answer) -> str:
    """Counts outcomes: 2 better, 1 worse and 3 not decided (corrected p < 0.05)."""
    outcomes: Sequence[str] = [answer.outcome(comparison) for comparison in answer.comparisons]
    margin = _margin(answer)
    if answer.kind == "best":  # it is compared with the others, not they with it
        words = {"better": "It is better than {}", "worse": "worse than {}", "not decided": "not decided against {}"}
        words["alike"] = f"within {margin} of {{}}"
    else:
        words = {outcome: f"{{}} {outcome}" for outcome in OUTCOMES} | {"alike": f"{{}} alike within {margin}"}
    parts = [words[word].format(outcomes.count(word)) for word in OUTCOMES if word in outcomes]
    text = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"{capitalise(text) if answer.kind == 'best' else text} (p < {ALPHA:g} after correction)"
