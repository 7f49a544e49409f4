"""Fine-tuning: its schedules, its patience, the teacher, and the choice among what was fine-tuned."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import nn

from mgu.data.images.images import Images
from mgu.factory.learner import build_optimizer, build_schedule
from mgu.factory.trained import load_trained
from mgu.layers.block import Block
from mgu.models.convnet import ConvNet
from mgu.prune.choose import choose, score_on
from mgu.prune.convert import logits_of, score_from
from mgu.prune.distill import Distillation, TaughtData
from mgu.prune.fine_tune import FineTuner
from mgu.prune.fix_gates import Candidate
from mgu.prune.network import prune
from mgu.tasks.classification import Classification
from mgu.tasks.score import score_of
from mgu.tasks.votes import macro_f1
from tests.prune.networks import network, quick


def test_learning_from_labels_and_from_the_teacher() -> None:
    """By the definitions of cross-entropy and divergence."""
    model, teacher = torch.randn(2, 6, 4, dtype=torch.float64)
    images = Images(torch.zeros(9, 1, 2, 2, dtype=torch.uint8), torch.arange(9) % 4)
    logits = torch.randn(9, 4, dtype=torch.float64)
    index = torch.tensor([8, 3, 1, 0, 5, 2])
    logits[index] = teacher
    task = Distillation(4, weight=0.75, temperature=3.0)
    taught = TaughtData(images, logits).subset(torch.arange(9)).to(torch.device("cpu"))
    _, targets = taught.batch(index)
    labels = images.labels[index]
    q, p = (model / 3).softmax(dim=1), (teacher / 3).softmax(dim=1)
    by_labels = -model.softmax(dim=1)[torch.arange(6), labels].log().mean()
    divergence = (p * (p / q).log()).sum(dim=1).mean()
    torch.testing.assert_close(task.loss(model, targets), 0.25 * by_labels + 0.75 * 9 * divergence)
    torch.testing.assert_close(task.loss(model, labels), by_labels)  # as validation images have them
    plain = Classification(4)
    for given in (targets, labels):
        confusion, expected = task.totals(), plain.totals()
        task.count(confusion, model, given)
        plain.count(expected, model, labels)
        assert torch.equal(confusion, expected)
        assert torch.equal(task.correct(model, given), plain.correct(model, labels))


def test_schedules_of_fine_tuning(trained_unit: Path) -> None:
    """The rate goes on at step 200 of lr / (1 + decay s), or starts over; without a teacher targets are labels."""
    trained = load_trained(trained_unit)
    rates = {}
    for schedule in ("fresh", "continued"):
        pruning = quick(f"schedule={schedule}", "distill=0")
        tuning = FineTuner(trained.resolved, trained.splits, 200, pruning, trained.model)  # type: ignore[arg-type]
        assert tuning.splits is trained.splits and type(tuning.task) is Classification
        optimizer = build_optimizer(tuning.last, nn.Linear(2, 2))
        decay = build_schedule(tuning.last, optimizer, 1437)
        for _ in range(100):
            optimizer.step()
            decay.step()
        rates[schedule] = decay.get_last_lr()[0]
    assert rates == pytest.approx({"fresh": 0.01 / 1.01, "continued": 0.01 / 1.03})


@pytest.mark.parametrize(("given", "expected"), [("null", 3), ("2", 2)])
def test_fine_tuning_has_the_run_s_patience_or_its_own(trained_unit: Path, given: str, expected: int) -> None:
    """A rate that changes no weight makes no epoch better than the first: as many follow it as are waited for."""
    trained = load_trained(trained_unit)
    still = {
        "optimizer": trained.config.optimizer.model_copy(update={"lr": 1e-30}),
        "training": trained.config.training.model_copy(update={"patience": 3}),
    }
    told: list[tuple[str, int]] = []
    tuning = FineTuner(
        replace(trained.resolved, config=trained.config.model_copy(update=still)),
        trained.splits,
        200,
        quick(f"patience={given}"),
        trained.model,  # type: ignore[arg-type]
        on_epoch=lambda name, fit: told.append((name, len(fit.history))),
    )
    tuning.epochs(
        ConvNet([Block(nn.Conv2d(1, 4, 3), "no_norm")], 4, 10, 0.3), 9, "plain"
    )  # no statistics that go on moving
    assert told == [("plain", epoch) for epoch in range(1, 2 + expected)]


class Spoiling:
    """Fine-tuning that ruins what it is given."""

    task = Classification(10)

    def epochs(self, model: ConvNet, epochs: int, name: str) -> None:
        for parameter in model.parameters():
            parameter.data.fill_(math.nan)


def test_what_fine_tuning_spoils_stays_as_it_was_and_what_is_enough_without_it_is_found() -> None:
    model, decisions = network()
    smaller = Candidate("small", decisions, prune(model, decisions))
    fewer = dict(list(decisions.items())[:4])
    larger = Candidate("large", fewer, prune(model, fewer))
    pixels = torch.rand(200, 1, 8, 8)
    images = Images((pixels * 255).to(torch.uint8), torch.zeros(200, dtype=torch.long))
    first, second = (logits_of(each.model.eval(), images).argmax(1) for each in (larger, smaller))
    images = Images(images.pixels, torch.where(torch.arange(200) < 150, first, second))
    found = [score_on(each.model, images) for each in (larger, smaller)]
    assert found[0] > found[1] > 0.2
    tuning, count = cast(FineTuner, Spoiling()), lambda model: 0
    choice = choose([larger, smaller], found, found[0], images, count, quick("max_loss=0"), tuning)
    assert choice.candidate is larger and choice.within and choice.tuned["small"] < found[1]
    choice = choose([larger, smaller], found, found[1], images, count, quick("max_loss=0"), tuning)
    assert choice.candidate is smaller and choice.within


def test_fine_tuning_goes_on_where_the_run_was_told_to_stop_for_now(trained_unit: Path) -> None:
    trained = load_trained(trained_unit)
    stopped = trained.config.training.model_copy(update={"epochs": 9, "stop_after": 1})
    resolved = replace(trained.resolved, config=trained.config.model_copy(update={"training": stopped}))
    tuning = FineTuner(resolved, trained.splits, 200, quick("distill=0"), trained.model)  # type: ignore[arg-type]
    assert len(tuning.epochs(ConvNet([Block(nn.Conv2d(1, 4, 3), "no_norm")], 4, 10, 0.3), 2, "plain").history) == 2


def test_candidates_are_judged_by_what_their_run_was_trained_for() -> None:
    logits, labels = torch.eye(3)[[0, 0, 0, 0, 1]], torch.tensor([0, 0, 0, 2, 1])
    confusion = torch.tensor([[3, 0, 0], [0, 1, 0], [1, 0, 0]])
    assert score_from(logits, labels, score_of("classification")) == 0.8
    assert score_from(logits, labels, score_of("classification", "macro_f1")) == pytest.approx(macro_f1(confusion))
    assert score_from(logits, labels, score_of("classification", "recall")) == pytest.approx(2 / 3)
