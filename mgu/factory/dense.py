"""Networks of dense layouts, from a configuration; those of users and items stand on them."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from mgu.config.layouts import DenseLayoutConfig, FactorsLayoutConfig
from mgu.config.masked_layout import MaskedLayoutConfig
from mgu.config.run import RunConfig
from mgu.data.ratings.dataset import RatingDataset
from mgu.factory.blocks import build_block
from mgu.factory.imported import import_layer
from mgu.factory.resolved_run import ResolvedRun
from mgu.layers.channels import Channels
from mgu.layers.masked import MaskedLinear
from mgu.models.masked import masked_dense
from mgu.models.mlp import MLP, dense
from mgu.models.recommender import Factorisation, Recommender


def build_mlp(resolved: ResolvedRun) -> MLP:
    """Builds the blocks of a dense layout and the read-out. Raises UserError for layers of the user's that fail."""
    return _build_mlp(resolved.config, math.prod(resolved.shapes.inputs), resolved.shapes.num_outputs)


def build_recommender(resolved: ResolvedRun) -> nn.Module:
    """Builds a model of users and items: factors, or dense layers over embeddings and features."""
    config, dataset = resolved.config, resolved.dataset
    assert isinstance(dataset, RatingDataset)
    known, embedding = dataset.known, dataset.config.embedding
    if isinstance(config.layout, FactorsLayoutConfig):
        return Factorisation(config.layout.factors, known.trained)
    num_inputs = Recommender.num_inputs(embedding, known.user_features, known.item_features)
    network = _build_mlp(config, num_inputs, num_outputs=1)
    return Recommender(network, embedding, known.user_features, known.item_features, known.trained)


def build_warmup_dense(resolved: ResolvedRun) -> list[tuple[nn.Module, Tensor]]:
    """Builds the smallest block of the network, with an input for it."""
    layout = resolved.config.layout
    assert isinstance(layout, DenseLayoutConfig | MaskedLayoutConfig)
    layer = nn.Linear(1, layout.width)
    if isinstance(layout, MaskedLayoutConfig) and max(layout.density[:-1]) < 1:
        layer = MaskedLinear(1, layout.width, torch.ones(layout.width, 1, dtype=torch.bool))  # never compiled
    return [(build_block(resolved.config, layer, 0, Channels(layout.width, -1)), torch.ones(2, 1))]


def _build_mlp(config: RunConfig, num_inputs: int, num_outputs: int) -> MLP:
    layout = config.layout
    assert isinstance(layout, DenseLayoutConfig | MaskedLayoutConfig)  # check_config saw to it
    widths = [num_inputs, *[layout.width] * layout.depth]
    make, readout = _dense_maker(layout), None
    channels = Channels(layout.width, -1)
    blocks = [build_block(config, make(index, *sizes), index, channels) for index, sizes in enumerate(pairwise(widths))]
    if isinstance(layout, MaskedLayoutConfig):
        readout = make(layout.depth, layout.width, num_outputs)
    return MLP(blocks, layout.width, num_outputs, layout.dropout, readout=readout)


def _dense_maker(layout: DenseLayoutConfig | MaskedLayoutConfig) -> Callable[[int, int, int], Any]:
    """Returns a function that makes a dense layer of its place in the network and its sizes."""
    if isinstance(layout, MaskedLayoutConfig):
        densities, seed, scale_init = layout.density, layout.mask_seed, layout.scale_init
        return lambda index, n_in, n_out: masked_dense(n_in, n_out, densities[index], (seed, index), scale_init)
    make = import_layer(layout.layer) if layout.layer else dense
    return lambda index, *sizes: make(*sizes)
