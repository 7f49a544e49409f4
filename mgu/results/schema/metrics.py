"""The metrics of a run on one split."""

from __future__ import annotations

from typing import Annotated

from mgu.results.schema.parts import Error, Fraction, Number, Record, about
from mgu.tasks.score import Score

MOST_CLASSES = 100  # of a confusion matrix; the user's own images have one whatever their number of classes


class Metrics(Record, frozen=True, omit_defaults=True):
    """Holds the metrics of the kept weights on one split.

    A task has some of them (mgu/tasks/); the others are None and not written.
    """

    loss: Annotated[
        Error | None,
        about(
            "Mean loss. Classes and items: cross-entropy in nats, by the classes' weights where they have some; "
            "classes of layout=directed_*: half the squared error of the outputs, summed over them. Numbers: squared "
            "error of the target as it is learned, which is standardised but for generated data. Null if not finite."
        ),
    ]
    accuracy: Annotated[Fraction | None, about("Share of the examples whose class is predicted.")] = None
    precision: Annotated[
        Fraction | None,
        about(
            "Mean over the classes that occur or are predicted of the share of predictions that are right; 0 of none."
        ),
    ] = None
    recall: Annotated[Fraction | None, about("Mean over the classes that occur of the share that is found.")] = None
    rmse: Annotated[Error | None, about("Root mean squared error in the unit of the target.")] = None
    mae: Annotated[Error | None, about("Mean absolute error in the unit of the target.")] = None
    r2: Annotated[float | None, about("Coefficient of determination, at most 1.")] = None
    macro_f1: Annotated[
        Fraction | None,
        about("Mean over the classes that occur of F1."),
    ] = None
    confusion: Annotated[
        list[list[Number]] | None,
        about(
            "Examples by true class (row) and predicted class, in the order of classes: of the data that judge a run, "
            "for at most 100 classes; of the user's own images (config.dataset.classes) of all, whatever their number."
        ),
    ] = None
    class_auc: Annotated[
        list[Fraction | None] | None,
        about("Area under the ROC curve of each class against all others, where confusion is; null for one without."),
    ] = None
    class_ap: Annotated[
        list[Fraction | None] | None,
        about("Average precision of each class, where confusion is; null for one without."),
    ] = None
    case_accuracy: Annotated[
        Fraction | None, about("Share of the cases whose class is predicted by the vote of their images.")
    ] = None
    case_precision: Annotated[Fraction | None, about("Like precision, of cases.")] = None
    case_recall: Annotated[Fraction | None, about("Like recall, of cases.")] = None
    case_macro_f1: Annotated[Fraction | None, about("Like macro_f1, of cases.")] = None
    case_confusion: Annotated[list[list[Number]] | None, about("Like confusion, of cases.")] = None
    recall_at_10: Annotated[Fraction | None, about("Share of the users whose next item is among the first ten.")] = None
    ndcg_at_10: Annotated[
        Fraction | None, about("Normalised discounted cumulative gain of the first ten items, mean over the users.")
    ] = None

    def of(self, score: Score) -> float | None:
        """Returns the metric that runs are ranked by."""
        value: float | None = getattr(self, score.metric)
        return value
