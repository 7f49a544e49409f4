"""What images say of their case, the metrics of both, and a loss in which classes weigh differently."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, f1_score

from mgu.run.evaluate_splits import Predictions, case_metrics, class_metrics
from mgu.tasks.classification import Classification, balance
from mgu.tasks.votes import macro_f1, vote


def test_a_case_is_what_most_of_its_images_are() -> None:
    """By hand: two of three; one each, where the surer one wins; a single image; an order that is not sorted."""

    def logits(*probabilities: float) -> list[float]:
        return [math.log(p) for p in probabilities]

    votes = torch.tensor([
        logits(0.4, 0.3, 0.3), logits(0.4, 0.3, 0.3), logits(0.01, 0.98, 0.01),
        logits(0.5, 0.3, 0.2), logits(0.1, 0.2, 0.7),
        logits(0.2, 0.5, 0.3),
    ])  # fmt: skip
    owners = torch.tensor([7, 7, 7, 3, 3, 9])
    voted, first = vote(votes, owners)
    assert voted.tolist() == [2, 0, 1] and owners[first].tolist() == [3, 7, 9]
    shuffled = torch.tensor([5, 0, 4, 2, 3, 1])
    assert vote(votes[shuffled], owners[shuffled])[0].tolist() == [2, 0, 1]


def test_metrics_of_images_and_cases_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    owners = np.sort(random.integers(0, 40, 200))
    labels = random.integers(0, 3, 40)  # class 3 is never there
    targets = labels[owners]
    logits = torch.tensor(random.normal(0, 1, (200, 5)) + 1.2 * np.eye(5)[targets])
    logits[:, 4] = -9  # nor is class 4, which is not predicted either
    predictions = Predictions(logits, torch.tensor(targets))
    found = class_metrics(predictions) | case_metrics(predictions, torch.tensor(owners))
    found["macro_f1"] = macro_f1(torch.tensor(found["confusion"]))
    predicted = logits.argmax(dim=1).numpy()
    known = sorted(set(owners.tolist()))
    of_each = [np.bincount(predicted[owners == case], minlength=5) for case in known]
    voted = vote(logits, torch.tensor(owners))[0].numpy()
    for case, (counts, own) in enumerate(zip(of_each, voted, strict=True)):
        assert counts[own] == counts.max(), case
    everything = range(5)
    for prefix, truth, said in (("", targets, predicted), ("case_", labels[known], voted)):
        assert found[f"{prefix}confusion"] == confusion_matrix(truth, said, labels=everything).tolist()
        f1 = f1_score(truth, said, labels=np.unique(truth), average="macro", zero_division=0)
        assert found[f"{prefix}macro_f1"] == pytest.approx(f1)
    assert found["case_accuracy"] == pytest.approx((voted == labels[known]).mean())


def test_a_weighted_loss_by_hand() -> None:
    weights = balance(torch.tensor([0, 0, 0, 1]), 2)
    assert weights.tolist() == pytest.approx([4 / 6, 2])
    logits, targets = torch.randn(5, 2), torch.tensor([1, 1, 1, 1, 1])
    own = -logits.log_softmax(dim=1)[:, 1]
    assert Classification(2, weights).loss(logits, targets).item() == pytest.approx(2 * own.mean().item(), rel=1e-5)
