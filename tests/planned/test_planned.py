"""Networks of random graphs by one compiled function give the numbers that their modules give."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from mgu.graphs.generator import Cell, Generator, Hierarchy, draw_hierarchy
from mgu.graphs.random_graphs import Dag
from mgu.graphs.widths import Widths
from mgu.layers.normalization import BatchNorm
from mgu.models.nago import NagoNet
from mgu.planned.plan import Slots
from mgu.planned.structs import find_library

pytestmark = pytest.mark.skipif(find_library(torch.float32) is None, reason="needs a C compiler")

CHAIN, FORK, SINGLE = Dag(((), (0,), (0, 1))), Dag(((), (0,), (0,))), Dag(((),))
# Cells with several inputs and outputs, in different stages, and parts of one node.
BY_HAND = Hierarchy(
    Dag(((), (), (0, 1), (0,), (2,))),
    (
        Cell(0, FORK, (CHAIN, SINGLE, FORK)),
        Cell(1, SINGLE, (CHAIN,)),
        Cell(1, CHAIN, (SINGLE, SINGLE, FORK)),
        Cell(2, SINGLE, (SINGLE,)),
        Cell(2, FORK, (SINGLE, CHAIN, SINGLE)),
    ),
)
DRAWN = draw_hierarchy(Generator(4, 2, 0.7, 2, 0.6, 4, 4, 0.5), 3)


def build(
    image_shape: tuple[int, ...] = (1, 8, 8), hierarchy: Hierarchy = BY_HAND, dtype: torch.dtype = torch.float64
) -> NagoNet:
    """Builds a network whose parameters are none of those at the start."""
    torch.manual_seed(3)
    network = NagoNet(hierarchy, Widths((3, 7, 13), 11), image_shape, 5, 0.2).to(dtype)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def twins(*arguments: Any, **named: Any) -> tuple[NagoNet, NagoNet]:
    """Builds a network twice: one for each engine."""
    eager = build(*arguments, **named)
    native = copy.deepcopy(eager)
    eager.engine, native.engine = "eager", "native"
    return eager, native


def compute(network: NagoNet, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Returns the output and the gradients of a function of it, of the input and of all parameters."""
    x = x.clone().requires_grad_()
    torch.manual_seed(11)  # of the dropout
    out = network(x)
    return out.detach(), list(torch.autograd.grad((out.sin() + out).sum(), [x, *network.parameters()]))


def assert_close(actual: Tensor, expected: Tensor, tolerance: float = 1e-12, largest: float = 1e-3) -> None:
    """Checks that no number differs by more than a share of the largest one."""
    assert actual.shape == expected.shape and actual.dtype == expected.dtype
    assert (actual - expected).abs().max().item() <= tolerance * max(expected.abs().max().item(), largest)


def assert_all_close(actual: Iterable[Tensor], expected: Iterable[Tensor]) -> None:
    """Checks tensors against the largest number of all: that of a merge is one sum, of which most cancels out."""
    expected = list(expected)
    largest = max(tensor.abs().max().item() for tensor in expected)
    for one, other in zip(actual, expected, strict=True):
        assert_close(one, other, largest=largest)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("batch", "image_shape", "hierarchy"),
    [
        (1, (1, 8, 8), BY_HAND),
        (2, (1, 8, 8), DRAWN),
        (64, (1, 8, 8), DRAWN),
        (33, (3, 7, 5), BY_HAND),
        (70, (2, 9, 10), BY_HAND),
        (5, (3, 41, 46), BY_HAND),  # the stem has strides
    ],
)
def test_numbers_are_those_of_the_modules(
    batch: int, image_shape: tuple[int, ...], hierarchy: Hierarchy, training: bool
) -> None:
    eager, native = twins(image_shape, hierarchy)
    for network in (eager, native):
        network.train(training)
    x = torch.rand(batch, *image_shape, dtype=torch.float64)
    out, gradients = compute(native, x)
    expected, of_modules = compute(eager, x)
    assert_close(out, expected)
    assert_all_close(gradients, of_modules)
    for actual, wanted in zip(native.buffers(), eager.buffers(), strict=True):
        assert_close(actual, wanted)


@pytest.mark.parametrize("batch", [3, 17, 64, 65, 130])
def test_single_precision_is_as_near_to_double_precision_as_that_of_the_modules(batch: int) -> None:
    eager, native = twins(hierarchy=DRAWN, dtype=torch.float32)
    exact = copy.deepcopy(eager).double()
    x = torch.rand(batch, 1, 8, 8)
    expected = exact._pool_features(x.double())
    errors = [(network._pool_features(x) - expected).abs().max() for network in (native, eager)]
    assert errors[0] <= max(2 * errors[1], 1e-5 * expected.abs().max())
    assert all(torch.isfinite(buffer).all() for buffer in native.buffers())


