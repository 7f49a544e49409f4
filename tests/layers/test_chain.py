"""A network as one function: the same numbers to the bit as part by part, and it sees when a part has changed."""

from __future__ import annotations

import copy
import gc
import weakref
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mgu import MultiGatedUnit
from mgu.layers import chain
from mgu.layers.block import NORMS, Block
from mgu.models.convnet import ConvNet, convolution
from mgu.models.mlp import MLP
from mgu.native.library import find_compiler

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler: there are no chains")

LEAN: dict[str, Any] = {"gate": "channel", "bypass": "padded", "wiring": "equations"}


def convnet(*blocks: nn.Module) -> ConvNet:
    return ConvNet(blocks, 8, 8, dropout=0.3)


def blocks(norm: str, residual: bool = False) -> ConvNet:
    return convnet(*(Block(convolution(i, 8, 3, 1, 1), norm, "selu", residual, 0.01) for i in (2, 8, 8)))


def units(**options: Any) -> ConvNet:
    return convnet(*(MultiGatedUnit(convolution(i, 8, 3, 1, 1), **options) for i in (2, 8)))


def dense(dropout: float) -> MLP:
    return MLP([Block(nn.Linear(i, 6), "bn_pre") for i in (18, 6)], 6, 3, dropout)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    **{norm: partial(blocks, norm) for norm in NORMS},
    **{f"{norm} with residuals": partial(blocks, norm, residual=True) for norm in NORMS},
    "units": units,
    "lean units": lambda: units(**LEAN),
    "block and unit": lambda: convnet(*blocks("ln").blocks, *units().blocks[1:]),
    **{f"dense, dropout {p}": partial(dense, p) for p in (0.0, 0.4, 1.0)},
}


