"""Training: the loop, early stopping, the schedule, the metrics, divergence."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import torch
from sklearn.metrics import accuracy_score, precision_score, recall_score
from torch import nn

from mgu.config.schedules import KerasDecayConfig
from mgu.data.datasets import open_dataset
from mgu.data.images.images import Images
from mgu.data.splits import Splits
from mgu.data.tables.rows import Rows
from mgu.factory.learner import build_fit_settings, build_learner
from mgu.factory.resolved_run import resolve
from mgu.tasks.classification import Classification
from mgu.tasks.ranking import Ranking
from mgu.tasks.regression import Regression
from mgu.tasks.score import SCORES
from mgu.tasks.task import Task
from mgu.train.early_stop import EarlyStop
from mgu.train.learner import Learner
from mgu.train.loop import Fit, FitSettings, evaluate, fit
from mgu.train.nadam import OnePassNAdam, build_nadam
from mgu.train.schedules import Length, Schedule, build_schedule
from mgu.train.step import Totals
from tests.conftest import Configure


def keras_decay(optimizer: torch.optim.Optimizer, decay: float) -> Schedule:
    config = KerasDecayConfig(name="keras_decay", decay=decay)
    return build_schedule(config, optimizer, Length(1, 1), SCORES["classification"])


def train(config_of: Configure, *overrides: str) -> tuple[Fit, nn.Module]:
    config = config_of(*overrides)
    learner, shuffle = build_learner(resolve(config)), torch.Generator().manual_seed(config.seed)
    splits = open_dataset(config.dataset).splits
    return fit(learner, splits, build_fit_settings(config), shuffle=shuffle), learner.model


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["norm=ln", pytest.param("mgu=equations", marks=pytest.mark.long), "mgu=reference"])
def test_it_learns_real_digits_and_the_same_seed_gives_the_same_bits(choice: str, configure: Configure) -> None:
    chosen = ("layout=digits_2", choice, "training.epochs=6")
    first, second = train(configure, *chosen)[0], train(configure, *chosen)[0]
    assert max(row["val_accuracy"] for row in first.history) > 0.9
    timeless = [
        [{k: v for k, v in row.items() if not k.endswith("_s")} for row in run.history] for run in (first, second)
    ]
    assert timeless[0] == timeless[1]
    assert first.best_weights and second.best_weights
    assert all(torch.equal(first.best_weights[name], second.best_weights[name]) for name in first.best_weights)
    other = train(configure, *chosen, "seed=1")[0]
    assert other.history[0]["train_loss"] != first.history[0]["train_loss"]


def test_the_best_weights_are_those_of_the_best_epoch(configure: Configure) -> None:
    outcome, model = train(configure, "layout=digits_2", "norm=ln", "training.epochs=5")
    scores = [row["val_accuracy"] for row in outcome.history]
    assert outcome.best_epoch == scores.index(max(scores)) + 1
    assert outcome.best_weights
    model.load_state_dict(outcome.best_weights)
    config = configure("layout=digits_2")
    assert evaluate(model, open_dataset(config.dataset).splits.val, Classification(10), 100)["accuracy"] == max(scores)


def test_divergence_stops_the_run_and_keeps_what_it_had(configure: Configure) -> None:
    outcome, _ = train(configure, "layout=digits_2", "norm=no_norm", "optimizer.lr=1e30", "training.epochs=5")
    assert outcome.status == "diverged" and len(outcome.history) == 1
    assert outcome.best_epoch is None and not math.isfinite(outcome.history[0]["val_loss"])


def test_early_stopping_waits_and_an_equal_score_is_no_improvement() -> None:
    stop = EarlyStop(patience=2, score=SCORES["classification"])
    assert [stop.improved(epoch, score) for epoch, score in enumerate([0.5, 0.6, 0.6], start=1)] == [True, True, False]
    assert not stop.stopped
    assert not stop.improved(4, 0.55) and stop.stopped and stop.best_epoch == 2


def test_a_run_that_stops_improving_ends_early(configure: Configure) -> None:
    outcome, _ = train(configure, "layout=digits_2", "optimizer.lr=1e-12", "training.patience=2", "training.epochs=50")
    assert outcome.best_epoch and len(outcome.history) <= 10 and len(outcome.history) == outcome.best_epoch + 2


def test_the_rate_decays_with_time() -> None:
    parameter = nn.Parameter(torch.ones(1))
    optimizer = build_nadam([parameter], 0.01, beta1=0.9, beta2=0.999, eps=1e-7, momentum_decay=0)
    schedule = keras_decay(optimizer, 0.5)
    rates = []
    for _ in range(4):
        parameter.grad = torch.ones(1)
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx([0.01 / (1 + 0.5 * step) for step in range(4)])


def test_metrics_are_those_of_scikit_learn() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(200, 6), torch.randint(0, 4, (200,))  # classes 4 and 5 never occur
    logits[:, [3, 5]] = -9.0  # nor are 3 and 5 predicted
    task, predicted = Classification(6), logits.argmax(1)
    confusion = task.totals()
    for part in (slice(90), slice(90, None)):
        task.count(confusion, logits[part], targets[part])
    metrics = task.metrics(confusion)
    macro = {"average": "macro", "zero_division": 0}
    assert metrics["accuracy"] == pytest.approx(accuracy_score(targets, predicted))
    assert metrics["precision"] == pytest.approx(precision_score(targets, predicted, **macro))
    assert metrics["recall"] == pytest.approx(recall_score(targets, predicted, labels=range(4), **macro))


@pytest.mark.parametrize(
    ("task", "num_outputs"), [(Classification(6), 6), (Ranking(6), 6), (Ranking(60), 6), (Regression(2.0, 3.0), 1)]
)
def test_batches_that_are_held_are_counted_as_they_would_be_at_once(task: Task, num_outputs: int) -> None:
    held, at_once, few = (Totals(task, Rows(torch.zeros(1, 1), torch.zeros(1))) for _ in range(3))
    at_once.max_held, few.max_held = 0, 100
    for _ in range(2):
        for totals in (held, at_once, few):
            totals.clear()
        for size in (64, 64, 29):
            outputs = torch.randn(size, num_outputs)
            targets = torch.randn(size) if num_outputs == 1 else torch.randint(num_outputs, (size,))
            for totals in (held, at_once, few):
                totals.add(task.loss(outputs, targets), outputs, targets)
        assert held.metrics()["loss"] == at_once.metrics()["loss"] == few.metrics()["loss"]
        assert held.metrics() == pytest.approx(at_once.metrics(), rel=1e-12)
        assert few.metrics() == pytest.approx(at_once.metrics(), rel=1e-12)


def test_evaluation_does_not_depend_on_the_batch_size(configure: Configure) -> None:
    config = configure("layout=digits_2", "mgu=equations")
    model, images = build_learner(resolve(config)).model, open_dataset(config.dataset).splits.val
    small, large = (evaluate(model, images, Classification(10), size) for size in (7, 1000))
    assert small == pytest.approx(large, rel=1e-5)


def test_every_image_is_seen_once_an_epoch() -> None:
    """A model that counts its inputs, on 10 images in batches of 4."""

    class Counting(nn.Linear):
        seen: ClassVar[list[float]] = []

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            if self.training:
                self.seen.extend(images.flatten().tolist())
            return super().forward(images.flatten(1))

    pixels = torch.arange(10, dtype=torch.uint8).view(10, 1, 1, 1)
    images, model = Images(pixels, torch.zeros(10, dtype=torch.long), pixel_max=1.0), Counting(1, 2)
    optimizer = build_nadam(model.parameters(), 0.1, 0.9, 0.999, 1e-7, 0)
    schedule = keras_decay(optimizer, 0)
    shuffle = torch.Generator().manual_seed(0)
    learner = Learner(model, Classification(2), optimizer, schedule)
    settings = FitSettings(epochs=2, batch_size=4, eval_batch_size=4, patience=9)
    fit(learner, Splits(images, images), settings, shuffle=shuffle)
    first, second = model.seen[:10], model.seen[10:]
    assert sorted(first) == sorted(second) == list(range(10)) and first != second


def test_nadam_is_that_of_keras_2_in_the_papers_numbers() -> None:
    """Written out from Dozat 2016 as Keras 2 has it, in float64, with the protocol's eps and momentum decay."""
    torch.manual_seed(0)
    gradients = torch.randn(6, 5, dtype=torch.float64)
    ours, by_hand = nn.Parameter(torch.ones(5, dtype=torch.float64)), torch.ones(5, dtype=torch.float64)
    optimizer = build_nadam([ours], 0.01, 0.9, 0.999, 1e-7, 0.004)
    schedule = keras_decay(optimizer, 1e-4)
    m, v, product = torch.zeros(5), torch.zeros(5), 1.0
    for step, gradient in enumerate(gradients, start=1):
        ours.grad = gradient.clone()
        optimizer.step()
        schedule.step()
        mu, mu_next = (0.9 * (1 - 0.5 * 0.96 ** (0.004 * t)) for t in (step, step + 1))
        product *= mu
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        m_bar = (1 - mu) * gradient / (1 - product) + mu_next * m / (1 - product * mu_next)
        by_hand = by_hand - 0.01 / (1 + 1e-4 * (step - 1)) * m_bar / ((v / (1 - 0.999**step)).sqrt() + 1e-7)
    torch.testing.assert_close(ours.detach(), by_hand, rtol=1e-9, atol=1e-12)


