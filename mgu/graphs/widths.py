"""The widths of a generated network: as many channels as a limit of its real number of parameters allows."""

from __future__ import annotations

from typing import NamedTuple

from mgu.errors import UserError
from mgu.graphs.generator import Cell, Hierarchy
from mgu.graphs.random_graphs import Dag

HEAD_RATIO = 16  # channels of the head for each one of the first stage
STEPS = 30  # of the bisection


class Widths(NamedTuple):
    """Holds the channels of a network.

    Attributes:
        stages: Channels of each stage.
        head: Channels before the read-out.
    """

    stages: tuple[int, int, int]
    head: int


class Sizes(NamedTuple):
    """Holds what bounds the widths.

    Attributes:
        in_channels: Channels of an image.
        num_outputs: Number of outputs.
        max_params: Largest number of parameters.
        step: What the channels are multiples of; the least is 2, or the step where that is more.
        head: Channels of the head; None: 16 times those of the first stage.
    """

    in_channels: int
    num_outputs: int
    max_params: int
    step: int
    head: int | None = None


def count_parameters(hierarchy: Hierarchy, sizes: Sizes, widths: Widths) -> int:
    """Counts the trainable parameters of a network before it is built.

    Args:
        hierarchy: Its graphs.
        sizes: Channels and outputs of the data.
        widths: Its channels.

    Returns:
        Their number: convolutions, weights of edges, batch norms, and the read-out with its bias.
    """
    first, last = widths.stages[0], widths.stages[hierarchy.last_stage]
    stem = 9 * sizes.in_channels * first + 9 * first * first + 4 * first
    head = last * widths.head + 2 * widths.head + (widths.head + 1) * sizes.num_outputs
    cells = sum(_count_cell(cell, widths.stages[cell.stage]) for cell in hierarchy.cells)
    return stem + cells + head + _count_joints(hierarchy, widths)


def _count_cell(cell: Cell, channels: int) -> int:
    operations = sum(len(part.before) for part in cell.parts)
    edges = count_edges(cell.graph) + sum(map(count_edges, cell.parts))
    return operations * (9 * channels * channels + 2 * channels) + edges


def count_edges(graph: Dag) -> int:
    """Counts the edges that have a weight: those to nodes that more than one leads to."""
    return sum(len(sources) for sources in graph.before if len(sources) > 1)


def _count_joints(hierarchy: Hierarchy, widths: Widths) -> int:
    """Counts the weights of the edges between cells, and the 1x1 convolutions where their channels differ."""
    total, stages = 0, [cell.stage for cell in hierarchy.cells]
    for node, before in enumerate(hierarchy.graph.before):
        sources = [stages[source] for source in before] or [0]  # an input takes what the stem gives, which has stage 0
        convolved = [stage for stage in sources if stage != stages[node]]
        total += sum(widths.stages[stage] * widths.stages[stages[node]] for stage in convolved)
        total += len(sources) - len(convolved) if len(sources) > 1 else 0
    last = hierarchy.last_stage
    ends = [stages[node] for node in hierarchy.graph.outputs if stages[node] != last]
    return total + sum(widths.stages[stage] * widths.stages[last] for stage in ends)


def find_widths(hierarchy: Hierarchy, sizes: Sizes) -> Widths:
    """Finds the greatest widths in the ratio 1:2:4 within the limit, by bisection on the real number of parameters.

    Args:
        hierarchy: The graphs of the network.
        sizes: What bounds the widths.

    Returns:
        The widths.

    Raises:
        UserError: Even the narrowest network is too large.
    """

    def fits(first: float) -> bool:
        return count_parameters(hierarchy, sizes, _round(first, sizes)) <= sizes.max_params

    low, high = 0.0, 4.0 * max(sizes.max_params, 1) ** 0.5
    if not fits(low):
        least = count_parameters(hierarchy, sizes, _round(low, sizes))
        raise UserError(
            f"layout.max_params must allow for the narrowest network of these graphs, which has {least:,} parameters, "
            f"but got {sizes.max_params:,}. Raise it, or take fewer nodes."
        )
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return _round(low, sizes)


def _round(first: float, sizes: Sizes) -> Widths:
    """Returns the widths for so many channels of the first stage, each rounded by itself to a multiple of the step."""
    least = -(-2 // sizes.step) * sizes.step
    one, two, four = (max(round(first * ratio / sizes.step) * sizes.step, least * ratio) for ratio in (1, 2, 4))
    return Widths((one, two, four), sizes.head or HEAD_RATIO * one)
