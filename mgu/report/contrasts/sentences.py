"""Sentences about the answer to a question."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.report.contrasts.answer import Answer, costs_of
from mgu.report.costs import describe_ratios
from mgu.report.stats.compare import Comparison
from mgu.report.stats.comparison_words import describe_comparison, p_equals
from mgu.report.stats.power import ALPHA

OUTCOMES = ("better", "worse", "alike", "not decided")


def heading(found: Answer) -> str:
    """Returns the heading of an answer's section."""
    return f"By {found.key}" if found.kind == "by" else "Comparison"


def describe_answer(found: Answer) -> list[str]:
    """Describes what the comparisons of an answer show.

    Args:
        found: The answer.

    Returns:
        The sentences; the first says the most.
    """
    if found.kind == "by":
        return [*_by(found), *_limits(found)]
    if found.kind == "against":
        return [line for own in found.comparisons for line in _pair(found, own)] + _limits(found)
    return [*_many(found), *_limits(found)]


def _pair(found: Answer, own: Comparison) -> list[str]:
    """Describes one row against another, with the costs."""
    costs = describe_ratios(costs_of(own))
    lines = [f"{_outcome(found, own)}: {own.first.name} minus {own.second.name} is {_describe(found, own)}."]
    cannot = "The costs of the two cannot be compared: those of one are not known."
    return [*lines, f"{own.first.name} costs, relative to {own.second.name}: {costs}." if costs else cannot]


def _many(found: Answer) -> list[str]:
    """Describes many rows against one; the best row against the others."""
    nearest = found.comparisons[0]
    if found.kind == "best":
        scored = "validation" if found.table.tested == "test" else "the data that score it"
        lines = [f"The best row (selected on {scored}) is {nearest.first.name}. {_count(found)}."]
        return [*lines, f"Its difference from the next, {nearest.second.name}, is {_describe(found, nearest)}."]
    lines = [f"Compared with {nearest.second.name}: {_count(found)}."]
    return [*lines, f"The difference of the best of them, {nearest.first.name}, is {_describe(found, nearest)}."]


def _by(found: Answer) -> list[str]:
    """Describes the values of a key, each against the best."""
    if not found.comparisons:
        return [f"Not decided: no two models are alike but for {found.key}, so nothing is paired."]
    reference, lines = found.reference, []
    for own in found.means:
        count = len(own.first.rows)
        models = f"the mean of {count} models" if count > 1 else own.first.row.name
        lines.append(
            f"{_outcome(found, own)}: {found.key}={own.first.name} minus {reference}, {models}: "
            f"{_describe(found, own)}."
        )
    single = f"Model by model, {found.key}={reference} as the reference, other values are: {_count(found)}."
    return [*lines, *([single] if len(found.comparisons) > len(found.means) else [])]


def _outcome(found: Answer, own: Comparison) -> str:
    """Returns the outcome of a comparison as the beginning of a sentence."""
    outcome = found.outcome(own)
    return _capital(outcome) + f" within {_margin(found)}" * (outcome == "alike")


def _describe(found: Answer, own: Comparison) -> str:
    """Describes a comparison; where neither is better, how sure it is that they are alike."""
    if own.p_alike is None or found.outcome(own) in ("better", "worse"):
        return describe_comparison(own)
    sure = f"p {p_equals(own.p_alike)} for less than {_margin(found)} either way (two one-sided tests"
    corrected = " after correction" * (len(found.comparisons) > 1)
    return f"{describe_comparison(own)}, {sure}{corrected})"


def _margin(found: Answer) -> str:
    return f"{100 * found.margin:g} points"


def _limits(found: Answer) -> list[str]:
    """Describes what the tests cannot say."""
    lines, every = [], (*found.comparisons, *found.means)
    if found.table.is_joined:
        lines.append(
            "The rows were trained on other data or another split: they are paired by seed, and there is no test over "
            "images, which need not be the same ones. Each counts by its own test images where it has any."
        )
    if every and all(len(own.shared) < 2 for own in every):
        lines.append("A single shared seed decides nothing: train at least 5 of each (seed=0,1,2,3,4).")
    if found.kind == "by" and _are_chosen(found):
        lines.append("Of several rows with one value of the key, the best by validation score stands for it.")
    return lines


def _are_chosen(found: Answer) -> bool:
    """Tells whether a row was chosen among others that have the same value, for the key is a section or the data."""
    compared = {id(own.row) for pair in found.comparisons for own in (pair.first, pair.second)}
    return found.key.count(".") == 0 and any(
        id(row) not in compared and row.val_score is not None for row in found.table.rows
    )


def _count(found: Answer) -> str:
    """Counts outcomes: 2 better, 1 worse and 3 not decided (corrected p < 0.05)."""
    outcomes: Sequence[str] = [found.outcome(own) for own in found.comparisons]
    margin = _margin(found)
    if found.kind == "best":  # it is compared with the others, not they with it
        words = {"better": "It is better than {}", "worse": "worse than {}", "not decided": "not decided against {}"}
        words["alike"] = f"within {margin} of {{}}"
    else:
        words = {outcome: f"{{}} {outcome}" for outcome in OUTCOMES} | {"alike": f"{{}} alike within {margin}"}
    parts = [words[word].format(outcomes.count(word)) for word in OUTCOMES if word in outcomes]
    text = " and ".join([", ".join(parts[:-1])] * (len(parts) > 1) + parts[-1:])
    return f"{_capital(text) if found.kind == 'best' else text} (p < {ALPHA:g} after correction)"


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
