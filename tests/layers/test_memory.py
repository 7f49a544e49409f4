"""Blocks and units remember how they were computed, and see whatever has changed since."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mgu.layers.block import Block
from mgu.layers.memory import Memory
from mgu.unit.unit import MultiGatedUnit

MAKERS: dict[str, Callable[[], Any]] = {
    "block": lambda: Block(nn.Conv2d(3, 6, 3), "bn_pre", residual=True),
    "unit": lambda: MultiGatedUnit(nn.Conv2d(3, 6, 3)),
    "lean unit": lambda: MultiGatedUnit(nn.Conv2d(3, 6, 3), gate="channel", bypass="padded"),
}


def norm_of(module: Any) -> Any:
    return module.pre if isinstance(module, Block) else module.bn_before_activation


def set_momentum(module: Any) -> None:
    for norm in module.modules():
        if hasattr(norm, "momentum"):
            norm.momentum = 0.7


def replace_weight(module: Any) -> None:
    norm_of(module).weight = nn.Parameter(torch.full((6,), 3.0).double())


def move_weight(module: Any) -> None:
    norm_of(module).weight.data = torch.full((6,), 3.0).double()


def replace_statistics(module: Any) -> None:
    norm_of(module).running_mean = torch.full((6,), 5.0).double()


def replace_layer(module: Any) -> None:
    torch.manual_seed(5)
    module.layer = nn.Conv2d(3, 6, 3, padding=1, stride=2).double()
    if isinstance(module, Block):
        module.shortcut = copy.deepcopy(module.layer)
    elif hasattr(module.bypass, "margins"):
        module.bypass = type(module.bypass)(module.layer)
    else:
        module.bypass = copy.deepcopy(module.layer)
        module.gate_transforms = nn.ModuleDict({name: copy.deepcopy(module.layer) for name in module.gate_names})


def add_hook(module: Any) -> None:
    module.layer.register_forward_hook(lambda layer, inputs, output: output * 2)


def evaluate(module: Any) -> None:
    module.eval()


def lower_precision(module: Any) -> None:
    module.float()


def expand_weight(module: Any) -> None:
    norm_of(module).weight.data = norm_of(module).weight.data[:1].expand(6)


class Tripled(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return 3 * super().forward(x)


def change_class(module: Any) -> None:
    module.layer.__class__ = Tripled


def change_forward(module: Any) -> None:
    module.layer.forward = lambda x: 3 * nn.Conv2d.forward(module.layer, x)


def activate_otherwise(module: Any) -> None:
    module.activation = nn.functional.gelu


CHANGES = [
    set_momentum, replace_weight, move_weight, replace_statistics, replace_layer, add_hook, evaluate, lower_precision,
    activate_otherwise, expand_weight, change_class, change_forward,
]  # fmt: skip


def results(module: Any, x: Tensor) -> list[Tensor]:
    """Output, gradients and statistics of one pass."""
    module.zero_grad()
    x = x.detach().requires_grad_()
    out = module(x)
    out.backward(torch.linspace(-1, 1, out.numel()).view_as(out).to(out))
    return [out, x.grad, *(p.grad for p in module.parameters()), *module.buffers()]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", MAKERS)
def test_what_changes_between_two_calls_is_seen(kind: str, change: Callable[[Any], None]) -> None:
    torch.manual_seed(0)
    native, x = MAKERS[kind]().double(), torch.randn(4, 3, 8, 8).double()
    eager = copy.deepcopy(native)
    eager.engine = "eager"
    for module in (native, eager):
        results(module, x)
        results(module, x)
        change(module)
    x = x.to(native.layer.weight.dtype)
    tolerance = 1e-9 if x.dtype == torch.float64 else 1e-3
    for ours, theirs in zip(results(native, x), results(eager, x), strict=True):
        assert torch.allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_weight_that_moves_between_forward_and_backward_is_read_where_it_is(kind: str) -> None:
    torch.manual_seed(0)
    module, x = MAKERS[kind](), torch.randn(4, 3, 8, 8)
    module(x).sum().backward()
    expected = [p.grad.clone() for p in module.parameters()]
    module.zero_grad()
    out = module(x)
    norm_of(module).weight.data = norm_of(module).weight.data.clone()
    out.sum().backward()
    assert all(torch.equal(p.grad, e) for p, e in zip(module.parameters(), expected, strict=True))


@pytest.mark.parametrize("kind", MAKERS)
def test_parameters_that_are_replaced_in_the_same_memory_get_the_gradients(kind: str) -> None:
    module, x = MAKERS[kind](), torch.randn(4, 3, 8, 8)
    results(module, x)
    before = list(module.parameters())
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            setattr(part, name, nn.Parameter(parameter.data))
    results(module, x)
    assert all(p.grad is not None for p in module.parameters())
    assert not {id(p) for p in before} & {id(p) for p in module.parameters()}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_copy_of_a_module_that_was_called_is_its_own(kind: str) -> None:
    torch.manual_seed(0)
    module, x = MAKERS[kind](), torch.randn(4, 3, 8, 8)
    before = module(x).detach()
    twin = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.mul_(2)
    assert not torch.allclose(twin(x), before)
    assert torch.allclose(module(x), before, atol=1e-6)


def test_no_graph_is_kept_after_a_call() -> None:
    layer = nn.Linear(3, 4)
    block, weight = Block(layer, "no_norm"), (layer.weight * 2)
    kept = weakref.ref(weight)
    torch.func.functional_call(block, {"layer.weight": weight}, (torch.ones(2, 3),))
    del weight
    assert kept() is None


def test_a_choice_is_made_once_for_equal_calls() -> None:
    memory, layer, choices = Memory[int](), nn.Linear(3, 4), iter(range(9))

    def recall(option: str, num_rows: int = 2) -> int:
        return memory.recall([layer, None], (option,), torch.ones(num_rows, 3), lambda: next(choices))

    assert [recall("a"), recall("a"), recall("b"), recall("b")] == [0, 0, 1, 1]
    assert [recall("b", 5), recall("b", 5)] == [2, 2]
    assert copy.deepcopy(memory).recall([layer], (), torch.ones(5, 3), lambda: 7) == 7


def test_modules_that_hold_others_are_asked_about_at_every_call() -> None:
    memory, choices = Memory[int](), iter(range(9))
    inner = nn.Sequential(nn.Linear(3, 4))
    assert [memory.recall([inner], (), torch.ones(2, 3), lambda: next(choices)) for _ in range(2)] == [0, 1]
    lazy = nn.LazyLinear(4)
    assert [memory.recall([lazy], (), torch.ones(2, 3), lambda: next(choices)) for _ in range(2)] == [2, 3]
