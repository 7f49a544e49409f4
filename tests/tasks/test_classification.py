"""The loss of classification where classes have weights: an example weighs what its class does, smoothed or not."""

from __future__ import annotations

import warnings

import pytest
import torch
from sklearn.metrics import balanced_accuracy_score

from mgu.tasks.classification import Classification, balance


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_weight_is_as_good_as_so_many_examples(smoothing: float) -> None:
    """As with Keras's class_weight; torch's weights and smoothing together are another loss."""
    torch.manual_seed(0)
    logits, labels = torch.randn(4, 3, dtype=torch.float64), torch.tensor([0, 2, 1, 2])
    weights = torch.tensor([1.0, 4.0, 2.0], dtype=torch.float64)
    repeated = torch.arange(4).repeat_interleave(weights[labels].long())
    expected = Classification(3).loss(logits[repeated], labels[repeated], smoothing) * len(repeated) / 4
    torch.testing.assert_close(Classification(3, weights).loss(logits, labels, smoothing), expected)


def test_the_smoothed_best_prediction_is_the_label_however_rare_another_class_is() -> None:
    logits = torch.zeros(1, 3, requires_grad=True)
    task = Classification(3, torch.tensor([1.0, 1.0, 300.0]))
    for _ in range(200):
        (gradient,) = torch.autograd.grad(task.loss(logits, torch.tensor([0]), 0.1), logits)
        logits = (logits - gradient).detach().requires_grad_()
    assert logits.softmax(dim=1).tolist()[0] == pytest.approx([0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3], abs=0.01)


def test_balanced_weights_have_mean_one_over_the_labels_though_a_class_has_none() -> None:
    weights = balance(torch.tensor([0, 0, 1]), 3)
    assert weights[[0, 0, 1]].tolist() == [0.75, 0.75, 1.5]


def test_macro_recall_is_balanced_accuracy_even_where_a_class_is_only_predicted() -> None:
    truth, said = torch.tensor([0, 0, 1, 1, 1]), torch.tensor([0, 2, 1, 1, 2])
    task = Classification(4)
    confusion = task.totals()
    task.count(confusion, torch.nn.functional.one_hot(said, 4).float(), truth)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class that is only predicted
        expected = balanced_accuracy_score(truth, said)
    assert task.metrics(confusion)["recall"] == pytest.approx(expected) == pytest.approx((1 / 2 + 2 / 3) / 2)
