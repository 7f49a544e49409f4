"""A network as one function: the same numbers to the bit as part by part, and it sees when a part has changed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mgu import MultiGatedUnit
from mgu.layers import chain
from mgu.layers.block import NORMS, Block
from mgu.models.convnet import ConvNet, convolution
from mgu.models.mlp import MLP
from mgu.native.library import find_compiler

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler: there are no chains")

LEAN: dict[str, Any] = {"gate": "channel", "bypass": "padded", "wiring": "equations"}


def convnet(*blocks: nn.Module) -> ConvNet:
    return ConvNet(blocks, 8, 4, dropout=0.3)


def blocks(norm: str, residual: bool = False) -> ConvNet:
    return convnet(*(Block(convolution(i, 8, 3, 1, 1), norm, "selu", residual, 0.01) for i in (2, 8, 8)))


def units(**options: Any) -> ConvNet:
    return convnet(*(MultiGatedUnit(convolution(i, 8, 3, 1, 1), **options) for i in (2, 8)))


def dense(dropout: float) -> MLP:
    return MLP([Block(nn.Linear(i, 6), "bn_pre") for i in (18, 6)], 6, 3, dropout)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    **{norm: lambda norm=norm: blocks(norm) for norm in NORMS},
    **{f"{norm} with residuals": lambda norm=norm: blocks(norm, residual=True) for norm in NORMS},
    "units": units,
    "lean units": lambda: units(**LEAN),
    "block and unit": lambda: convnet(*blocks("ln").blocks, *units().blocks[1:]),
    **{f"dense, dropout {p}": lambda p=p: dense(p) for p in (0.0, 0.4, 1.0)},
}


def is_chained(out: Tensor) -> bool:
    return type(out.grad_fn).__name__ == "_ChainBackward"


def train(network: nn.Module, needs_x: bool = False, sizes: tuple[int, ...] = (5, 5, 3, 5)) -> list[Tensor]:
    """All outputs, gradients and weights of some steps."""
    torch.manual_seed(1)
    optimizer, numbers = torch.optim.SGD(network.parameters(), 0.01), []
    for size in sizes:
        x = torch.randn(size, 2, 3, 3).requires_grad_(needs_x)
        optimizer.zero_grad()
        out = network(x)
        out.square().sum().backward()
        optimizer.step()
        numbers += [out.detach(), *([x.grad] if x.grad is not None else [])]
        numbers += [p.grad.clone() for p in network.parameters() if p.grad is not None]
    return [*numbers, *(own.clone() for own in network.state_dict().values()), torch.rand(1)]


@pytest.mark.parametrize("needs_x", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_are_those_of_the_parts_to_the_bit(name: str, needs_x: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = NETWORKS[name]()
    alone = copy.deepcopy(network)
    chained = train(network, needs_x)
    assert is_chained(network(torch.randn(5, 2, 3, 3, requires_grad=needs_x)))
    monkeypatch.setattr(chain, "_may_link", lambda x: False)
    parts = train(alone, needs_x)
    assert not is_chained(alone(torch.randn(5, 2, 3, 3)))
    assert len(chained) == len(parts) and all(map(torch.equal, chained, parts))


def replace_activation(network: ConvNet) -> None:
    network.blocks[1].activation = torch.tanh  # type: ignore[union-attr,assignment]


def replace_layer(network: ConvNet) -> None:
    network.blocks[1].layer = convolution(8, 8, 1, 1, 0)  # type: ignore[union-attr]


def replace_block(network: ConvNet) -> None:
    network.blocks[2] = Block(convolution(8, 8, 3, 1, 1), "bn_post")


def change_eps(network: ConvNet) -> None:
    network.blocks[0].pre.eps = 0.5  # type: ignore[union-attr]


def change_dropout(network: ConvNet) -> None:
    network.dropout.p = 0.9


def move_data(network: ConvNet) -> None:
    weight: Any = network.blocks[1].layer.weight  # type: ignore[union-attr]
    weight.data = weight.data.flip(0)


def wrap_anew(network: ConvNet) -> None:
    layer: Any = network.blocks[1].layer  # type: ignore[union-attr]
    layer.weight = nn.Parameter(layer.weight.data)  # another parameter in the same memory


def freeze_norms(network: ConvNet) -> None:
    network.blocks[1].eval()


def freeze_first_block(network: ConvNet) -> None:
    network.blocks[0].requires_grad_(False)


def freeze_bias(network: ConvNet) -> None:
    network.blocks[1].layer.bias.requires_grad_(False)  # type: ignore[union-attr]


CHANGES = [replace_activation, replace_layer, replace_block, change_eps, change_dropout, move_data, wrap_anew,
           freeze_norms, freeze_first_block, freeze_bias]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(change: Callable[[ConvNet], None], monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = []
    for may_link in (True, False):
        if not may_link:
            monkeypatch.setattr(chain, "_may_link", lambda x: False)
        torch.manual_seed(0)
        network = blocks("bn_pre")
        before = train(network)
        change(network)
        after = train(network)
        assert not all(map(torch.equal, before, after))
        network.requires_grad_(True)
        numbers.append([*before, *after, *train(network)])
    assert all(map(torch.equal, *numbers))


def test_hooks_are_called() -> None:
    network, seen = blocks("ln"), list[int]()
    train(network)
    handle = network.blocks.register_forward_hook(lambda *args: seen.append(1))
    train(network, sizes=(5, 3))
    assert seen == [1, 1]
    handle.remove()
    train(network)
    assert seen == [1, 1] and is_chained(network(torch.randn(5, 2, 3, 3)))


def test_watched_units_show_their_gates() -> None:
    network, shown = units(**LEAN), list[object]()
    train(network)
    network.blocks[1].watch = shown.append  # type: ignore[union-attr,assignment]
    train(network, sizes=(5, 5))
    assert len(shown) == 2


def test_a_copy_trains_its_own_weights() -> None:
    network = blocks("bn_pre")
    train(network)
    weights = copy.deepcopy(network.state_dict())
    train(copy.deepcopy(network))
    assert all(map(torch.equal, weights.values(), network.state_dict().values()))


def test_gradients_can_be_asked_for_twice_but_not_derived() -> None:
    network = blocks("ln")
    train(network)
    loss = network(torch.randn(5, 2, 3, 3)).sum()
    once, twice = (torch.autograd.grad(loss, list(network.parameters()), retain_graph=True) for _ in range(2))
    assert all(map(torch.equal, once, twice))
    with pytest.raises(RuntimeError, match="second derivatives"):
        torch.autograd.grad(loss, list(network.parameters()), create_graph=True)


def test_weights_must_not_change_before_the_backward_pass() -> None:
    network = blocks("ln")
    train(network)
    loss = network(torch.randn(5, 2, 3, 3)).sum()
    with torch.no_grad():
        network.blocks[1].layer.weight.add_(1)  # type: ignore[union-attr,operator]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_part_of_the_user_s_own_is_called_as_it_is() -> None:
    network = convnet(Block(convolution(2, 8, 3, 1, 1), "ln"), nn.Sequential(nn.Conv2d(8, 8, 1), nn.ReLU()))
    train(network)
    assert not is_chained(network(torch.randn(5, 2, 3, 3)))


def test_evaluation_and_autocast_are_not_chained() -> None:
    network = blocks("bn_pre")
    train(network)
    x = torch.randn(5, 2, 3, 3)
    with torch.autocast("cpu", torch.bfloat16):
        assert not is_chained(network(x))
    with torch.no_grad():
        assert network(x).grad_fn is None
    assert not is_chained(network.eval()(x))
