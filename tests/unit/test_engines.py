"""Every engine computes what the eager one does: outputs, all gradients, statistics, whole trainings."""

from __future__ import annotations

import copy
import itertools
from functools import partial
from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mgu import MultiGatedUnit
from tests.unit.test_unit_contract import IMAGES, LAYERS

FAST = ("packed", "native")
ENGINES = ("eager", *FAST)
WIDE = [kind for kind in LAYERS if kind != "a user's own"]
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}  # of the largest value of a tensor: its small ones cancel


def results(unit: MultiGatedUnit, engine: str, x: Tensor, seed: int = 1) -> dict[str, Tensor]:
    """Output, gradients and running statistics of one forward and backward pass of a copy."""
    twin = copy.deepcopy(unit)
    twin.engine = engine
    x = x.clone(memory_format=torch.preserve_format).requires_grad_()
    out = twin(x)
    direction = torch.randn(out.shape, generator=torch.Generator().manual_seed(seed)).to(out)
    out.backward(direction)
    gradients = {f"d {name}": p.grad for name, p in twin.named_parameters() if p.requires_grad}
    found = {"out": out, "d x": x.grad, **gradients, **dict(twin.named_buffers())}
    assert all(tensor is not None for tensor in found.values())
    return {name: tensor.detach() for name, tensor in found.items() if tensor is not None}


def assert_same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        atol = TOLERANCE[tensor.dtype] * float(tensor.abs().max())
        torch.testing.assert_close(ours[name], tensor, rtol=0, atol=atol, msg=partial("{}: {}".format, name))


def unit_of(layer: nn.Module, **arguments: object) -> MultiGatedUnit:
    """With gates, biases and norms that are not where they start."""
    unit = MultiGatedUnit(copy.deepcopy(layer), **arguments)  # type: ignore[arg-type]
    with torch.no_grad():
        for tensor in unit.state_dict().values():
            tensor.add_(0.3 * torch.rand_like(tensor))
    return unit


@pytest.mark.parametrize("engine", FAST)
@pytest.mark.parametrize("kind", WIDE)
def test_the_same_numbers_for_every_layer(kind: str, engine: str) -> None:
    layer, shape, *_ = LAYERS[kind]
    for wiring, residual_gate, training in itertools.product(("equations", "reference"), (True, False), (True, False)):
        unit = unit_of(layer, wiring=wiring, residual_gate=residual_gate).train(training).double()
        x = torch.randn(shape, dtype=torch.float64)
        assert_same(results(unit, engine, x), results(unit, "eager", x))


@pytest.mark.parametrize("engine", FAST)
@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("activation", ["selu", "relu", "gelu", "silu", "tanh"])
def test_the_same_numbers_in_single_precision(activation: str, channels_last: bool, engine: str) -> None:
    if (activation, engine) == ("gelu", "native"):
        engine = "auto"
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    for wiring, training in itertools.product(("equations", "reference"), (True, False)):
        unit = unit_of(nn.Conv2d(4, 21, 3), activation=activation, wiring=wiring).train(training)
        unit, x = unit.to(memory_format=memory_format), torch.randn(IMAGES).contiguous(memory_format=memory_format)
        assert_same(results(unit, engine, x), results(unit, "eager", x))


@pytest.mark.parametrize("residual_gate", [True, False])
@pytest.mark.parametrize("gate", ["replica", "channel"])
def test_more_channels_than_the_compiler_is_told(gate: str, residual_gate: bool) -> None:
    layer, x = nn.Conv2d(4, 70, 3), torch.randn(IMAGES)
    for wiring, training in itertools.product(("equations", "reference"), (True, False)):
        unit = unit_of(layer, gate=gate, wiring=wiring, residual_gate=residual_gate).train(training)
        assert_same(results(unit, "native", x), results(unit, "eager", x))