def parameters_of(dtype: torch.dtype) -> list[nn.Parameter]:
    shapes = [(16, 1, 3, 3), (12, 16, 3, 3), (7,), (300, 200), ()]
    parameters = [nn.Parameter(torch.randn(shape, dtype=dtype)) for shape in shapes]
    parameters[1].data = parameters[1].data.contiguous(memory_format=torch.channels_last)
    return parameters


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_pass_gives_the_numbers_and_the_state_of_torchs_nadam(
    dtype: torch.dtype, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mgu.train.compiled_nadam.threads_for", lambda values, values_per_thread: threads)
    monkeypatch.setattr(torch.optim.NAdam, "step", forbid(OnePassNAdam, torch.optim.NAdam.step))
    ours = parameters_of(dtype)
    theirs = copy.deepcopy(ours)
    protocol: dict[str, Any] = {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-7, "momentum_decay": 0.004}
    one_pass, plain = build_nadam(ours, **protocol), build_nadam(theirs, **protocol, one_pass=False)
    one_pass_schedule, plain_schedule = keras_decay(one_pass, 1e-4), keras_decay(plain, 1e-4)
    assert isinstance(one_pass, OnePassNAdam) and not isinstance(plain, OnePassNAdam)
    optimizers = ((one_pass, one_pass_schedule), (plain, plain_schedule))

    def train(steps: int) -> None:
        for step in range(steps):
            for p, q in zip(ours, theirs, strict=True):
                q.grad = torch.randn_like(q) * 10 ** -(step % 5)
                p.grad = q.grad.clone(memory_format=torch.preserve_format)
            for optimizer, schedule in optimizers:
                optimizer.step()
                schedule.step()
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(one_pass.state_dict(), plain.state_dict(), rtol=1e-6, atol=1e-7)

    train(100)
    monkeypatch.undo()  # loading puts mu_product in the parameters' precision: of double, torch does the rest
    states = one_pass.state_dict(), plain.state_dict()
    one_pass.load_state_dict(states[1])
    plain.load_state_dict(states[0])
    train(5)


def forbid(kind: type, function: Callable[..., object]) -> Callable[..., object]:
    """`function`, but not for this kind of optimizer: it is to have a way of its own."""

    def guarded(self: object, *arguments: object) -> object:
        assert not isinstance(self, kind)
        return function(self, *arguments)

    return guarded


@pytest.mark.parametrize("change", [{"weight_decay": 0.1}, {"maximize": True}, {}])
def test_what_one_pass_cannot_do_is_left_to_torch(change: dict[str, object]) -> None:
    ours = [nn.Parameter(torch.randn(6, 4).T), nn.Parameter(torch.randn(3))]
    if change:
        ours = ours[1:]
    theirs = copy.deepcopy(ours)
    optimizers = OnePassNAdam(ours, **change), torch.optim.NAdam(theirs, **change)  # type: ignore[arg-type]
    for optimizer, parameters in zip(optimizers, (ours, theirs), strict=True):
        sum(p.square().sum() for p in parameters).backward()  # type: ignore[union-attr]
        optimizer.step()
    assert all(torch.equal(p, q) for p, q in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("other", [torch.float32, torch.bfloat16])
def test_groups_take_one_step_each_whatever_the_others_are(other: torch.dtype) -> None:
    """One has no gradients, or is in a precision that nadam.c does not have."""
    first, second = torch.randn(5), torch.randn(3).to(other)
    pairs = [(nn.Parameter(first.clone()), nn.Parameter(second.clone())) for _ in range(2)]
    for kind, pair in zip((OnePassNAdam, torch.optim.NAdam), pairs, strict=True):
        pair[0].grad = torch.ones(5)
        pair[1].grad = torch.ones_like(second) if other == torch.bfloat16 else None
        kind([{"params": [parameter]} for parameter in pair]).step()
    for ours, theirs in zip(*pairs, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_state_of_another_size_is_an_error_and_no_crash() -> None:
    parameter = nn.Parameter(torch.randn(10))
    optimizer = OnePassNAdam([parameter])
    for size in (10, 1000):
        parameter.data, parameter.grad = torch.randn(size), None
        parameter.grad = torch.ones(size)
        if size == 10:
            optimizer.step()
    with pytest.raises(RuntimeError, match="size"):
        optimizer.step()


def test_what_changes_between_steps_is_noticed() -> None:
    """Parameters that move, trade places, get no gradient or decay, and a state that is loaded."""
    ours = parameters_of(torch.float32)
    theirs = copy.deepcopy(ours)
    optimizers = OnePassNAdam(ours), torch.optim.NAdam(theirs)

    def step(trained: slice = slice(None)) -> None:
        for p, q in zip(ours, theirs, strict=True):
            p.grad = q.grad = None
        for p, q in zip(ours[trained], theirs[trained], strict=True):
            q.grad = torch.randn_like(q)
            p.grad = q.grad.clone(memory_format=torch.preserve_format)
        for optimizer in optimizers:
            optimizer.step()
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)

    step(slice(2))
    step()
    step(slice(1, 4))
    for p in ours:
        p.data = p.data.clone()
    step()
    for p in (ours[0], theirs[0]):
        p.data = p.data.contiguous(memory_format=torch.channels_last)
    step()
    for optimizer in optimizers:
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    step()
    for optimizer in optimizers:
        optimizer.param_groups[0]["params"].reverse()
    step()
    for optimizer in optimizers:
        optimizer.param_groups[0]["weight_decay"] = 0.1
    step()
    fresh = OnePassNAdam(ours)
    optimizers[0].load_state_dict(fresh.state_dict())
    optimizers[1].load_state_dict(torch.optim.NAdam(theirs).state_dict())
    step()


def test_hooks_of_a_step_are_called_once() -> None:
    torch.optim.NAdam([nn.Parameter(torch.ones(1))])  # from here on torch's own step has hooks
    calls: list[int] = []
    for change in ({}, {"weight_decay": 0.1}):
        parameter = nn.Parameter(torch.ones(3))
        parameter.grad = torch.ones(3)
        optimizer = OnePassNAdam([parameter], **change)  # type: ignore[arg-type]
        optimizer.register_step_post_hook(lambda *_: calls.append(1))
        optimizer.step()
    assert len(calls) == 2


def test_a_step_calls_its_closure_and_marks_what_it_changed() -> None:
    parameter = nn.Parameter(torch.ones(3))
    optimizer = OnePassNAdam([parameter])

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = parameter.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure) == 3
    out = (parameter * parameter).sum()
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.backward()
