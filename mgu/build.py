"""The only reader of the run's configuration: from it the data, the model, the task and the optimizer of one run."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import re
import subprocess
from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.flop_counter import FlopCounterMode

from mgu import problem
from mgu.config import LayoutConfig, RunConfig
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.layers.activation import find_activation
from mgu.layers.block import Block
from mgu.layers.engine import Engine
from mgu.layers.fused import find_kernel
from mgu.layers.settling import Settling
from mgu.layers.unit import MultiGatedUnit
from mgu.malloc import keep_freed_memory
from mgu.models.convnet import ConvNet, convolution
from mgu.models.mlp import MLP, dense
from mgu.models.recommender import Factorisation, Recommender
from mgu.sections import DenseLayoutConfig, FactorsLayoutConfig, MovieLensConfig
from mgu.tasks.task import Task
from mgu.train.device_nadam import DeviceNAdam
from mgu.train.graph import ReplayedStep
from mgu.train.optim import build_nadam
from mgu.train.step import Step


class Learner(NamedTuple):
    """All that training changes or asks."""

    model: nn.Module
    task: Task
    optimizer: Optimizer
    schedule: LRScheduler


def find_device(config: RunConfig) -> torch.device:
    """The configured device; "auto" is CUDA where there is one. Raises UserError for a GPU that is not there."""
    if config.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(config.device)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"device must be one of this machine's ({torch.cuda.device_count()} CUDA devices), "
            f"but got {config.device}. Pass device=auto or device=cpu."
        )
    return device


def check_engine(config: RunConfig) -> None:
    """Raises UserError where a model cannot be computed as configured."""
    if config.step == "graph" and find_device(config).type != "cuda":
        raise UserError(f"step must be auto or eager on {find_device(config)}, but got graph. Pass step=auto.")
    if config.mgu and config.mgu.decisive.settles and config.engine in ("native", "compiled"):
        raise UserError(
            f"engine must be auto, eager or packed for gates that settle, but got {config.engine}. Pass engine=auto."
        )
    if not config.mgu or config.engine in ("auto", "eager", "compiled"):
        return
    if config.engine == "packed":
        if (config.mgu.gate, config.mgu.bypass) != ("replica", "replica"):
            raise UserError(
                "engine must not be packed where gates or bypass are no copies of the layer. Pass engine=auto."
            )
        return
    if config.mgu.processors or not config.mgu.skip_gate:
        raise UserError(
            "engine must be auto, eager or packed for a unit that is not the paper's, but got native. Pass engine=auto."
        )
    assert not isinstance(config.layout, FactorsLayoutConfig)  # has no units
    activation = find_activation(config.layout.activation)
    if find_device(config).type != "cpu" or not find_kernel(activation, False, True, False, 0, torch.float32):
        raise UserError(
            "engine must be auto, eager or packed for this run, but got native, which needs a C compiler, the CPU, and "
            f"an activation that it knows (not {config.layout.activation} on {find_device(config)}). Pass engine=auto."
        )


def set_up_torch(config: RunConfig) -> None:
    """Threads, determinism, precision and memory, for this whole process."""
    keep_freed_memory()
    if find_device(config).type == "cuda":
        allow_tf32(config.tf32)
    if config.threads:
        torch.set_num_threads(config.threads)
    if config.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS starts, which asks for it
        torch.use_deterministic_algorithms(True)


def allow_tf32(is_allowed: bool) -> None:
    """Whether CUDA may round the factors of float32 products to TF32's 10 bits: in convolutions, and in matrices.

    Stock torch does the one and not the other. Here a run gives the same numbers on every device, but for rounding,
    unless it is configured otherwise: its identity does not say where it ran.
    """
    torch.set_float32_matmul_precision("high" if is_allowed else "highest")
    if hasattr(torch.backends.cudnn, "conv"):  # since torch 2.9, which wants the flag below no more
        torch.backends.cudnn.conv.fp32_precision = "tf32" if is_allowed else "ieee"
    else:
        torch.backends.cudnn.allow_tf32 = is_allowed


def describe_device(config: RunConfig) -> str:
    """For people, and to tell machines apart: the GPU by name, or the processor with the number of threads."""
    device = find_device(config)
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    threads = config.threads or torch.get_num_threads()
    return f"{device} ({_processor()}, {threads} thread{'s' * (threads != 1)})"


@cache
def _processor() -> str:
    """The processor's name, as far as the system tells it."""
    with contextlib.suppress(OSError):
        if names := re.findall(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE):
            return str(names[0]).strip()
    with contextlib.suppress(OSError, subprocess.SubprocessError):  # macOS
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    return platform.processor() or platform.machine()


def build_splits(config: RunConfig) -> Splits:
    """The data of the run, in main memory."""
    return problem.build_splits(config.dataset)


