"""On a GPU the kernels compute what plain torch does, give the same bits twice, and can be recorded."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mgu import MultiGatedUnit
from mgu.layers.block import NORMS, Block
from mgu.train.cuda_graph import CudaRecorder
from tests.kernels.test_unit_kernels import assert_as_exact
from tests.layers.test_block_engines import assert_same as assert_same_block
from tests.layers.test_block_engines import block_of
from tests.unit.test_engines import assert_same, results, unit_of

CUDNN: Any = torch.backends.cudnn  # types lack some of its settings

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU: kernels were not run on one")

CHANNELS = (5, 16, 97, 600)


@pytest.fixture(autouse=True)
def full_precision() -> None:
    CUDNN.conv.fp32_precision = "ieee"


@pytest.mark.parametrize("gate", ["replica", "channel"])
@pytest.mark.parametrize("wiring", ["equations", "reference"])
@pytest.mark.parametrize("num_channels", CHANNELS)
def test_a_unit(num_channels: int, wiring: str, gate: str) -> None:
    layer = nn.Conv2d(3, num_channels, 3)
    for activation, training, residual_gate in [("selu", True, True), ("tanh", False, True), ("silu", True, False)]:
        unit = unit_of(layer, activation=activation, wiring=wiring, gate=gate, residual_gate=residual_gate)
        single, x = unit.train(training).cuda(), torch.randn(16, 3, 20, 21, device="cuda")
        exact = copy.deepcopy(single).double()
        expected = results(exact, "eager", x.double())
        assert_same(results(exact, "native", x.double()), expected)
        assert_as_exact(results(single, "native", x), results(single, "eager", x), expected)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("num_channels", CHANNELS)
def test_a_block(num_channels: int, norm: str) -> None:
    layer = nn.Conv2d(3, num_channels, 3, bias=False)
    for activation, training, residual in itertools.product(("selu", "relu"), (True, False), (True, False)):
        block = block_of(layer, norm, activation, residual=residual).train(training).cuda().double()
        x = torch.randn(16, 3, 20, 21, device="cuda", dtype=torch.float64)
        assert_same_block(block, x)


def models() -> list[nn.Module]:
    layers = [nn.Conv2d(3, 16, 3), nn.Conv2d(3, 21, 3)]
    units = [MultiGatedUnit(layer, engine="native", gate=gate) for layer in layers for gate in ("replica", "channel")]
    return [*units, *(Block(nn.Conv2d(3, 21, 3), norm, residual=True, engine="native") for norm in NORMS)]


@pytest.mark.parametrize("index", range(len(models())))
def test_recorded_calls_are_those_that_were_launched_to_the_bit(index: int) -> None:
    torch.manual_seed(0)
    launched = models()[index].cuda()
    recorded = models()[index].cuda()
    recorded.load_state_dict(launched.state_dict())
    x = torch.randn(16, 3, 20, 21, device="cuda")

    def call(model: nn.Module) -> dict[str, Tensor]:
        model.zero_grad()
        out = model(x)
        out.square().sum().backward()
        gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
        return {"out": out.detach(), **gradients, **dict(model.named_buffers())}

    torch.use_deterministic_algorithms(True)
    try:
        recorder, of_graph = CudaRecorder(x.device), dict[str, Tensor]()
        recorder.warm_up(lambda: of_graph.update(call(recorded)))
        replay = recorder.record(lambda: of_graph.update(call(recorded)))
        replay()
        replay()
        for _ in range(3):
            expected = call(launched)
    finally:
        torch.use_deterministic_algorithms(False)
    for name, tensor in expected.items():
        assert torch.equal(of_graph[name], tensor), name
