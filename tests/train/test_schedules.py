"""Schedules of the learning rate: torch's own by numbers, warm-up, plateau, and the state to continue from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import SGD, Optimizer
from torch.optim import lr_scheduler as theirs

from mgu.config.schedules import (
    AnySchedule,
    ConstantConfig,
    CosineConfig,
    KerasDecayConfig,
    PlateauConfig,
    StepConfig,
)
from mgu.tasks.score import SCORES
from mgu.train.schedules import Length, Schedule, build_schedule

LENGTH = Length(epochs=6, steps_per_epoch=5)
SCHEDULES: dict[str, AnySchedule] = {
    "keras_decay": KerasDecayConfig(name="keras_decay", decay=0.1),
    "constant": ConstantConfig(name="constant"),
    "cosine": CosineConfig(name="cosine", final=0.01),
    "step": StepConfig(name="step", every_epochs=1.5, factor=0.3),
    "plateau": PlateauConfig(name="plateau", patience=2, factor=0.5),
}
SCORED = [0.5, 0.6, 0.6, 0.59, 0.7, 0.1]  # by epoch


def optimizer_at(lr: float = 0.1) -> Optimizer:
    parameter = torch.nn.Parameter(torch.ones(1))
    parameter.grad = torch.ones(1)
    return SGD([parameter], lr=lr)


def warming(config: AnySchedule, epochs: float) -> AnySchedule:
    return config.model_copy(update={"warmup_epochs": epochs})


def build(config: AnySchedule, optimizer: Optimizer) -> Schedule:
    return build_schedule(config, optimizer, LENGTH, SCORES["classification"])


def rates(
    optimizer: Optimizer, schedule: Any, epochs: range = range(6), end: Callable[[float], None] | None = None
) -> list[float]:
    """The rate of every step."""
    found = []
    for epoch in epochs:
        for _ in range(LENGTH.steps_per_epoch):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        if end_epoch := end or getattr(schedule, "end_epoch", None):
            end_epoch(SCORED[epoch])
    return found


@pytest.mark.parametrize(
    ("name", "build_theirs"),
    [
        ("constant", lambda optimizer: theirs.ConstantLR(optimizer, factor=1.0)),
        ("cosine", lambda optimizer: theirs.CosineAnnealingLR(optimizer, T_max=30, eta_min=0.001)),
        ("step", lambda optimizer: theirs.StepLR(optimizer, step_size=8, gamma=0.3)),
    ],
)
def test_it_is_torch_s_own(name: str, build_theirs: Callable[[Optimizer], Any]) -> None:
    ours, other = optimizer_at(), optimizer_at()
    assert rates(ours, build(SCHEDULES[name], ours)) == pytest.approx(rates(other, build_theirs(other)))


def test_the_decay_is_that_of_keras() -> None:
    optimizer = optimizer_at()
    found = rates(optimizer, build(SCHEDULES["keras_decay"], optimizer))
    assert found == pytest.approx([0.1 / (1 + 0.1 * step) for step in range(30)])


@pytest.mark.parametrize("name", SCHEDULES)
def test_warm_up_is_torch_s_linear_one_and_the_schedule_begins_at_its_end(name: str) -> None:
    """Two and a half epochs of five steps are 12 steps; a cosine has the remaining 18 for its way down."""
    optimizer, linear = optimizer_at(), optimizer_at()
    config = warming(SCHEDULES[name], 2.4)
    found = rates(optimizer, build(config, optimizer), end=lambda score: None)
    expected = rates(linear, theirs.LinearLR(linear, 1 / 13, total_iters=12))
    assert found[:13] == pytest.approx(expected[:13]) and found[12] == pytest.approx(0.1)
    assert max(found) == pytest.approx(0.1) and (name == "plateau" or found[13] == pytest.approx(
        {"keras_decay": 0.1 / 1.1, "constant": 0.1, "cosine": found[13], "step": 0.1}[name]))  # fmt: skip
    if name == "cosine":
        assert found[-1] < 0.1 * 0.03


def test_a_plateau_lowers_the_rate_as_early_stopping_would_stop() -> None:
    """0.6 twice and 0.59 are two epochs without a better score; torch's own would wait for a third."""
    optimizer = optimizer_at()
    found = rates(optimizer, build(SCHEDULES["plateau"], optimizer))
    assert found[::5] == [0.1, 0.1, 0.1, 0.1, 0.05, 0.05]
    history = build(SCHEDULES["plateau"], optimizer)
    for score in (0.6, 0.6, 0.6):
        history.end_epoch(score)
    assert history.get_last_lr() == [0.025]


def test_a_plateau_of_an_error_is_where_it_gets_no_smaller() -> None:
    optimizer = optimizer_at()
    schedule = build_schedule(SCHEDULES["plateau"], optimizer, LENGTH, SCORES["regression"])
    for error in (3.0, 2.0, 1.0):
        schedule.end_epoch(error)
    assert schedule.get_last_lr() == [0.1]
    for error in (2.0, 2.0):
        schedule.end_epoch(error)
    assert schedule.get_last_lr() == [0.05]


def test_scores_within_the_warm_up_do_not_count() -> None:
    optimizer = optimizer_at()
    found = rates(optimizer, build(warming(SCHEDULES["plateau"], 4), optimizer))
    assert found[20:] == pytest.approx([0.1] * 10)


def test_it_is_to_the_bit_what_torch_s_lambda_scheduler_sets_and_continues_from_its_state() -> None:
    """As checkpoints of earlier versions have it."""
    ours, other = optimizer_at(), optimizer_at()
    schedule = build(SCHEDULES["keras_decay"], ours)
    lambda_lr = theirs.LambdaLR(other, lambda step: 1 / (1 + 0.1 * step))
    assert rates(ours, schedule, range(3)) == rates(other, lambda_lr, range(3))
    expected = rates(other, lambda_lr, range(3, 6))
    again = optimizer_at()
    continued = build(SCHEDULES["keras_decay"], again)
    interrupted = theirs.LambdaLR(optimizer_at(), lambda step: 1 / (1 + 0.1 * step))
    rates(interrupted.optimizer, interrupted, range(3))
    again.load_state_dict(interrupted.optimizer.state_dict())
    continued.load_state_dict(interrupted.state_dict())
    assert rates(again, continued, range(3, 6)) == expected


@pytest.mark.parametrize("warmup", [0.0, 1.7])
@pytest.mark.parametrize("name", SCHEDULES)
def test_it_continues_from_its_state(name: str, warmup: float) -> None:
    """Through torch.save with weights_only, as a checkpoint does."""
    config = warming(SCHEDULES[name], warmup)
    whole = optimizer_at()
    expected = rates(whole, build(config, whole))
    first = optimizer_at()
    schedule = build(config, first)
    found = rates(first, schedule, range(3))
    second = optimizer_at()
    continued = build(config, second)
    second.load_state_dict(first.state_dict())
    continued.load_state_dict(schedule.state_dict())
    assert found + rates(second, continued, range(3, 6)) == expected
