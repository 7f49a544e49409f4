"""A graph of modules as steps of one compiled function: what mgu/models/graph_network.py computes, planned.

Sums that ReLU follows are one step with it, and terms that a sum only passes on are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import nn

from mgu.layers.normalization import BatchNorm
from mgu.models.graph_network import End, GraphNetwork, Merge
from mgu.planned.plan import Array, CannotPlanError, Planner, Weighted


def plan_sequence(planner: Planner, modules: Iterable[nn.Module], terms: Sequence[Weighted]) -> Array:
    """Plans convolutions, batch norms and ReLU, one after the other.

    Args:
        planner: Collects the steps.
        modules: The layers.
        terms: The sum that the first of them gets.

    Returns:
        The output of the last one.

    Raises:
        CannotPlanError: A layer is none of these.
    """
    for module in modules:
        if type(module) is nn.ReLU:
            x = planner.combine(terms, rectifies=True)
        elif type(module) is nn.Conv2d:
            x = planner.convolve(planner.combine(terms), module)
        elif type(module) is BatchNorm:
            x = planner.normalise(planner.combine(terms), module)
        else:
            raise CannotPlanError(f"around {type(module).__name__}")
        terms = [Weighted(x)]
    return planner.combine(terms)


def plan_graph(planner: Planner, network: GraphNetwork, x: Array) -> Array:
    """Plans a graph whose nodes are graphs or sequences of layers.

    Args:
        planner: Collects the steps.
        network: The graph.
        x: What its inputs get.

    Returns:
        The mean of its outputs.

    Raises:
        CannotPlanError: A module is of another kind.
    """
    computed: list[Array] = []
    for before, merge, node in zip(network.graph.before, network.merges, network.nodes, strict=True):
        terms = _plan_merge(planner, merge, [computed[source] for source in before] or [x])
        if type(node) is GraphNetwork:
            computed.append(plan_graph(planner, node, planner.combine(terms)))
        elif type(node) is nn.Sequential:
            computed.append(plan_sequence(planner, node, terms))
        else:
            raise CannotPlanError(f"around {type(node).__name__}")
    ends = zip(network.graph.outputs, network.ends, strict=True)
    outputs = [_plan_end(planner, end, computed[node]) for node, end in ends]
    return planner.combine([Weighted(output, 1 / len(outputs)) for output in outputs])


def _plan_end(planner: Planner, end: nn.Module, x: Array) -> Array:
    if type(end) is nn.Identity:
        return x
    if type(end) is not End:
        raise CannotPlanError(f"around {type(end).__name__}")
    return planner.combine(_plan_merge(planner, end.merge, [x]))


def _plan_merge(planner: Planner, merge: nn.Module, arrays: Sequence[Array]) -> list[Weighted]:
    """Returns the terms of a sum of arrays, each brought to its shape."""
    if type(merge) is not Merge:
        raise CannotPlanError(f"around {type(merge).__name__}")
    terms = []
    for adapter, array in zip(merge.adapters, arrays, strict=True):
        x = planner.pool(array, merge.size or array.size)
        if type(adapter) not in (nn.Identity, nn.Conv2d):
            raise CannotPlanError(f"around {type(adapter).__name__}")
        terms.append(Weighted(planner.convolve(x, adapter) if isinstance(adapter, nn.Conv2d) else x))
    for number, index in enumerate(merge.weighted):
        terms[index] = terms[index]._replace(parameter=planner.hold(merge.weights, str(number)))
    return terms
