"""Where rounding grows the native engine is as near to double precision as the eager one."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mgu import MultiGatedUnit
from mgu.layers.block import Block
from mgu.layers.readout import read_out
from mgu.native.library import find_compiler

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler: the kernels were not tried")

CHANNELS = 7
EPSILON = torch.finfo(torch.float32).eps


def unchanging(channels: int = CHANNELS) -> nn.Linear:
    """A layer that returns its input, so that all rounding is that of what follows."""
    layer = nn.Linear(channels, channels)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(channels))
        layer.bias.zero_()
    return layer


def with_outlier(size: float) -> Tensor:
    """Many rows, of which the first is far from the others."""
    x = torch.randn(4096, CHANNELS, generator=torch.Generator().manual_seed(1))
    x[0] = size
    return x


def results(module: Any, engine: str, x: Tensor) -> dict[str, Tensor]:
    """Output, gradients and running statistics of one forward and backward pass of a copy."""
    twin, x = copy.deepcopy(module).to(x.dtype), x.clone().requires_grad_()
    twin.engine = engine
    out = twin(x)
    out.backward(torch.randn(out.shape, generator=torch.Generator().manual_seed(2)).to(out))
    gradients = {f"d {name}": p.grad for name, p in twin.named_parameters() if p.grad is not None}
    return {"out": out.detach(), "d x": x.grad, **gradients, **dict(twin.named_buffers())}


def assert_as_near(module: Any, x: Tensor, *names: str) -> None:
    """Asserts that no native error is larger than a few times the eager one; of all results, or of those named."""
    native, eager, exact = (results(module, engine, x.to(dtype)) for engine, dtype in KINDS)
    for name in names or exact:
        ours, theirs = (float((found[name] - exact[name]).abs().max()) for found in (native, eager))
        assert ours <= 4 * theirs + 16 * EPSILON * float(exact[name].abs().max()), (name, ours, theirs)


KINDS = (("native", torch.float32), ("eager", torch.float32), ("eager", torch.float64))


@pytest.mark.parametrize("size", [30.0, 1e3, 1e5])
@pytest.mark.parametrize("norm", ["bn_pre", "bn_post"])
def test_a_batch_that_begins_with_an_outlier(norm: str, size: float) -> None:
    block = Block(unchanging(), norm, "tanh" if norm == "bn_pre" else "silu")
    name = "pre" if norm == "bn_pre" else "post"
    assert_as_near(block, with_outlier(size), "out", "d x", f"{name}.running_mean", f"{name}.running_var")


@pytest.mark.parametrize("gate", ["replica", "channel"])
def test_a_unit_of_a_batch_that_begins_with_an_outlier(gate: Any) -> None:
    unit = MultiGatedUnit(unchanging(), "silu", gate=gate)
    norms = "bn_before_activation", "bn_after_activation"
    statistics = [f"{norm}.running_{which}" for norm in norms for which in ("mean", "var")]
    assert_as_near(unit, with_outlier(1e3), "out", *statistics)


@pytest.mark.parametrize("activation", ["selu", "relu", "silu"])
@pytest.mark.parametrize("channels", [3, 17, 70])
@pytest.mark.parametrize("value", [0.1, 12345.678, -3e-5])
def test_layer_norm_of_equal_numbers(value: float, channels: int, activation: str) -> None:
    block, x = Block(unchanging(channels), "ln", activation), torch.full((11, channels), value)
    assert results(block, "native", x)["out"].abs().max() < 1e-5
    assert_as_near(block, 1e4 + torch.randn_like(x), "out")


@pytest.mark.parametrize("value", [-95.0, -1e4, -1e37])
def test_silu_ends_in_zero(value: float) -> None:
    found = results(Block(unchanging(), "no_norm", "silu"), "native", torch.full((3, CHANNELS), value))
    assert not found["out"].any()
    assert not found["d x"].any()


@pytest.mark.parametrize("momentum", [0.3, 0.7, 1.0])
def test_statistics_that_forget_the_past(momentum: float) -> None:
    block = Block(unchanging(), "bn_pre", momentum=momentum)
    nn.init.constant_(block.pre.running_mean, 1e5)  # type: ignore[arg-type]
    assert_as_near(block, 1e-3 * torch.randn(64, CHANNELS), "pre.running_mean", "pre.running_var")


@pytest.mark.parametrize("shape", [(3, 5, 150, 150), (3000, 5, 2, 2)])
def test_a_read_out_of_many_positions_or_images(shape: tuple[int, ...]) -> None:
    features = (1 + 0.1 * torch.randn(shape)).contiguous(memory_format=torch.channels_last)
    dense = nn.Linear(5, 4)
    outcomes = []
    for engine, dtype in KINDS:
        own, x = copy.deepcopy(dense).to(dtype), features.to(dtype).requires_grad_()
        out = read_out(x, nn.Dropout(0.0), own, native=engine == "native")
        out.backward(1 + torch.sin(torch.arange(out.numel())).view(out.shape).to(out))
        outcomes.append([out.detach(), own.weight.grad, own.bias.grad])
    for ours, theirs, exact in zip(*outcomes, strict=True):
        errors = [float((found - exact).abs().max()) for found in (ours, theirs)]
        assert errors[0] <= 4 * errors[1] + 4 * EPSILON * float(exact.abs().max())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("activation", ["selu", "relu", "silu", "tanh"])
def test_small_and_large_numbers_keep_their_digits(activation: str, dtype: torch.dtype) -> None:
    sizes = torch.logspace(-30, 1, 7 * 40)
    x = torch.cat([sizes, -sizes]).view(-1, CHANNELS).to(dtype)
    block = Block(unchanging(), "no_norm", activation)
    ours, exact = (
        results(block, engine, x.to(to))["out"] for engine, to in (("native", dtype), ("eager", torch.float64))
    )
    torch.testing.assert_close(ours.double(), exact, rtol=8 * torch.finfo(dtype).eps, atol=0)
