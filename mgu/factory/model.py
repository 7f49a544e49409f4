"""The only reader of the run's configuration: from it the data, the model, the task and the optimizer of one run."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mgu.config.datasets import MovieLensConfig
from mgu.config.layouts import DenseLayoutConfig, FactorsLayoutConfig, LayoutConfig
from mgu.config.run import RunConfig
from mgu.data import datasets as problem
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.factory.device import find_device
from mgu.layers.activation import find_activation
from mgu.layers.block import Block
from mgu.models.convnet import ConvNet, convolution
from mgu.models.mlp import MLP, dense
from mgu.models.recommender import Factorisation, Recommender
from mgu.unit.engine import Engine
from mgu.unit.kernel import KernelKind, find_kernel
from mgu.unit.settling import Settling
from mgu.unit.unit import MultiGatedUnit


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
    if find_device(config).type != "cpu" or not find_kernel(KernelKind(activation, torch.float32)):
        raise UserError(
            "engine must be auto, eager or packed for this run, but got native, which needs a C compiler, the CPU, and "
            f"an activation that it knows (not {config.layout.activation} on {find_device(config)}). Pass engine=auto."
        )


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
