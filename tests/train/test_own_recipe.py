"""Optimizers and schedules of the user's, by import path: how they are called, and what is asked of them."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim import NAdam, Optimizer, RAdam

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.factory.advice import advise
from mgu.factory.learner import build_optimizer, build_schedule
from mgu.factory.own_code import check_own_code
from mgu.factory.resolved_run import resolve
from mgu.measure.estimate import ModelSize
from mgu.run.dry_run import dry_run
from mgu.sweep.seed_groups import lockstep_obstacle
from mgu.train.schedules import Schedule
from tests.conftest import Configure
from tests.run.test_resume import evidence, train

SOURCE = '''
import random

import torch
from torch.optim import SGD, Optimizer


class Signs(Optimizer):
    """Lion without its second rate, with noise, and a count beside the state of the parameters."""

    def __init__(self, groups, lr, beta=0.9, noise=0.0):
        super().__init__(groups, {"lr": lr, "beta": beta, "noise": noise})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                mean = state.setdefault("mean", torch.zeros_like(p))
                mean.mul_(group["beta"]).add_(p.grad, alpha=1 - group["beta"])
                p.sub_(group["lr"] * mean.sign() + group["noise"] * torch.randn_like(p))
                p.mul_(1 - group["lr"] * group.get("weight_decay", 0))


class Forgets(Signs):
    """Keeps what a step depends on beside its state."""

    def __init__(self, groups, lr):
        super().__init__(groups, lr)
        self.steps = 0

    def step(self, closure=None):
        self.steps += 1
        for group in self.param_groups:
            group["beta"] = 0.5 ** self.steps
            for p in group["params"]:
                p.data.mul_(1 - 0.1 * self.steps)
        super().step()


class History:
    pass


class Objects(Signs):
    def step(self, closure=None):
        super().step()
        for state in self.state.values():
            state["history"] = History()


class TakesAny(Signs):
    def __init__(self, groups, lr, beta=0.9, noise=0.0, **ignored):
        super().__init__(groups, lr, beta, noise)


class FixedRate(Signs):
    def __init__(self, groups, lr):
        super().__init__(groups, lr)
        self.rate = lr

    def step(self, closure=None):
        for group in self.param_groups:
            group["lr"], before = self.rate, group["lr"]
        super().step()


class NeedsClosure(Signs):
    def step(self, closure):
        closure()


def slow_vectors(groups, lr):
    (group,) = groups
    matrices, vectors = ([p for p in group["params"] if (p.dim() > 1) == wanted] for wanted in (True, False))
    return Signs([{"params": matrices}, {"params": vectors, "lr": lr / 10}], lr)


def matrices_alone(groups, lr):
    return SGD([p for group in groups for p in group["params"] if p.dim() > 1], lr=lr)


def number(groups, lr):
    return lr


def no_rate(groups):
    return SGD(groups, lr=0.1)


def half_life(step, steps_per_epoch, epochs=2.0):
    return 0.5 ** (step / (epochs * steps_per_epoch))


def linear(step, num_steps):
    return 1 - step / num_steps


def negative(step, num_steps):
    return 1 - 2 * step / num_steps


def nothing(num_steps):
    return 1.0
'''
Own = Callable[..., RunConfig]


@pytest.fixture
def own(tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Own:
    """Configures a run with the module in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own_recipe", raising=False)
    (tmp_path / "own_recipe.py").write_text(SOURCE)
    return lambda *words: configure("layout=digits_2", "norm=ln", *words)


def optimizer(name: str, *words: str) -> tuple[str, ...]:
    return ("optimizer=python", f"optimizer.target={name if ':' in name else f'own_recipe:{name}'}", *words)


def schedule(name: str, *words: str) -> tuple[str, ...]:
    return ("schedule=python", f"schedule.target=own_recipe:{name}", *words)


def take_a_step(stepping: Optimizer, rates: Schedule) -> None:
    for group in stepping.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter)
    stepping.step()
    rates.step()


def test_it_is_called_with_groups_rate_and_options(own: Own) -> None:
    config = own(*optimizer("torch.optim:RAdam", "optimizer.lr=0.02", "++optimizer.options.betas=[0.8,0.99]"))
    model = nn.Linear(3, 2)
    twin = copy.deepcopy(model)
    theirs, ours = RAdam(twin.parameters(), 0.02, betas=(0.8, 0.99)), build_optimizer(config, model)
    assert type(ours) is RAdam
    for _ in range(6):
        inputs = torch.randn(4, 3)
        for net, stepping in ((model, ours), (twin, theirs)):
            stepping.zero_grad()
            net(inputs).square().mean().backward()
            stepping.step()
    assert torch.equal(model.weight, twin.weight) and torch.equal(model.bias, twin.bias)


def test_weight_decay_makes_two_groups_and_none_leaves_it_to_the_optimizer(own: Own) -> None:
    plain = build_optimizer(own(*optimizer("Signs")), nn.Linear(3, 2))
    assert ["weight_decay" in group for group in plain.param_groups] == [False]
    decayed = build_optimizer(own(*optimizer("Signs", "optimizer.weight_decay=0.1")), nn.Linear(3, 2))
    assert [group["weight_decay"] for group in decayed.param_groups] == [0.1, 0.0]
    theirs = own(*optimizer("torch.optim:AdamW", "++optimizer.options.amsgrad=true"))
    assert build_optimizer(theirs, nn.Linear(3, 2)).defaults["weight_decay"] == 0.01  # torch's own default


