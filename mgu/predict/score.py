"""Scores predictions by the truth that files have beside their inputs: a target's column, or folders of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from mgu.data.tables.advice import join_some
from mgu.errors import UserError
from mgu.predict.examples import TRUTH
from mgu.predict.labels import Labels
from mgu.predict.score_interval import interval_of
from mgu.report.card.interval import Interval
from mgu.report.ranking.class_scores import ClassScore, score_matrix
from mgu.results.on_disk.preprocessing import Classes, Outputs, Quantity
from mgu.run.evaluate_splits import rank_classes
from mgu.tasks.classification import Classification
from mgu.tasks.regression import Regression
from mgu.tasks.votes import macro_f1


class Scores(NamedTuple):
    """Holds how good predictions are.

    Attributes:
        examples: Number of those whose truth is known.
        unknown: Number of those that were predicted, but have no truth.
        metrics: By name; fractions of one, or errors in the unit of the target.
        interval: Of the accuracy; None for numbers, and of a single group.
        classes: Each class, worst F1 first; empty for numbers.
        case_accuracy: Share of the cases that the votes of their images tell; None where there are no cases.
        cases: Number of cases.
        unseen: Number of the `unknown` whose truth is a class that training never saw, and no prediction can be.
    """

    examples: int
    unknown: int
    metrics: dict[str, float]
    interval: Interval | None = None
    classes: tuple[ClassScore, ...] = ()
    case_accuracy: float | None = None
    cases: int = 0
    unseen: int = 0


def score(
    rows: Sequence[Mapping[str, Any]], meaning: Outputs, decimal: str = ".", *, are_grouped: bool = False
) -> Scores:
    """Scores predictions.

    Args:
        rows: By example its prediction and, as far as they are known, what the file says, or the folders it lies in.
        meaning: What predictions stand for.
        decimal: The decimal mark of the file.
        are_grouped: Whether the run was trained on examples in groups, as these may be.

    Returns:
        The scores.

    Raises:
        UserError: No example has a truth, or predictions are neither classes nor numbers.
    """
    if isinstance(meaning, Classes):
        return _score_classes(rows, meaning, Labels(meaning, decimal), are_grouped)
    if isinstance(meaning, Quantity):
        return _score_numbers(rows, meaning)
    raise UserError("--score must be of a run that tells classes or numbers, but this one ranks items. Leave it out.")


def _score_classes(rows: Sequence[Mapping[str, Any]], meaning: Classes, labels: Labels, are_grouped: bool) -> Scores:
    cells = [row[TRUTH] if row.get(TRUTH) is not None else "" for row in rows]
    truths = [labels.index(cell) for cell in cells]
    unseen = sum(truth is None and not labels.is_missing(cell) for cell, truth in zip(cells, truths, strict=True))
    known = [(row, truth) for row, truth in zip(rows, truths, strict=True) if truth is not None]
    if not known and unseen:
        raise UserError(
            f"--score must have classes that the run knows ({join_some(labels.names)}), but the column "
            f"{meaning.target!r} names others. Correct them, or leave it out."
        )
    if not known:
        where = f"in a column {meaning.target!r}" if meaning.target else "as the names of folders of images"
        raise UserError(f"--score must have the classes {where}, but no example has one. Add them, or leave it out.")
    said = [labels.names.index(str(row["prediction"])) for row, _ in known]
    confusion = torch.zeros(len(labels.names), len(labels.names), dtype=torch.long)
    for (_, truth), predicted in zip(known, said, strict=True):
        confusion[truth, predicted] += 1
    metrics = Classification(len(labels.names)).metrics(confusion) | {"macro_f1": macro_f1(confusion)}
    right = [truth == predicted for (_, truth), predicted in zip(known, said, strict=True)]
    shares = torch.tensor([[row["probabilities"][name] for name in labels.names] for row, _ in known]).double()
    ranked = rank_classes(shares.log(), torch.tensor([truth for _, truth in known]))
    case_accuracy, cases = _score_cases(known, labels)
    return Scores(
        len(known),
        len(rows) - len(known),
        metrics,
        interval_of([row for row, _ in known], right, are_grouped),
        score_matrix(confusion.tolist(), labels.names, ranked["class_ap"], ranked["class_auc"]),
        case_accuracy,
        cases,
        unseen,
    )


def _score_cases(known: Sequence[tuple[Mapping[str, Any], int]], labels: Labels) -> tuple[float | None, int]:
    """Returns the share of the cases that are told, by the truth of their first image, and their number."""
    by_case = {row["case"]: (row, truth) for row, truth in reversed(known) if "case" in row}
    if not by_case:
        return None, 0
    hits = sum(labels.index(row["case_prediction"]) == truth for row, truth in by_case.values())
    return hits / len(by_case), len(by_case)


def _score_numbers(rows: Sequence[Mapping[str, Any]], meaning: Quantity) -> Scores:
    known = [(float(row["prediction"]), row[TRUTH]) for row in rows if row.get(TRUTH) is not None]
    if not known:
        raise UserError(
            f"--score must have the true numbers in a column {meaning.target!r}, but no row has one. Add them, or "
            "leave it out."
        )
    task = Regression(0.0, 1.0)
    totals = task.totals()
    said, truths = (torch.tensor(numbers, dtype=torch.float64) for numbers in zip(*known, strict=True))
    task.count(totals, said, truths)
    return Scores(len(known), len(rows) - len(known), task.metrics(totals))
