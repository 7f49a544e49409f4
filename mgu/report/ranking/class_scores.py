"""How well models tell each class: precision, recall and F1 from the confusion matrices of their runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

from mgu.results.schema.result import Result


class ClassScore(NamedTuple):
    """Holds how well one class is told from the others.

    Attributes:
        name: Its name.
        examples: How many examples of it judge the model; of several seeds, all of them.
        precision: The share in 0..1 of the predictions of the class that are right; None where there are none.
        recall: The share in 0..1 of its examples that are found; None where it has none.
        f1: Their harmonic mean; None where the class neither occurs nor is predicted.
        taken_for: The classes that its examples are most often taken for by mistake, several where as many are.
        taken: How many are taken for each of these.
        ap: Average precision in 0..1 of ranking examples by the probability of the class, the mean over runs.
        auc: Area under the ROC curve likewise.
    """

    name: str
    examples: int
    precision: float | None
    recall: float | None
    f1: float | None
    taken_for: tuple[str, ...]
    taken: int
    ap: float | None = None
    auc: float | None = None


def score_classes(results: Iterable[Result]) -> tuple[int, tuple[ClassScore, ...]]:
    """Scores each class by the confusion matrices of a model's runs, which are added up.

    Args:
        results: Of the runs.

    Returns:
        The number of runs that have a matrix of the size of the first one, and the classes, worst F1 first.
    """
    judged = [(result, confusion) for result in results if (confusion := confusion_of(result))]
    if not judged:
        return 0, ()
    first, matrix = judged[0]
    matrices = [confusion for _, confusion in judged if len(confusion) == len(matrix)]
    names = name_classes(first, len(matrix))
    total = [[sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]
    judged_by = [metrics for result, _ in judged if (metrics := result.test or result.val)]
    of_examples = [metrics for metrics in judged_by if metrics.case_confusion is None]  # a case has no probability
    ap, auc = (
        _means([getattr(metrics, name) for metrics in of_examples], len(matrix)) for name in ("class_ap", "class_auc")
    )
    return len(matrices), score_matrix(total, names, ap, auc)


def _means(of_runs: Iterable[Sequence[float | None] | None], num_classes: int) -> list[float | None]:
    """Returns for each class the mean over the runs that have a value of it; None where none has."""
    known = [values for values in of_runs if values and len(values) == num_classes]
    by_class = [[value for value in column if value is not None] for column in zip(*known, strict=True)]
    return [fmean(values) if values else None for values in by_class] or [None] * num_classes


def score_matrix(
    matrix: Sequence[Sequence[int]],
    names: Sequence[str],
    ap: Sequence[float | None] = (),
    auc: Sequence[float | None] = (),
) -> tuple[ClassScore, ...]:
    """Scores each class by a confusion matrix.

    Args:
        matrix: Counts (K, K) by true class (row) and predicted class.
        names: Names of the classes.
        ap: Average precision of each class; empty where it is not known.
        auc: Area under the ROC curve of each class; empty where it is not known.

    Returns:
        The classes, worst F1 first; those that neither occur nor are predicted last.
    """
    nothing = [None] * len(names)
    scores = [
        _score(matrix, names, index)._replace(ap=of_ap, auc=of_auc)
        for index, (of_ap, of_auc) in enumerate(zip(ap or nothing, auc or nothing, strict=True))
    ]
    return tuple(sorted(scores, key=lambda score: 2.0 if score.f1 is None else score.f1))


def confusion_of(result: Result) -> list[list[int]] | None:
    """Returns the confusion matrix on the data that judge a run: of cases where there are some, else of examples."""
    judged = result.test or result.val
    return (judged.case_confusion or judged.confusion) if judged else None


def name_examples(result: Result) -> str:
    """Names what the confusion matrix of a run counts, such as "test examples"."""
    judged = result.test or result.val
    of_cases = judged is not None and judged.case_confusion is not None
    return f"{'test' if result.test else 'validation'} {'cases' if of_cases else 'examples'}"


def name_classes(result: Result, num_classes: int) -> list[str]:
    """Names the classes of a run in the order of its confusion matrix.

    Args:
        result: Of the run.
        num_classes: K.

    Returns:
        K names; numbers from 0 where the run does not know them.
    """
    dataset = result.config.get("dataset", {})
    names = result.classes or (dataset.get("classes") if isinstance(dataset, dict) else None)
    if isinstance(names, list) and len(names) == num_classes:
        return list(map(str, names))
    return list(map(str, range(num_classes)))


def _score(matrix: Sequence[Sequence[int]], names: Sequence[str], index: int) -> ClassScore:
    """Scores the class of one row of a confusion matrix (K, K) by true class and predicted class."""
    examples, predicted, right = sum(matrix[index]), sum(row[index] for row in matrix), matrix[index][index]
    wrong = [0 if k == index else count for k, count in enumerate(matrix[index])]
    most = max(wrong)
    return ClassScore(
        names[index],
        examples,
        right / predicted if predicted else None,
        right / examples if examples else None,
        2 * right / (examples + predicted) if examples + predicted else None,
        tuple(name for name, count in zip(names, wrong, strict=True) if most and count == most),
        most,
    )
