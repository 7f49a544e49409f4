"""The seed of a run covers the random numbers that modules of the user's draw, and a checkpoint keeps their state."""

from __future__ import annotations

import hashlib
import io
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mgu.config.run import RunConfig
from mgu.factory.learner import build_learner
from mgu.factory.own_code import check_own_code
from mgu.factory.resolved_run import resolve
from mgu.measure.estimate import ModelSize
from mgu.random_numbers.generators import get_states, keeping_states, seed_all, set_states
from mgu.run.checkpoint import MARK
from mgu.sweep.seed_groups import lockstep_obstacle
from tests.conftest import Configure
from tests.run.test_resume import evidence, interrupt, train

SOURCE = '''
import random

import numpy as np
import torch
from torch import nn
from torch.optim import SGD


class Noisy(nn.Module):
    """Draws its first weights from NumPy, and noise and a sign from NumPy and random in every pass."""

    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.from_numpy(np.random.normal(0, 0.1, (num_outputs, num_inputs))).float())

    def forward(self, x):
        noise = torch.from_numpy(np.random.normal(0, 0.1, (len(x), 1))).float()
        return (x.flatten(1) + noise) @ self.weight.T * random.uniform(0.5, 1.5)


class NoisySGD(SGD):
    """Steps at a rate that NumPy draws."""

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(group["lr"] * np.random.uniform(0.5, 1.5) * p.grad)


def half(step):
    return 0.5 ** step
'''
Own = Callable[..., RunConfig]
NOISY = ("layout=python", "layout.target=own_noise:Noisy", "training.epochs=4", "training.batch_size=256", "threads=1")


@pytest.fixture
def own(tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Own:
    """Configures a run on the digits with the module in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own_noise", raising=False)
    (tmp_path / "own_noise.py").write_text(SOURCE)
    return configure


def draw() -> tuple[float, ...]:
    return torch.rand(()).item(), np.random.normal(), np.random.rand(), random.gauss(0, 1), random.random()


@pytest.mark.parametrize("seed", [0, 7, 2**32, 2**63 - 1])
def test_the_seed_covers_all_three(seed: int) -> None:
    with keeping_states():
        seed_all(seed)
        first = draw()
        seed_all(seed)
        assert draw() == first
        seed_all(seed + 1)
        assert not set(draw()) & set(first)


def test_a_small_seed_is_numpy_s_own() -> None:
    with keeping_states():
        seed_all(7)
        assert np.random.rand() == np.random.RandomState(7).rand() and random.random() == random.Random(7).random()


def test_states_are_saved_without_pickling_and_a_block_leaves_no_trace() -> None:
    np.random.normal(), random.gauss(0, 1)  # each keeps a second number for its next call
    file = io.BytesIO()
    torch.save(get_states(), file)
    with keeping_states():
        first = draw()
    assert draw() == first
    file.seek(0)
    set_states(torch.load(file, weights_only=True))
    assert draw() == first


def test_a_seed_determines_the_weights_that_numpy_draws(own: Own) -> None:
    def weights(*words: str) -> torch.Tensor:
        draw()  # as other code of the process does
        found: Any = build_learner(resolve(own(*NOISY, *words))).model
        return found.state_dict()["weight"]

    assert torch.equal(weights(), weights())
    assert not torch.equal(weights(), weights("seed=1"))


@pytest.mark.slow
def test_an_interrupted_run_goes_on_to_the_same_bits(own: Own) -> None:
    whole, broken = (own(*NOISY, f"experiment_name={name}") for name in ("whole", "broken"))
    train(whole)
    draw()
    assert train(broken, 1, 3).resumed == 2
    assert evidence(whole) == evidence(broken)


@pytest.mark.slow
def test_a_checkpoint_of_an_earlier_version_still_goes_on(own: Own) -> None:
    config = own(*NOISY)
    path = interrupt(config, 2) / "checkpoint.pt"
    content = torch.load(io.BytesIO(path.read_bytes()), weights_only=True)
    del content["random"]["numpy"], content["random"]["python"]
    file = io.BytesIO()
    torch.save(content, file)
    path.write_bytes(file.getvalue() + MARK + hashlib.sha256(file.getvalue()).digest())
    assert train(config).resumed == 1


def test_an_optimizer_may_draw_from_numpy(own: Own) -> None:
    check_own_code(resolve(own("layout=digits_2", "optimizer=python", "optimizer.target=own_noise:NoisySGD")))


def test_seeds_share_no_schedule_of_the_user_s(own: Own) -> None:
    config = own("layout=digits_2", "norm=ln", "schedule=python", "schedule.target=own_noise:half")
    reason = lockstep_obstacle(config, ModelSize("cpu", 100, 1000))
    assert reason and reason.startswith("runs with own_noise:half")
