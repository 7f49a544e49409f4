"""What a recipe changes in a step: clipped gradients, smoothed labels, averaged weights."""

from __future__ import annotations

from typing import cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD

from mgu.data.images.images import Images
from mgu.tasks.classification import Classification
from mgu.train.step import Step, StepOptions
from mgu.train.weight_average import WeightAverage


def step_of(options: StepOptions) -> tuple[Step, nn.Module]:
    torch.manual_seed(1)
    images = Images(torch.randint(0, 255, (8, 1, 2, 2), dtype=torch.uint8), torch.arange(8) % 3)
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    return Step(model, images, Classification(3), SGD(model.parameters(), lr=0.1), options=options), model


def test_gradients_are_cut_to_their_norm_together() -> None:
    plain, free = step_of(StepOptions())
    cut, clipped = step_of(StepOptions(clip_norm=0.01))
    for step in (plain, cut):
        step.gradients(torch.arange(8))
    norms = [
        torch.cat([cast(Tensor, p.grad).flatten() for p in model.parameters()]).norm() for model in (free, clipped)
    ]
    assert norms[0] > 0.02 and norms[1].item() == pytest.approx(0.01, rel=1e-3)
    ratios = [
        cast(Tensor, b.grad) / cast(Tensor, a.grad)
        for a, b in zip(free.parameters(), clipped.parameters(), strict=True)
    ]
    torch.testing.assert_close(ratios[0], torch.full_like(ratios[0], ratios[1][0].item()))


@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 2.0, 0.5])])
def test_smoothed_labels_are_those_of_the_definition(weights: torch.Tensor | None) -> None:
    """(1 - s) of the label and s / K of every class; both parts of an example have the weight of its own class."""
    logits, targets = torch.randn(6, 3), torch.tensor([0, 1, 2, 2, 1, 0])
    own = torch.ones(3) if weights is None else weights
    spread = 0.9 * F.one_hot(targets, 3) + 0.1 / 3
    by_hand = -(spread * own[targets, None] * logits.log_softmax(1)).sum() / 6
    torch.testing.assert_close(Classification(3, weights).loss(logits, targets, 0.1), by_hand)
    plain, _ = step_of(StepOptions(label_smoothing=0.3))
    assert plain.loss(logits, targets) != plain.task.loss(logits, targets)  # by which it is evaluated


def test_the_average_is_that_of_the_definition_and_stands_in_for_an_evaluation_only() -> None:
    parameter = nn.Parameter(torch.zeros(2))
    average, by_hand = WeightAverage([parameter], 0.3), torch.zeros(2)
    for count in range(6):
        with torch.no_grad():
            parameter.add_(1.0)
        average.update()
        decay = min(0.3, (1 + count) / (10 + count))
        by_hand = decay * by_hand + (1 - decay) * parameter.detach()
    address = parameter.data_ptr()
    with average.in_place():
        torch.testing.assert_close(parameter.detach(), by_hand)
        assert parameter.data_ptr() == address
    assert torch.equal(parameter.detach(), torch.full((2,), 6.0)) and parameter.data_ptr() == address


def test_half_the_precision_is_of_the_forward_pass_alone() -> None:
    plain, _ = step_of(StepOptions())
    half, own = step_of(StepOptions(precision="bf16"))
    model = cast(nn.Sequential, own)
    seen: list[torch.dtype] = []
    model[1].register_forward_hook(lambda module, inputs, outputs: seen.append(outputs.dtype))
    for step in (plain, half):
        step.begin()
        step(torch.arange(8))
    assert seen == [torch.bfloat16]
    assert {value.dtype for value in (*model.parameters(), cast(Tensor, cast(nn.Linear, model[1]).weight.grad))} == {
        torch.float32
    }
    losses = [step.totals.metrics()["loss"] for step in (plain, half)]
    assert losses[0] != losses[1] and losses[1] == pytest.approx(losses[0], rel=0.02)
