"""Areas under ROC curves and average precision, as scikit-learn has them, ties included."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from mgu.run.evaluate_splits import rank_classes
from mgu.tasks.rank_scores import average_precision, roc_auc


@pytest.mark.parametrize("levels", [2, 5, 10**6])
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_both_are_those_of_scikit_learn(levels: int, share: float) -> None:
    torch.manual_seed(0)
    is_positive = torch.rand(400) < share
    scores = ((torch.rand(400, dtype=torch.double) + 0.2 * is_positive) * levels).round()
    assert roc_auc(scores, is_positive) == pytest.approx(roc_auc_score(is_positive, scores), abs=1e-12)
    assert average_precision(scores, is_positive) == pytest.approx(
        average_precision_score(is_positive, scores), abs=1e-12
    )


def test_there_is_none_without_both_kinds() -> None:
    scores = torch.rand(5)
    all_of_it, none = torch.ones(5, dtype=torch.bool), torch.zeros(5, dtype=torch.bool)
    assert roc_auc(scores, all_of_it) is roc_auc(scores, none) is average_precision(scores, none) is None
    assert average_precision(scores, all_of_it) == 1


def test_each_class_is_ranked_by_its_probability() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(200, 3), torch.randint(0, 2, (200,))
    ranked = rank_classes(logits, targets)
    shares = logits.double().softmax(dim=1)
    assert ranked["class_auc"][:2] == pytest.approx([roc_auc_score(targets == k, shares[:, k]) for k in (0, 1)])
    assert ranked["class_ap"][2] is ranked["class_auc"][2] is None