@pytest.mark.parametrize("to", [torch.contiguous_format, torch.channels_last])
def test_images_and_weights_may_lie_in_any_order(to: torch.memory_format) -> None:
    eager, native = twins((3, 8, 8))
    native = native.to(memory_format=to)
    x = torch.rand(6, 3, 8, 10, dtype=torch.float64)[:, :, :, 1:9]  # with gaps
    for given in (x, x.contiguous(memory_format=torch.channels_last), x.transpose(2, 3)):
        out, gradients = compute(native, given)
        expected, of_modules = compute(eager, given)
        assert_close(out, expected)
        assert_all_close(gradients, of_modules)


def test_more_images_than_a_block_are_evaluated_block_by_block_with_the_same_numbers() -> None:
    network = build().eval()
    network.engine = "native"
    x = torch.rand(150, 1, 8, 8, dtype=torch.float64)
    with torch.inference_mode():
        pooled = [network._pool_features(part) for part in x.split(7)]
        assert torch.equal(network._pool_features(x), torch.cat(pooled))


def test_norms_may_be_trained_alone_and_by_another_momentum() -> None:
    """So does precise batch norm."""
    eager, native = twins()
    x = torch.rand(40, 1, 8, 8, dtype=torch.float64)
    for network in (eager, native):
        network.eval()
        for number, module in enumerate(network.modules()):
            if isinstance(module, BatchNorm):
                module.training, module.momentum = number % 3 > 0, 1.0
    with torch.no_grad():
        assert_close(native(x), eager(x))
    for actual, wanted in zip(native.buffers(), eager.buffers(), strict=True):
        assert_close(actual, wanted)


def test_as_many_threads_as_there_are_give_the_same_bits() -> None:
    network, x = build(), torch.rand(64, 1, 8, 8, dtype=torch.float64)
    threads, results = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            results.append(compute(copy.deepcopy(network), x))
    finally:
        torch.set_num_threads(threads)
    for out, gradients in results[1:]:
        assert torch.equal(out, results[0][0])
        assert all(map(torch.equal, gradients[1:], results[0][1][1:]))


def replace_weight(network: NagoNet) -> None:
    network.stem[0].weight = nn.Parameter(torch.full_like(cast(Tensor, network.stem[0].weight), 0.3))


def move_weight(network: NagoNet) -> None:
    weight = cast(Tensor, network.stem[0].weight)
    weight.data = torch.full_like(weight, 0.3)


def replace_statistics(network: NagoNet) -> None:
    network.stem[1].running_mean = torch.full_like(cast(Tensor, network.stem[1].running_mean), 0.4)


def replace_layer(network: NagoNet) -> None:
    network.head[1] = nn.Conv2d(13, 11, 3, padding=1, bias=False).double()


def change_stride(network: NagoNet) -> None:
    cast(nn.Conv2d, network.stem[0]).stride = (2, 2)


def change_norm(network: NagoNet) -> None:
    cast(nn.BatchNorm2d, network.stem[1]).eps = 0.5


def change_weight(network: NagoNet) -> None:
    with torch.no_grad():
        for parameter in network.cells.parameters():
            parameter.mul_(0.5)


def add_hook(network: NagoNet) -> None:
    network.cells.register_forward_hook(lambda module, inputs, output: output * 2)


def add_bias(network: NagoNet) -> None:
    network.head[1].bias = nn.Parameter(torch.ones(11).double())


@pytest.mark.parametrize(
    "change",
    [
        *(replace_weight, move_weight, replace_statistics, replace_layer, change_stride, change_norm, change_weight),
        *(add_hook, add_bias),
    ],
)
def test_a_change_after_the_first_call_is_seen(change: Callable[[NagoNet], None]) -> None:
    eager = build().eval()
    native, x = copy.deepcopy(eager), torch.rand(19, 1, 8, 8, dtype=torch.float64)
    eager.engine = "eager"
    native.engine = "native" if change not in (add_hook, add_bias) else "auto"
    before = native(x)
    torch.manual_seed(1)
    change(native)
    torch.manual_seed(1)
    change(eager)
    after = native(x)
    assert_close(after, eager(x))
    assert not torch.equal(after, before)