@pytest.mark.parametrize("gate", ["replica", "channel"])
def test_one_channel_and_many_threads(gate: str) -> None:
    """Many rows, so that several threads sum; one input channel, whose memory format is ambiguous."""
    unit, x = unit_of(nn.Conv2d(1, 17, 3), gate=gate).double(), torch.randn(8, 1, 40, 40, dtype=torch.float64)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert_same(results(unit, "native", x), results(unit, "eager", x))
        assert all(torch.equal(a, b) for a, b in zip(*(results(unit, "native", x).values() for _ in "ab"), strict=True))
    finally:
        torch.set_num_threads(threads)


def test_large_values_and_a_mean_far_from_zero() -> None:
    unit = unit_of(nn.Linear(5, 6))
    with torch.no_grad():
        cast(Tensor, unit.layer.bias).add_(1000)
        cast(Tensor, unit.gate_transforms["skip"].bias).add_(200)
    x = torch.randn(64, 5)
    fast, plain = results(unit, "native", x), results(unit.double(), "eager", x.double())
    torch.testing.assert_close(fast["out"].double(), plain["out"], rtol=1e-3, atol=1e-3)
    assert all(tensor.isfinite().all() for tensor in fast.values())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_stays_so(value: float) -> None:
    unit, x = unit_of(nn.Linear(5, 6)), torch.randn(8, 5)
    x[3, 2] = value
    assert not results(unit, "native", x)["out"].isfinite().all()


def test_gradients_are_those_of_finite_differences() -> None:
    unit = unit_of(nn.Linear(3, 4)).double()
    unit.engine = "native"
    x = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(copy.deepcopy(unit), (x,))


def test_second_derivatives_are_refused_and_the_other_ways_have_them() -> None:
    unit, x = unit_of(nn.Linear(3, 4)).double(), torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match="engine must be eager or packed for second derivatives"):
        torch.autograd.grad(unit(x).sum(), x, create_graph=True)
    for engine in ("eager", "packed"):
        unit.engine = engine
        assert torch.autograd.gradgradcheck(copy.deepcopy(unit), (x,))


@pytest.mark.parametrize("engine", FAST)
def test_going_backward_twice_through_a_graph_that_is_retained(engine: str) -> None:
    unit, x = unit_of(nn.Conv2d(4, 6, 3), engine=engine), torch.randn(IMAGES)
    out = unit(x)
    out.square().sum().backward(retain_graph=True)
    once = [p.grad.clone() for p in unit.parameters() if p.grad is not None]
    out.square().sum().backward()
    twice = [p.grad for p in unit.parameters()]
    torch.testing.assert_close(twice, [2 * grad for grad in once])
    with pytest.raises(RuntimeError, match="second time"):
        out.sum().backward()


@pytest.mark.parametrize("engine", FAST)
def test_a_parameter_changed_between_the_passes_is_noticed(engine: str) -> None:
    unit, x = unit_of(nn.Conv2d(4, 6, 3), engine=engine), torch.randn(IMAGES)
    out = unit(x)
    with torch.no_grad():
        cast(nn.Conv2d, unit.bypass).weight.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


@pytest.mark.parametrize("engine", FAST)
def test_also_where_only_the_input_has_a_gradient(engine: str) -> None:
    unit, x = unit_of(nn.Conv2d(4, 6, 3), engine=engine).requires_grad_(False), torch.randn(IMAGES, requires_grad=True)
    out = unit(x)
    cast(Any, unit.bypass).bias.add_(1)  # whose value no gradient needs
    out.sum().backward(retain_graph=True)
    cast(nn.Conv2d, unit.bypass).weight.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


@pytest.mark.parametrize("engine", FAST)
def test_parameters_whose_memory_others_hold_stay_in_it(engine: str) -> None:
    """A flat buffer, as sharded optimizers have; and a state_dict that is kept."""
    unit, x = unit_of(nn.Conv2d(4, 6, 3), engine=engine), torch.randn(IMAGES)
    parameters = list(unit.parameters())
    flat, place = torch.cat([p.detach().flatten() for p in parameters]), 0
    for p in parameters:
        p.data = flat[place : place + p.numel()].view(p.shape)
        place += p.numel()
    assert_same(results(unit, engine, x), results(unit, "eager", x))
    unit(x)
    flat.zero_()
    assert not any(p.any() for p in unit.parameters())
    other = unit_of(nn.Conv2d(4, 6, 3), engine=engine)
    kept = other.state_dict()
    other(x)
    for tensor in kept.values():
        tensor.zero_()
    assert not any(p.any() for p in other.parameters())


