"""Models from a configuration: the network of a layout, made of baseline blocks or of units, and its operations."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress

import torch
from torch import Tensor, nn

from mgu.config.directed import DirectedLayoutConfig
from mgu.config.equilibrium import EquilibriumLayoutConfig
from mgu.config.layouts import DenseLayoutConfig, LayoutConfig, PythonLayoutConfig, RecurrentLayoutConfig
from mgu.config.masked_layout import MaskedLayoutConfig
from mgu.config.nago_layout import NagoLayoutConfig
from mgu.data.ratings.dataset import RatingDataset
from mgu.factory.convolutional import build_convnet, build_warmup_convolutions
from mgu.factory.dense import build_mlp, build_recommender, build_warmup_dense
from mgu.factory.directed import build_directed
from mgu.factory.equilibrium import build_equilibrium, build_warmup_equilibrium
from mgu.factory.flop_counter import count_products
from mgu.factory.imported import check_outputs, import_network, section_of
from mgu.factory.nago import build_nago, build_warmup_nago
from mgu.factory.recurrent import build_recurrent, build_warmup_recurrent
from mgu.factory.resolved_run import ResolvedRun
from mgu.random_numbers.generators import keeping_states


def _import_network(resolved: ResolvedRun) -> nn.Module:
    """Builds a network of the user's."""
    layout = resolved.config.layout
    assert isinstance(layout, PythonLayoutConfig)
    return import_network(layout, resolved.shapes)


# To add a kind of layout: its builder here, and below that of blocks to warm up with if it has blocks.
BUILDERS: dict[type, Callable[[ResolvedRun], nn.Module]] = {
    LayoutConfig: build_convnet,
    DenseLayoutConfig: build_mlp,
    MaskedLayoutConfig: build_mlp,
    RecurrentLayoutConfig: build_recurrent,
    EquilibriumLayoutConfig: build_equilibrium,
    DirectedLayoutConfig: build_directed,
    NagoLayoutConfig: build_nago,
    PythonLayoutConfig: _import_network,
}
WARMUP_BUILDERS: dict[type, Callable[[ResolvedRun], list[tuple[nn.Module, Tensor]]]] = {
    LayoutConfig: build_warmup_convolutions,
    DenseLayoutConfig: build_warmup_dense,
    MaskedLayoutConfig: build_warmup_dense,
    RecurrentLayoutConfig: build_warmup_recurrent,
    EquilibriumLayoutConfig: build_warmup_equilibrium,
    NagoLayoutConfig: build_warmup_nago,
}


def build_model(resolved: ResolvedRun) -> nn.Module:
    """Builds the network of the configured layout: baseline blocks, or one unit per layer.

    Args:
        resolved: A run's configuration with its data, which decide on the shapes.

    Returns:
        The network on torch's default device, with initial weights from torch's generator.

    Raises:
        UserError: The unit cannot be built around such layers.
    """
    if isinstance(resolved.dataset, RatingDataset):
        return build_recommender(resolved)
    return BUILDERS[type(resolved.config.layout)](resolved)


def build_warmup_blocks(resolved: ResolvedRun) -> list[tuple[nn.Module, Tensor]]:
    """Builds the smallest block of each kind that the run's network has, to warm up with.

    Args:
        resolved: A run's configuration with its data.

    Returns:
        Each block with inputs for it.
    """
    build = WARMUP_BUILDERS.get(type(resolved.config.layout))
    return build(resolved) if build else [(nn.Linear(1, 1), torch.ones(2, 1))]


def count_flops(resolved: ResolvedRun, iterations: float | None = None) -> int | None:
    """Counts floating-point operations of one example's forward pass, without allocating the model.

    Modules of the user's may need values to be built or computed, of which `meta` has none; then they get some.

    Args:
        resolved: A run's configuration with its data.
        iterations: Those of an equilibrium layer, as measured; None: a nominal number.

    Returns:
        The operations of matrix products and convolutions, as torch's FlopCounterMode counts them; None for modules of
        the user's that it cannot watch.
    """
    if section_of(resolved.config.layout) is None:
        with torch.device("meta"):
            network = build_model(resolved)
        return count_products(network, _example_of(resolved), iterations)
    return _watch(lambda device: build_model(resolved), resolved)


def count_flops_of(network: nn.Module, resolved: ResolvedRun, iterations: float | None = None) -> int | None:
    """Counts as `count_flops` does, but of a network that is there, such as one with other layers than the run's.

    Args:
        network: The network, which is left as it is.
        resolved: The configuration with the data that it takes.
        iterations: Those of each equilibrium layer; None: a nominal number.

    Returns:
        The operations; None for modules of the user's that torch's counter cannot watch.
    """
    if section_of(resolved.config.layout) is None:
        return count_products(copy.deepcopy(network).to("meta"), _example_of(resolved), iterations)
    return _watch(lambda device: copy.deepcopy(network).to(device), resolved)


def _watch(build: Callable[[str], nn.Module], resolved: ResolvedRun) -> int | None:
    """Counts the operations that torch sees, on `meta` or, where values are needed, on the CPU."""
    from torch.utils.flop_counter import FlopCounterMode  # it imports torch's compiler

    for device in ("meta", "cpu"):
        with keeping_states(), suppress(Exception):
            with torch.device(device), FlopCounterMode(display=False) as counter:
                build(device).eval()(_example_of(resolved))
            return int(counter.get_total_flops())
    return None


def _example_of(resolved: ResolvedRun) -> Tensor:
    return torch.zeros(1, *resolved.shapes.inputs, dtype=resolved.shapes.dtype)


def check_own_modules(resolved: ResolvedRun) -> None:
    """Builds a model that has modules of the user's, and computes two examples with it.

    Args:
        resolved: A run's configuration with its device and data.

    Raises:
        UserError: The user's code fails, or returns what does not fit the data.
    """
    if (keyed_section := section_of(resolved.config.layout)) is None:
        return
    key, section = keyed_section
    with keeping_states():
        model = build_model(resolved)
        shapes = resolved.shapes
        check_outputs(model, torch.zeros(2, *shapes.inputs, dtype=shapes.dtype), shapes.num_outputs, section, key)
