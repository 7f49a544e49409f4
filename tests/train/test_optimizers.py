"""Optimizers: torch's own by numbers, and which parameters decay."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW, NAdam

from mgu.config.optimizers import AdamWConfig, MomentumConfig, NadamConfig, SGDConfig
from mgu.layers.block import Block
from mgu.train.nadam import OnePassNAdam
from mgu.train.optimizers import build_optimizer, decay_groups

ADAM: dict[str, Any] = {"lr": 0.01, "beta1": 0.8, "beta2": 0.99, "eps": 1e-6}
THEIRS: dict[str, Any] = {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-6}
CASES: dict[str, tuple[Any, Any]] = {
    "nadam": (
        NadamConfig(name="nadam", **ADAM, momentum_decay=0.004),
        lambda groups: NAdam(groups, **THEIRS, momentum_decay=0.004),
    ),
    "nadam with decay": (
        NadamConfig(name="nadam", **ADAM, momentum_decay=0.004, weight_decay=0.1),
        lambda groups: NAdam(groups, **THEIRS, momentum_decay=0.004, decoupled_weight_decay=True),
    ),
    "adamw": (AdamWConfig(name="adamw", **ADAM, weight_decay=0.1), lambda groups: AdamW(groups, **THEIRS)),
    "sgd": (
        SGDConfig(name="sgd", lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.1),
        lambda groups: SGD(groups, lr=0.01, momentum=0.9, nesterov=True),
    ),
    "momentum": (
        MomentumConfig(name="momentum", lr=0.01, momentum=0.9, weight_decay=0.1),
        lambda groups: SGD(groups, lr=0.01, momentum=0.9),
    ),
    "sgd alone": (
        SGDConfig(name="sgd", lr=0.01, momentum=0.0, nesterov=False, weight_decay=0.0),
        lambda groups: SGD(groups, lr=0.01),
    ),
}


def network() -> nn.Module:
    """In the memory format that runs have."""
    layers = Block(nn.Conv2d(1, 4, 3), "ln"), nn.Flatten(), nn.Linear(144, 3)
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", CASES)
def test_it_is_torch_s_own(name: str) -> None:
    config, build_theirs = CASES[name]
    ours = network()
    other = copy.deepcopy(ours)
    expected = [
        {"params": [p for p in other.parameters() if p.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in other.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    pairs = [(ours, build_optimizer(config, ours.parameters())), (other, build_theirs(expected))]
    for _ in range(5):
        images = torch.randn(8, 1, 8, 8)
        for model, optimizer in pairs:
            optimizer.zero_grad()
            model(images).square().mean().backward()
            optimizer.step()
    torch.testing.assert_close(dict(ours.named_parameters()), dict(other.named_parameters()), rtol=1e-5, atol=1e-6)


def test_vectors_do_not_decay() -> None:
    parameters = list(network().parameters())
    decayed, others = decay_groups(parameters, 0.1)
    assert [p.dim() for p in decayed["params"]] == [4, 2] and decayed["weight_decay"] == 0.1
    assert all(p.dim() == 1 for p in others["params"]) and others["weight_decay"] == 0.0
    assert len(decayed["params"]) + len(others["params"]) == len(parameters)
    assert len(decay_groups(parameters, 0.0)) == 1 and len(decay_groups(decayed["params"], 0.1)) == 1


def test_torch_s_fused_kernels_are_used_and_nadam_is_our_own() -> None:
    built = {name: build_optimizer(config, network().parameters()) for name, (config, _) in CASES.items()}
    assert built["adamw"].defaults["fused"] and built["sgd"].defaults["fused"]
    assert type(built["nadam"]) is OnePassNAdam and type(built["nadam with decay"]) is NAdam


@pytest.mark.parametrize("name", ["exp_avg", "exp_avg_sq"])
def test_states_of_nadam_that_move_are_found(name: str) -> None:
    ours, theirs = (nn.Parameter(torch.ones(5, 4)) for _ in range(2))
    optimizers = OnePassNAdam([ours], lr=0.1), torch.optim.NAdam([theirs], lr=0.1)
    kept = []
    for step in range(4):
        ours.grad, theirs.grad = torch.full((5, 4), 0.5), torch.full((5, 4), 0.5)
        for optimizer, parameter in zip(optimizers, (ours, theirs), strict=True):
            if step == 2:
                state = optimizer.state[parameter]
                kept.append(state[name].data)
                state[name].data = torch.zeros(5, 4)
            optimizer.step()
    assert torch.allclose(ours, theirs, rtol=1e-5)


def clear_states(optimizer: torch.optim.Optimizer, parameter: nn.Parameter) -> None:
    optimizer.state.clear()


def empty_state(optimizer: torch.optim.Optimizer, parameter: nn.Parameter) -> None:
    optimizer.state[parameter].clear()


def load_state(optimizer: torch.optim.Optimizer, parameter: nn.Parameter) -> None:
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))


def cut_in_place(optimizer: torch.optim.Optimizer, parameter: nn.Parameter) -> None:
    state = optimizer.state[parameter]
    for tensor in (parameter, state["exp_avg"], state["exp_avg_sq"]):
        tensor.data = tensor.data[:3]


@pytest.mark.parametrize("change", [clear_states, empty_state, load_state, cut_in_place])
def test_nadam_sees_what_was_done_to_it_between_two_steps(
    change: Callable[[torch.optim.Optimizer, nn.Parameter], None],
) -> None:
    memory = [torch.ones(5, 4) for _ in range(2)]
    ours, theirs = map(nn.Parameter, memory)
    optimizers = OnePassNAdam([ours], lr=0.1), torch.optim.NAdam([theirs], lr=0.1)
    for step in range(4):
        for optimizer, parameter in zip(optimizers, (ours, theirs), strict=True):
            if step == 2:
                change(optimizer, parameter)
            parameter.grad = torch.full_like(parameter, 0.5)
            optimizer.step()
    assert torch.allclose(memory[0], memory[1], rtol=1e-5)  # all of it: also what a parameter had before