def build_model(config: RunConfig) -> nn.Module:
    """The network of the configured layout: baseline blocks, or one unit per layer; weights from torch's seed."""
    layout, dataset = config.layout, config.dataset
    if isinstance(dataset, MovieLensConfig):
        return _build_recommender(config, dataset)
    inputs, num_outputs, _ = problem.find_shapes(dataset)
    if isinstance(layout, LayoutConfig):
        layers = layout.convolutions(list(inputs))
        blocks = [build_block(config, convolution(**layer.model_dump()), index) for index, layer in enumerate(layers)]
        return ConvNet(blocks, layers[-1].out_channels, num_outputs, layout.dropout)
    assert isinstance(layout, DenseLayoutConfig)  # check_config saw to it
    return _build_mlp(config, layout, math.prod(inputs), num_outputs)


def _build_mlp(config: RunConfig, layout: DenseLayoutConfig, num_inputs: int, num_outputs: int) -> MLP:
    widths = [num_inputs, *[layout.width] * layout.depth]
    blocks = [build_block(config, dense(*sizes), index) for index, sizes in enumerate(pairwise(widths))]
    return MLP(blocks, layout.width, num_outputs, layout.dropout)


def _build_recommender(config: RunConfig, dataset: MovieLensConfig) -> nn.Module:
    layout, ratings = config.layout, problem.load_ratings(dataset)
    if isinstance(layout, FactorsLayoutConfig):
        return Factorisation(layout.factors, ratings.trained)
    assert isinstance(layout, DenseLayoutConfig)  # check_config saw to it
    num_inputs = Recommender.num_inputs(dataset.embedding, ratings.user_features, ratings.item_features)
    network = _build_mlp(config, layout, num_inputs, num_outputs=1)
    return Recommender(network, dataset.embedding, ratings.user_features, ratings.item_features, ratings.trained)


def build_toys(config: RunConfig) -> list[tuple[nn.Module, Tensor]]:
    """A block of each kind that the run's network has, as small as can be, and inputs for it."""
    if isinstance(config.layout, LayoutConfig):
        image, shapes = torch.ones(2, 1, 4, 4), problem.find_shapes(config.dataset)
        widths = {layer.out_channels for layer in config.layout.convolutions(list(shapes.inputs))}
        return [(build_block(config, nn.Conv2d(1, width, 3), index=0), image) for width in widths]
    if isinstance(config.layout, FactorsLayoutConfig):
        return [(nn.Linear(1, 1), torch.ones(2, 1))]
    return [(build_block(config, nn.Linear(1, config.layout.width), index=0), torch.ones(2, 1))]


def build_learner(config: RunConfig, device: torch.device) -> Learner:
    """Seed torch with the run's seed, then build model, task and optimizer on `device`."""
    torch.manual_seed(config.seed)
    # Channels last: faster convolutions on CPUs and on tensor cores, and a layer norm without a transposition.
    model = build_model(config).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if config.engine == "compiled":
        model.compile()
    optimizer, schedule = build_optimizer(config, model)
    return Learner(model, problem.build_task(config.dataset), optimizer, schedule)


def build_optimizer(config: RunConfig, model: nn.Module) -> tuple[Optimizer, LRScheduler]:
    """As configured; in one pass over memory, unless the engine is a plain one and no graph is asked for."""
    values = config.optimizer.model_dump(exclude={"name"})
    one_pass = config.engine not in ("eager", "packed") or config.step == "graph"
    return build_nadam(model.parameters(), **values, one_pass=one_pass)


def build_graph(config: RunConfig, optimizer: Optimizer) -> Callable[[Step], Step | ReplayedStep]:
    """What makes a graph of a training step, where that is configured and can be had; else leaves it as it is."""
    if config.step == "eager" or not isinstance(optimizer, DeviceNAdam):
        return lambda step: step
    return partial(ReplayedStep, batch_size=config.training.batch_size, is_required=config.step == "graph")


def count_flops(config: RunConfig) -> int:
    """Floating-point operations of one example's forward pass (FlopCounterMode: matrix products, convolutions)."""
    shapes = problem.find_shapes(config.dataset)
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        build_model(config).eval()(torch.empty(1, *shapes.inputs, dtype=shapes.dtype))
    return int(counter.get_total_flops())


def build_block(config: RunConfig, layer: nn.Module, index: int) -> nn.Module:
    """`layer` in the block of the configuration, as the network's one of that index (from 0)."""
    assert not isinstance(config.layout, FactorsLayoutConfig)  # has no blocks
    activation = config.layout.activation
    if config.mgu:
        values = config.mgu.model_dump(exclude={"wiring", "processors", "mixing", "decisive"})
        engine: Engine = "auto" if config.engine == "compiled" else config.engine
        try:
            unit = MultiGatedUnit(layer, activation, config.mgu.described, **values, engine=engine)
        except TypeError as error:  # a kind of gate or bypass that is not made for such a layer
            raise UserError(f"mgu: {error}") from None
        if (decisive := config.mgu.decisive).settles:
            axes = unit.num_channels, unit.channel_axis
            unit.settling = Settling(unit.gate_names, *axes, decisive.over, decisive.temperature)
        return unit
    assert config.norm is not None  # check_config saw to it
    block = partial(Block, momentum=config.norm.momentum, eps=config.norm.eps)
    # The grid code adds no residual to the first layer: there is no block before it whose input could be kept.
    return block(layer, config.norm.name, activation, residual=bool(config.residual) and index > 0)
