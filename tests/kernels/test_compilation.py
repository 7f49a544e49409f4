"""The kernels compile for an H100, on a machine without a GPU, and their values stay in its registers."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path

import pytest
import torch
import triton
from torch import nn
from triton.compiler import CompiledKernel

from mgu.kernels.availability import ACTIVATIONS
from mgu.kernels.block import BATCH_NORMS, block_backward, block_forward
from mgu.kernels.kinds import Batched, BlockInputs, BlockKernels, Running, UnitInputs, UnitKernels
from mgu.kernels.unit import mix_backward, mix_forward
from mgu.layers.block import NORMS
from tests.kernels.compiled import H100, compiled_for
from tests.unit.test_engines import unit_of

FORWARD = {"sum_statistics", "finish_statistics", "mix_rows"}
BACKWARD = {"mix_rows_backward", "finish_sums", "finish_layer"}


MOST_SPILLED = 16  # bytes a thread


def bytes_spilled(kernel: CompiledKernel, folder: Path) -> int:
    """Of each thread, to memory, for want of registers."""
    file = folder / "kernel.cubin"
    file.write_bytes(kernel.asm["cubin"])
    command = [triton.knobs.nvidia.cuobjdump.path, "--dump-resource-usage", str(file)]
    usage = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (stack,) = re.findall(r"STACK:(\d+)", usage)
    return int(stack)


def check_all(kernels: dict[str, list[CompiledKernel]], names: set[str], folder: Path) -> None:
    assert kernels.keys() == names
    for kernel in itertools.chain(*kernels.values()):
        assert ".target sm_90" in kernel.asm["ptx"]
        assert bytes_spilled(kernel, folder) <= MOST_SPILLED, kernel.name


def test_a_unit_compiles_for_an_h100_and_reads_nothing_back(tmp_path: Path) -> None:
    """Its tensors have no memory, so there is nothing to read; a step that waits for the device cannot be recorded."""
    rows, channel = torch.empty(50, 21, device="meta"), torch.empty(21, device="meta")
    inputs = UnitInputs(rows, rows, rows[:5], *[channel] * 6, statistics=rows)  # type: ignore[misc]
    batched, kind = Batched(True, True, True, "relu", 1e-3, 0.1), UnitKernels("relu", True, True, True, 1e-3)
    with compiled_for(H100, tmp_path) as kernels:
        out, statistics = mix_forward(inputs, Running(*[channel] * 4), batched, kind)
        gradients = mix_backward(inputs._replace(statistics=statistics), out, True, kind)
    assert out.shape == rows.shape and gradients.norms.shape == (6, 21)
    check_all(kernels, FORWARD | BACKWARD, tmp_path)


@pytest.mark.parametrize("norm", [pytest.param(norm, marks=[] if norm == "ln" else pytest.mark.long) for norm in NORMS])
def test_a_block_compiles_for_an_h100(norm: str, tmp_path: Path) -> None:
    for activation, training in itertools.product(("selu",) if norm == "ln" else ACTIVATIONS, (True, False)):
        rows, channel = torch.empty(50, 21, device="meta"), torch.empty(21, device="meta")
        is_batched, kind = norm in BATCH_NORMS, BlockKernels(norm, activation, True, training, 1e-3)
        batched = Batched(norm == "bn_pre", norm == "bn_post", training, activation, 1e-3, 0.1) if is_batched else None
        inputs = BlockInputs(rows, rows, channel, channel, statistics=rows)
        with compiled_for(H100, tmp_path) as kernels:
            out, statistics = block_forward(inputs, Running(*[channel] * 4) if is_batched else None, batched, kind)
            block_backward(inputs._replace(statistics=statistics), out, kind)
        names = {"block_rows", "block_rows_backward"} | ({"finish_sums"} if norm != "no_norm" else set())
        names |= {"finish_statistics", "sum_norm_gradients"} if is_batched else set()
        check_all(kernels, names | ({"sum_statistics"} if is_batched and training else set()), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("gate", ["replica", "channel"])
@pytest.mark.parametrize("wiring", ["equations", "reference"])
def test_every_unit_compiles_for_an_h100(wiring: str, gate: str, tmp_path: Path) -> None:
    for activation, channels, dtype in [
        ("selu", 169, torch.float32),
        ("silu", 16, torch.float32),
        ("tanh", 1000, torch.float32),
        ("selu", 16, torch.float64),
    ]:
        unit = unit_of(nn.Linear(3, channels), activation=activation, wiring=wiring, gate=gate, engine="native")
        with compiled_for(H100, tmp_path) as kernels:
            unit.to(dtype)(torch.randn(8, 3, dtype=dtype)).sum().backward()
        check_all(kernels, FORWARD | BACKWARD, tmp_path)
