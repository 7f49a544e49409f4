"""Gradients that a chain writes itself: those that torch's engine would, and only where they were asked for so."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import nullcontext
from threading import Thread
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from mgu.layers.block import Block
from mgu.layers.direct_gradients import DirectGradients, are_promised
from mgu.native.library import find_compiler
from tests.layers.test_chain import LEAN, NETWORKS, blocks, units

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler: there are no chains")


def known(network: nn.Module, x: Tensor) -> nn.Module:
    """The network after calls that find out how it is computed; the first one may move weights."""
    for _ in range(2):
        network(x)
    return network


def gradients(network: nn.Module, x: Tensor, is_direct: bool, passes: int = 1) -> list[Tensor | None]:
    network.zero_grad()
    torch.manual_seed(3)
    for _ in range(passes):
        with DirectGradients() if is_direct else nullcontext():
            out = network(x)
        kind = type(out.grad_fn).__name__
        assert kind == ("_DirectChainBackward" if is_direct else "_ChainBackward")
        out.square().sum().backward()
    return [parameter.grad for parameter in network.parameters()]


def same(first: list[Tensor | None], second: list[Tensor | None]) -> bool:
    pairs = zip(first, second, strict=True)
    return all(a is b if a is None or b is None else torch.equal(a, b) and a.stride() == b.stride() for a, b in pairs)


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_those_of_the_engine_to_the_bit(name: str, passes: int) -> None:
    x = torch.randn(5, 2, 3, 3)
    network = known(NETWORKS[name](), x)
    plain = known(copy.deepcopy(network), x)
    assert same(gradients(network, x, True, passes), gradients(plain, x, False, passes))


def test_the_input_has_its_gradient_too() -> None:
    network, found = units(**LEAN), []
    for is_direct in (False, True):
        x = torch.ones(4, 2, 3, 3, requires_grad=True)
        gradients(known(network, x), x, is_direct)
        found.append(x.grad)
    first, second = found
    assert first is not None and second is not None and torch.equal(first, second)


def test_what_is_frozen_has_none() -> None:
    network, x = blocks("ln"), torch.randn(4, 2, 3, 3)
    network.blocks[1].layer.requires_grad_(False)
    plain = known(copy.deepcopy(network), x)
    direct = gradients(known(network, x), x, True)
    assert sum(gradient is None for gradient in direct) == len(list(cast(Block, network.blocks[1]).layer.parameters()))
    assert same(direct, gradients(plain, x, False))


def test_a_weight_of_two_blocks_has_the_sum() -> None:
    network, x = blocks("ln"), torch.randn(4, 2, 3, 3)
    first, second = cast(Block, network.blocks[1]), cast(Block, network.blocks[2])
    second.layer.weight = first.layer.weight
    plain = known(copy.deepcopy(network), x)
    assert same(gradients(known(network, x), x, True), gradients(plain, x, False))


ADD_HOOK: dict[str, Callable[[Tensor, Callable[..., None]], Any]] = {
    "of the gradient": Tensor.register_hook,
    "after accumulation": Tensor.register_post_accumulate_grad_hook,
}


@pytest.mark.parametrize("name", ADD_HOOK)
def test_hooks_of_parameters_are_called(name: str) -> None:
    network, x, seen = units(**LEAN), torch.randn(4, 2, 3, 3), []
    gradients(known(network, x), x, True)
    handle = ADD_HOOK[name](cast(Any, network.blocks[0]).ln.weight, lambda _: seen.append(name))
    for _ in range(3):
        with DirectGradients():
            out = network(x)
        out.sum().backward()
    assert seen == [name] * 3
    handle.remove()


@pytest.mark.parametrize("name", ADD_HOOK)
def test_hooks_that_follow_removed_ones_are_called(name: str) -> None:
    network, x, seen = units(**LEAN), torch.randn(4, 2, 3, 3), []
    weight = cast(Any, network.blocks[0]).ln.weight
    ADD_HOOK[name](weight, lambda _: None).remove()  # which leaves an empty dictionary, to which torch adds the next
    gradients(known(network, x), x, True)
    ADD_HOOK[name](weight, lambda _: seen.append(name))
    with DirectGradients():
        out = network(x)
    out.sum().backward()
    assert seen == [name]


def test_without_the_promise_gradients_can_be_asked_for() -> None:
    network, x = units(**LEAN), torch.randn(4, 2, 3, 3)
    weight = cast(Any, network.blocks[0]).ln.weight
    (asked,) = torch.autograd.grad(known(network, x)(x).sum(), [weight])
    assert asked.abs().sum() > 0 and weight.grad is None


def test_the_promise_ends_and_is_that_of_a_thread() -> None:
    seen = []
    with DirectGradients():
        thread = Thread(target=lambda: seen.append(are_promised()))
        thread.start()
        thread.join()
        with DirectGradients():
            pass
        assert are_promised()
    assert seen == [False]
    with pytest.raises(ValueError, match="of the network"), DirectGradients():
        raise ValueError("of the network")
    assert not are_promised()


def test_runs_in_lockstep_have_promises_of_their_own() -> None:
    greenlet = pytest.importorskip("greenlet")

    def run(seen: list[bool]) -> None:
        seen.append(are_promised())
        with DirectGradients():
            main.switch()
            seen.append(are_promised())
        main.switch()
        seen.append(are_promised())

    main, first, second = greenlet.getcurrent(), list[bool](), list[bool]()
    runs = greenlet.greenlet(run), greenlet.greenlet(run)
    for each, seen in zip(runs, (first, second), strict=True):
        each.switch(seen)
        assert not are_promised()
    for _ in range(2):
        for each in runs:
            each.switch()
            assert not are_promised()
    assert first == second == [False, True, False]


def test_there_is_no_second_derivative() -> None:
    network, x = units(**LEAN), torch.randn(4, 2, 3, 3)
    known(network, x)
    with DirectGradients():
        out = network(x)
    with pytest.raises(RuntimeError, match="second derivatives"):
        out.sum().backward(create_graph=True)