def test_a_copy_and_other_precisions_and_sizes_are_planned_anew() -> None:
    network = build().eval()
    network.engine = "native"
    x = torch.rand(4, 1, 8, 8, dtype=torch.float64)
    expected = network(x)
    other = copy.deepcopy(network)
    with torch.no_grad():
        other.readout.weight.zero_()
        cast(Tensor, other.stem[0].weight).zero_()
    assert torch.equal(network(x), expected)
    assert_close(network.float()(x.float()), expected.float(), 1e-5)
    assert network(torch.rand(4, 1, 6, 12)).shape == (4, 5)


def test_gradients_go_to_what_asks_for_them_and_add_up() -> None:
    eager, native = twins()
    x = torch.rand(8, 1, 8, 8, dtype=torch.float64)
    for network in (eager, native):
        network.stem.requires_grad_(False)
        network.dropout.p = 0.0
        loss = network(x).square().sum()
        loss.backward(retain_graph=True)
        loss.backward()
    for actual, wanted in zip(native.parameters(), eager.parameters(), strict=True):
        assert (actual.grad is None) == (wanted.grad is None)
        if actual.grad is not None and wanted.grad is not None:
            assert_close(actual.grad, wanted.grad, 1e-11)


def test_training_goes_the_same_way() -> None:
    eager, native = twins(hierarchy=DRAWN)
    torch.manual_seed(2)
    batches = [(torch.rand(size, 1, 8, 8, dtype=torch.float64), torch.randint(5, (size,))) for size in [64] * 9 + [13]]
    for network in (eager, native):
        optimizer = torch.optim.SGD(network.parameters(), 0.05)
        for number, (x, labels) in enumerate(batches):
            torch.manual_seed(number)
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(x), labels).backward()
            optimizer.step()
    assert eager.state_dict().keys() == native.state_dict().keys()
    for actual, wanted in zip(native.state_dict().values(), eager.state_dict().values(), strict=True):
        assert_close(actual, wanted, 1e-9)


def test_a_weight_that_changed_before_the_backward_pass_is_an_error() -> None:
    network = build()
    loss = network(torch.rand(18, 1, 8, 8, dtype=torch.float64)).sum()
    with torch.no_grad():
        cast(Tensor, network.stem[0].weight).add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_second_derivatives_are_refused_and_possible_by_modules() -> None:
    network = build()
    x = torch.rand(16, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match="engine must be eager for second derivatives"):
        torch.autograd.grad(network(x).sum(), x, create_graph=True)
    network.engine = "eager"
    (gradient,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    gradient.square().sum().backward()


@pytest.mark.parametrize("x", [torch.rand(2, 1, 8, 8).bfloat16(), torch.rand(2, 2, 8, 8)])
def test_what_cannot_be_planned_is_said_where_it_is_asked_for(x: Tensor) -> None:
    network = build(dtype=x.dtype)
    network.engine = "native"
    with pytest.raises(ValueError, match=r"engine must be eager or auto .*, but got native\. Set network\.engine"):
        network(x)


def test_small_batches_and_wide_networks_are_left_to_the_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    def count(network: NagoNet, batch: int) -> int:
        calls: list[NagoNet] = []

        def counting(self: NagoNet, *given: Any) -> Any:
            calls.append(self)
            return plan(self, *given)

        monkeypatch.setattr(NagoNet, "_plan", counting)
        network(torch.rand(batch, 1, 8, 8))
        return len(calls)

    plan = NagoNet._plan
    wide = NagoNet(Hierarchy(SINGLE, (Cell(0, SINGLE, (SINGLE,)),)), Widths((65, 130, 260), 4), (1, 8, 8), 2, 0.0)
    assert [count(build(dtype=torch.float32), batch) for batch in (15, 16)] == [0, 1]
    assert count(wide, 16) == 0


def test_places_in_memory_are_taken_again() -> None:
    slots = Slots()
    first, second = slots.take(10), slots.take(4)
    slots.give(first, 10)
    assert (first, second, slots.take(6), slots.take(4), slots.take(1)) == (0, 10, 0, 6, 14)
    assert slots.size == 15


def test_statistics_of_images_that_begin_with_an_outlier() -> None:
    eager, native = twins(dtype=torch.float32)
    exact = copy.deepcopy(eager).double()
    x = torch.rand(256, 1, 8, 8)
    x[0, 0, :3, :3] = 1e4
    for network in (eager, native, exact):
        network._pool_features(x.to(next(network.parameters())))
    found = [[buffer.double() for buffer in network.buffers()] for network in (native, eager, exact)]
    for ours, theirs, wanted in zip(*found, strict=True):
        errors = [(each - wanted).abs().max() / wanted.abs().max() for each in (ours, theirs)]
        assert errors[0] <= 4 * errors[1] + 2e-5  # of differences to the outlier: 1e-4