def test_what_a_unit_returns_can_be_changed_in_place() -> None:
    units = [unit_of(layer, engine="native") for layer in (nn.Linear(4, 6), nn.Conv2d(4, 6, 3))]
    for unit, x in zip(units, (torch.randn(3, 4), torch.randn(IMAGES)), strict=True):
        nn.Sequential(unit, nn.ReLU(inplace=True))(x).sum().backward()


@pytest.mark.parametrize("engine", ENGINES)
def test_one_value_a_channel_has_the_gradient_of_finite_differences(engine: str) -> None:
    unit = unit_of(nn.Conv2d(3, 4, 3), engine=engine).double()
    x = torch.randn(1, 3, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(copy.deepcopy(unit), (x,))


@pytest.mark.parametrize("wiring", ["equations", "reference"])
@pytest.mark.parametrize("bias", [-15.0, -8.0])
@pytest.mark.parametrize(("kind", "parameter"), [("replica", "weight"), ("channel", "bias")])
def test_a_gate_that_is_all_but_closed_keeps_its_gradient(kind: str, parameter: str, bias: float, wiring: str) -> None:
    unit, x = unit_of(nn.Linear(5, 6), gate=kind, gate_bias=bias, wiring=wiring), torch.randn(64, 5)
    single, double = results(unit, "native", x), results(unit.double(), "eager", x.double())
    for gate in unit.gate_names:
        name = f"d gate_transforms.{gate}.{parameter}"
        error = (single[name] - double[name]).abs().max() / double[name].abs().max()
        assert error < 1e-4, name


@pytest.mark.parametrize("engine", FAST)
def test_a_first_call_in_inference_mode_spoils_no_training(engine: str) -> None:
    unit, x = unit_of(nn.Conv2d(4, 6, 3), engine=engine), torch.randn(IMAGES)
    expected = results(unit, "eager", x)
    with torch.inference_mode():
        unit.eval()(x)
        made_there = MultiGatedUnit(nn.Conv2d(4, 6, 3), engine=engine).eval()  # type: ignore[arg-type]
        assert made_there(x).isfinite().all()
    assert_same(results(unit.train(), engine, x), expected)
    torch.optim.SGD(unit.parameters(), lr=0.1).step()


def test_a_transform_that_stands_alone_is_no_larger_than_itself() -> None:
    unit = MultiGatedUnit(nn.Conv2d(4, 6, 3))
    unit(torch.randn(IMAGES))
    weight, theirs = (cast(Tensor, own.weight) for own in (unit.transform("skip"), unit.gate_transforms["skip"]))
    assert torch.equal(weight, theirs)
    assert weight.untyped_storage().nbytes() == weight.nbytes


@pytest.mark.parametrize("engine", FAST)
def test_parameters_stay_parameters(engine: Any) -> None:
    """They lie together after the first call, and still answer to their names, their optimizer and their owners."""
    layer = nn.Conv2d(4, 6, 3)
    unit, x = MultiGatedUnit(layer, engine=engine), torch.randn(IMAGES)
    optimizer = torch.optim.SGD(unit.parameters(), lr=0.1)
    before = {name: tensor.clone() for name, tensor in unit.state_dict().items()}
    unit(x).square().sum().backward()
    assert layer.weight is unit.layer.weight and layer.weight.untyped_storage().size() == 7 * 4 * layer.weight.numel()
    assert all(torch.equal(unit.state_dict()[name], before[name]) for name in before if "running" not in name)
    optimizer.step()
    assert all(not torch.equal(p, before[name]) for name, p in unit.named_parameters())
    unit.load_state_dict(before)
    assert_same(results(unit, engine, x), results(unit, "eager", x))
    assert_same(results(unit.double(), engine, x.double()), results(unit, "eager", x.double()))


def test_a_frozen_transform_gets_no_gradient() -> None:
    unit, x = unit_of(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
    cast(nn.Module, unit.bypass).requires_grad_(False)
    unit.bn_before_activation.requires_grad_(False)
    assert "d bypass.weight" not in results(unit, "native", x)
    assert_same(results(unit, "native", x), results(unit, "eager", x))


def test_frozen_constants_get_no_gradient_and_a_frozen_unit_takes_none() -> None:
    unit, x = unit_of(nn.Conv2d(4, 6, 3), gate="channel"), torch.randn(IMAGES)
    unit.gate_transforms.requires_grad_(False)
    assert "d gate_transforms.skip.bias" not in results(unit, "native", x)
    assert_same(results(unit, "native", x), results(unit, "eager", x))
    unit.requires_grad_(False)
    assert_same(results(unit, "native", x), results(unit, "eager", x))


def saved_bytes(unit: MultiGatedUnit, engine: str, x: Tensor) -> int:
    """Of the storages that autograd keeps between the passes, without parameters."""
    own = {p.untyped_storage().data_ptr() for p in unit.parameters()}
    storages: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    unit.engine = engine
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        unit(x)
    return sum(storages.values())


def test_nothing_is_kept_but_the_input_the_packed_outputs_and_statistics() -> None:
    unit, x = MultiGatedUnit(nn.Conv2d(16, 16, 3)), torch.randn(8, 16, 20, 20)
    out = unit(x)
    assert saved_bytes(unit, "native", x) <= x.nbytes + 7 * out.nbytes + 4 * 4 * 16
    assert saved_bytes(unit, "eager", x) > x.nbytes + 13 * out.nbytes


def test_of_constant_gates_nothing_is_kept_for_every_element() -> None:
    unit, x = MultiGatedUnit(nn.Conv2d(16, 16, 3), gate="channel"), torch.randn(8, 16, 20, 20)
    out = unit(x)
    numbers_per_channel = 4 + 2 * len(unit.gate_names)  # statistics; gates before and after the sigmoid
    assert saved_bytes(unit, "native", x) <= x.nbytes + 2 * out.nbytes + numbers_per_channel * 4 * 16


def loss_curve(engine: str, dtype: torch.dtype, seed: int, images: Tensor, labels: Tensor, steps: int) -> list[float]:
    torch.manual_seed(seed)
    units = [MultiGatedUnit(nn.Conv2d(1, 8, 3), engine=engine), MultiGatedUnit(nn.Conv2d(8, 12, 3), engine=engine)]  # type: ignore[arg-type]
    model = nn.Sequential(*units, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 10)).to(dtype)
    optimizer = torch.optim.NAdam(model.parameters(), lr=0.01, eps=1e-7)
    losses = []
    for _ in range(steps):
        index = torch.randint(len(images), (64,))
        loss = F.cross_entropy(model(images[index].to(dtype)), labels[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "steps"), [(0, 100), *(pytest.param(seed, 300, marks=pytest.mark.long) for seed in range(5))]
)
def test_steps_on_real_images_lose_alike(seed: int, steps: int) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, labels = torch.tensor(digits.images).unsqueeze(1) / 16, torch.tensor(digits.target)
    fast, plain = (loss_curve(engine, torch.float64, seed, images, labels, steps) for engine in ("native", "eager"))
    assert plain[-1] < 0.5 * plain[0]  # it learns
    torch.testing.assert_close(torch.tensor(fast), torch.tensor(plain), rtol=1e-5, atol=1e-7)
    single = loss_curve("native", torch.float32, seed, images, labels, steps)
    assert sum(single) == pytest.approx(sum(plain), rel=0.05)


@pytest.mark.parametrize("gate", ["replica", "channel"])
def test_a_watched_first_layer_computes_the_same(gate: str) -> None:
    """Whose convolution is the kernel's own where nobody watches."""
    unit, x, seen = unit_of(nn.Conv2d(1, 6, 3), gate=gate), torch.randn(5, 1, 9, 8), list[str]()
    unit.engine = "native"
    expected = copy.deepcopy(unit)(x)
    unit.watch = seen.extend
    torch.testing.assert_close(unit(x), expected)
    assert seen == list(unit.gate_names)
