"""mixup: the formula by hand, the distribution of its weights, and targets that are shares of classes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mgu.augment.mixup import Mixup, draw_beta
from mgu.tasks.classification import Classification


def test_images_and_targets_are_mixed_by_the_formula() -> None:
    images, labels = torch.rand(6, 3, 4, 5), torch.tensor([0, 2, 1, 1, 0, 2])
    mixed, targets = Mixup(0.4, 3)(images, labels, torch.Generator().manual_seed(7))
    drawn = torch.Generator().manual_seed(7)
    partners, weights = torch.randperm(6, generator=drawn).tolist(), draw_beta(0.4, 6, drawn).float()
    for number, partner in enumerate(partners):
        weight = weights[number].item()
        expected = weight * images[number] + (1 - weight) * images[partner]
        shares = torch.zeros(3)
        shares[labels[number]] += weight
        shares[labels[partner]] += 1 - weight
        torch.testing.assert_close(mixed[number], expected)
        torch.testing.assert_close(targets[number], shares)
    assert len(weights.unique()) == 6  # one an image


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 5.0, 100.0])
def test_weights_have_the_moments_of_the_beta_distribution(alpha: float) -> None:
    drawn = draw_beta(alpha, 20_000, torch.Generator().manual_seed(1))
    assert drawn.min() >= 0 and drawn.max() <= 1
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.015)
    assert drawn.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.05)


def test_drawing_leaves_torchs_own_generator_alone() -> None:
    generator, before = torch.Generator().manual_seed(1), torch.get_rng_state()
    first, second = draw_beta(1.0, 5, generator), draw_beta(1.0, 5, generator)
    assert torch.equal(before, torch.get_rng_state()) and not torch.equal(first, second)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("class_weights", [None, torch.tensor([0.5, 1.0, 3.0])])
def test_the_loss_of_shares_is_the_mean_over_their_classes(
    class_weights: torch.Tensor | None, smoothing: float
) -> None:
    task, logits = Classification(3, class_weights), torch.randn(5, 3, requires_grad=True)
    shares = torch.rand(5, 3).softmax(dim=1)
    by_class = [task.loss(logits[[row]], torch.tensor([label]), smoothing) for row in range(5) for label in range(3)]
    expected = (torch.stack(by_class).view(5, 3) * shares).sum(dim=1).mean()
    torch.testing.assert_close(task.loss(logits, shares, smoothing), expected)
    whole = nn.functional.one_hot(torch.tensor([0, 2, 1, 1, 0]), 3).float()
    of_labels = task.loss(logits, whole.argmax(dim=1), smoothing)
    torch.testing.assert_close(task.loss(logits, whole, smoothing), of_labels)


def test_the_largest_share_is_counted() -> None:
    task, logits = Classification(3), torch.eye(3)
    confusion = task.totals()
    shares = torch.tensor([[0.6, 0.4, 0.0], [0.7, 0.3, 0.0], [0.0, 0.1, 0.9]])
    task.count(confusion, logits, shares)
    assert confusion.tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert task.correct(logits, shares).tolist() == [True, False, True]