def unchain(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(chain, "_may_link", lambda x: False)


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
    unchain(monkeypatch)
    parts = train(alone, needs_x)
    assert not is_chained(alone(torch.randn(5, 2, 3, 3)))
    assert len(chained) == len(parts) and all(map(torch.equal, chained, parts))


def replace_activation(network: ConvNet) -> None:
    network.blocks[1].activation = torch.tanh  # type: ignore[assignment]


def replace_layer(network: ConvNet) -> None:
    network.blocks[1].layer = convolution(8, 8, 1, 1, 0)


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
    layer: Any = network.blocks[1].layer
    layer.weight = nn.Parameter(layer.weight.data)  # another parameter in the same memory


def freeze_norms(network: ConvNet) -> None:
    network.blocks[1].eval()


def freeze_first_block(network: ConvNet) -> None:
    network.blocks[0].requires_grad_(False)


def freeze_bias(network: ConvNet) -> None:
    network.blocks[1].layer.bias.requires_grad_(False)  # type: ignore[union-attr]


class Doubled(nn.Conv2d):
    def forward(self, input: Tensor) -> Tensor:
        return 2 * super().forward(input)


def change_class(network: ConvNet) -> None:
    network.blocks[1].layer.__class__ = Doubled


def transpose_in_place(network: ConvNet) -> None:
    weight = network.readout.weight
    weight.data = weight.data.t()  # in the same memory


def rename_attribute(network: ConvNet) -> None:
    dense: Any = network.readout
    for name in ("first", "second"):
        setattr(dense, name, 1)
        train(network)
        delattr(dense, name)


def set_tensors_as_attributes(network: ConvNet) -> None:
    dense: Any = network.readout
    for _ in range(2):
        dense.note = torch.ones(3)  # which have no one truth when they are compared
        train(network)


CHANGES = [replace_activation, replace_layer, replace_block, change_eps, change_dropout, move_data, wrap_anew,
           freeze_norms, freeze_first_block, freeze_bias, change_class, transpose_in_place, rename_attribute,
           set_tensors_as_attributes]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(change: Callable[[ConvNet], None], monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = []
    for may_link in (True, False):
        if not may_link:
            unchain(monkeypatch)
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


def test_hooks_are_called_where_all_were_taken_away_at_once() -> None:
    network, seen = blocks("ln"), list[int]()
    train(network)
    for module in network.modules():
        module._forward_hooks = OrderedDict()
    network.blocks[1].register_forward_hook(lambda *args: seen.append(1))
    train(network, sizes=(5, 3))
    assert seen == [1, 1]


def test_compiled_parts_are_called() -> None:
    network, seen = blocks("ln"), list[int]()
    train(network)
    compiled: Any = network.blocks[1]

    def compiled_call(x: Tensor) -> Tensor:
        seen.append(1)
        return compiled.forward(x)

    compiled._compiled_call_impl = compiled_call  # as `compile()` sets it
    train(network, sizes=(5, 5))
    assert seen == [1, 1]


def test_watched_units_show_their_gates() -> None:
    network, shown = units(**LEAN), list[object]()
    train(network)
    network.blocks[1].watch = shown.append  # type: ignore[assignment]
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


class Kept(nn.Module):
    """A part that keeps its output, and has a `link` of its own."""

    last: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(8, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        self.last = self.layer(x)
        return self.last

    def link(self, name: str) -> None:
        raise AssertionError("this is no link of a chain")


@pytest.mark.parametrize("wrap", [lambda part: part, lambda part: Block(part, "no_norm")])
def test_a_part_may_keep_its_output_and_have_a_method_link(wrap: Callable[[nn.Module], nn.Module]) -> None:
    part = Kept()
    network = convnet(Block(convolution(2, 8, 3, 1, 1), "ln"), wrap(part))
    train(network)
    last = weakref.ref(part.last)
    train(network)
    gc.collect()
    assert last() is None


class Skipping(nn.Sequential):
    """A container that does more than to apply its parts in turn."""

    def forward(self, x: Tensor) -> Tensor:
        first, *others = self
        out = x = first(x)
        for part in others:
            out = out + part(x)
        return out


def test_other_containers_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    network = blocks("ln")
    network.blocks = Skipping(*network.blocks)
    alone = copy.deepcopy(network)
    found = train(network)
    unchain(monkeypatch)
    assert all(map(torch.equal, found, train(alone)))


def test_the_read_out_s_engine_can_be_set_later() -> None:
    network = blocks("ln")
    train(network)
    network.native = False
    assert not is_chained(network(torch.randn(5, 2, 3, 3)))


def test_a_first_block_is_thawed_where_another_weight_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    network = ConvNet([Block(convolution(2, i, 3, 1, 1), "ln") for i in (2, 8)], 8, 4, dropout=0.3)
    network.register_parameter("temperature", nn.Parameter(torch.ones(())))
    network.blocks[0].requires_grad_(False)
    alone = copy.deepcopy(network)
    found = [*train(network), *train(network.requires_grad_(True))]
    unchain(monkeypatch)
    expected = [*train(alone), *train(alone.requires_grad_(True))]
    assert len(found) == len(expected) and all(map(torch.equal, found, expected))


def test_networks_of_torch_s_layers_keep_their_second_derivatives() -> None:
    network = MLP([nn.Linear(18, 6)], 6, 3, 0.4)
    for _ in range(2):
        x = torch.randn(5, 2, 3, 3, requires_grad=True)
        (gradient,) = torch.autograd.grad(network(x).square().sum(), x, create_graph=True)
        gradient.square().sum().backward()
        assert x.grad is not None


def test_checkpoints_keep_nothing_but_inputs() -> None:
    network, x = blocks("ln"), torch.randn(5, 2, 3, 3)
    for _ in range(2):
        checkpoint(network, x, use_reentrant=False).sum().backward()
    train(network)
    assert is_chained(network(x))
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor):
        assert not is_chained(network(x))


def test_weights_that_were_computed_are_not_kept() -> None:
    network = blocks("ln")
    start = {name: own.detach().requires_grad_() for name, own in network.named_parameters()}
    weights = {name: 2 * own for name, own in start.items()}
    for _ in range(2):
        torch.func.functional_call(network, weights, torch.randn(5, 2, 3, 3)).sum().backward(retain_graph=True)
    assert all(own.grad is not None for own in start.values())
    kept = [weakref.ref(own) for own in weights.values()]
    del weights
    gc.collect()
    assert not any(own() is not None for own in kept)


def test_a_shallow_copy_has_its_own_parts() -> None:
    network, x = blocks("ln"), torch.randn(5, 2, 3, 3)
    train(network)
    twin = copy.copy(network)
    twin._modules = network._modules.copy()
    twin.readout = nn.Linear(8, 7)
    for _ in range(2):
        assert network(x).shape == (5, 8) and twin(x).shape == (5, 7)