def test_the_rate_is_the_schedule_s_in_every_group(own: Own) -> None:
    config = own(*optimizer("slow_vectors", "optimizer.lr=0.4"), *schedule("half_life"))
    check_own_code(resolve(config))
    stepping = build_optimizer(config, nn.Linear(3, 2))
    rates = build_schedule(config, stepping, num_examples=640)  # ten steps an epoch
    seen = []
    for _ in range(21):
        seen.append([group["lr"] for group in stepping.param_groups])
        take_a_step(stepping, rates)
    assert seen[0] == [0.4, 0.04] and seen[20] == pytest.approx([0.2, 0.02])


def test_a_schedule_is_given_what_it_asks_for_after_the_warm_up(own: Own) -> None:
    config = own(*schedule("linear", "schedule.warmup_epochs=1", "training.epochs=3", "optimizer.lr=1"))
    stepping = build_optimizer(config, nn.Linear(3, 2))
    rates = build_schedule(config, stepping, num_examples=256)  # four steps an epoch: four of warm-up, eight after it
    seen = []
    for _ in range(12):
        seen.append(stepping.param_groups[0]["lr"])
        take_a_step(stepping, rates)
    assert seen == pytest.approx([0.2, 0.4, 0.6, 0.8, *(1 - step / 8 for step in range(8))])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (optimizer("number"), "optimizer.target must make a torch.optim.Optimizer, but own_recipe:number makes float"),
        (optimizer("no_rate"), r"make an optimizer by own_recipe:no_rate\(groups, lr=0.003\), but it raised TypeE"),
        (optimizer("matrices_alone"), "must take every parameter that it is given, but leaves out 7 of 10"),
        (optimizer("Forgets"), r"own_recipe:Forgets must go on from its state_dict\(\) to the same bits"),
        (optimizer("Objects"), r"no pickling, but state_dict\(\) has an object of type History at \['state'\]\[0\]\["),
        (optimizer("FixedRate"), r"must take group\['lr'\] in every step"),
        (optimizer("NeedsClosure"), r"must take a step by step\(\) alone, but .*raised TypeError"),
        (optimizer("Sings"), r"Did you mean own_recipe:Signs\?"),
        (optimizer("Signs", "++optimizer.options.betta=1"), r"but got betta\. Did you mean beta\?"),
        (optimizer("Signs", "++optimizer.options.lr=1"), r"options must be without lr, but got 1\. Pass optimizer.lr="),
        (("optimizer=python",), "optimizer.target must be set, but is null"),
        (optimizer("Signs", "step=graph"), "step must be auto or eager with optimizer=python"),
        (schedule("negative"), r"a number of at least 0, but returns -0.9\d+ for step 2299"),
        (schedule("nothing"), "must have a parameter called step"),
        (schedule("half_life", "++schedule.options.epochs=0"), r"own_recipe.py:\d+ .* raised ZeroDivisionError"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(words: tuple[str, ...], message: str, own: Own) -> None:
    with pytest.raises(UserError, match=message) as caught:
        check_own_code(resolve(own(*words)))
    assert "\n" not in str(caught.value)


def test_other_sources_and_options_are_other_runs(own: Own, tmp_path: Path) -> None:
    plain = own(*optimizer("Signs"), *schedule("linear"))
    others = [own(*optimizer("Signs", "++optimizer.options.beta=0.8"), *schedule("linear")), own(*optimizer("Signs"))]
    (tmp_path / "own_recipe.py").write_text(SOURCE + "\n# edited\n")
    others.append(own(*optimizer("Signs"), *schedule("linear")))
    assert len({plain.identity, *(config.identity for config in others)}) == 4
    assert plain.optimizer.lr == 0.003 and own().identity == own("optimizer=nadam").identity


def test_the_trial_and_the_seeds(own: Own) -> None:
    config = own(*optimizer("Signs"), *schedule("linear"), "threads=1")
    assert len(dry_run(lambda event: None, config).losses) == 2
    reason = lockstep_obstacle(config, ModelSize("cpu", 100, 1000))
    assert reason and "own_recipe:Signs" in reason


def test_an_interrupted_run_goes_on_to_the_same_bits(own: Own) -> None:
    words = (*optimizer("Signs", "++optimizer.options.noise=1e-4"), *schedule("half_life"), "training.epochs=3")
    run = (*words, "training.batch_size=256", "layout.dropout=0.3", "training.ema=0.9")
    whole, broken = (own(*run, f"experiment_name={name}") for name in ("whole", "broken"))
    train(whole)
    assert train(broken, 1).resumed == 1
    assert evidence(whole) == evidence(broken)


def test_nadam_s_own_state_passes_the_check(own: Own) -> None:
    """The check refuses no optimizer of torch's whose state is whole."""
    config = own(*optimizer("torch.optim:NAdam"))
    check_own_code(resolve(config))
    assert type(build_optimizer(config, nn.Linear(2, 2))) is NAdam


def test_an_option_that_looks_misspelt_is_told_where_any_name_is_taken(own: Own) -> None:
    misspelt = own(*optimizer("TakesAny", "++optimizer.options.bata=0.8", "++optimizer.options.warmup=3"))
    (note,) = advise(misspelt, 640)
    assert note == (
        "optimizer.options.bata is no parameter of own_recipe:TakesAny, which takes any name and may ignore this one. "
        "Did you mean beta?"
    )
    assert note in dry_run(lambda event: None, misspelt).notes
    assert not advise(own(*optimizer("TakesAny", "++optimizer.options.beta=0.8")), 640)
