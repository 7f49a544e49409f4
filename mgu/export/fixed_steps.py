"""Networks that iterate until they rest, as a fixed number of steps: a graph in a file cannot stop by a residual."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from mgu.directed.network import DirectedNetwork
from mgu.directed.unroll import Relaxed
from mgu.equilibrium.layer import Equilibrium
from mgu.equilibrium.unroll import Unrolled
from mgu.errors import RunsFailed
from mgu.export.checks import largest_difference

SPARE = 5  # steps beyond what the slowest batch needed
LOOSE = (
    1e-3  # share of the largest output by which an iteration of a fixed length may differ from one that stops itself
)


class FixedSteps(NamedTuple):
    """Holds a network without iterations that end by themselves.

    Attributes:
        network: The network, in evaluation mode.
        steps: Those of the longest iteration; 0: there was none, and the network is the one that was given.
        residual: The largest residual at which an iteration of a batch ended.
    """

    network: nn.Module
    steps: int = 0
    residual: float = 0.0


def fix_steps(network: nn.Module, evaluate: Callable[[nn.Module], object]) -> FixedSteps:
    """Copies a network with every iteration as the steps that its slowest batch needs, and some more.

    Args:
        network: A network.
        evaluate: Computes, with the network that it is given, the data on which the copy is to agree with it.

    Returns:
        The copy; the network itself where nothing iterates.
    """
    if not any(isinstance(module, Equilibrium | DirectedNetwork) for module in network.modules()):
        return FixedSteps(network)
    copied = copy.deepcopy(network).eval()
    iterating = [module for module in copied.modules() if isinstance(module, Equilibrium | DirectedNetwork)]
    for module in iterating:
        module.statistics.clear()
        if isinstance(module, Equilibrium):  # what is repeated is its map, without acceleration
            module.settings = module.settings._replace(solver="picard")
    evaluate(copied)
    tallies = [module.statistics.evaluate for module in iterating]
    fixed = _replaced(copied)
    return FixedSteps(fixed, max(tally.most for tally in tallies) + SPARE, max(tally.residual for tally in tallies))


def _replaced(module: nn.Module) -> nn.Module:
    """Returns a module in which, at any depth, steps stand for iterations."""
    if isinstance(module, Equilibrium | DirectedNetwork):
        steps = module.statistics.evaluate.most + SPARE
        return Unrolled(module, steps) if isinstance(module, Equilibrium) else Relaxed(module, steps)
    for name, child in list(module.named_children()):
        setattr(module, name, _replaced(child))
    return module


def check_fixed_steps(actual: Tensor, expected: Tensor, fixed: FixedSteps) -> float:
    """Checks that an iteration of a fixed number of steps ends where that of the run does.

    Args:
        actual: Outputs (N, *) after these steps.
        expected: Outputs of the run, which ends the iteration of a batch by its residual.
        fixed: What `fix_steps` has made of it.

    Returns:
        The largest difference as a share of the largest output.

    Raises:
        RunsFailed: They differ by more than iterations that have come to rest can.
    """
    difference = largest_difference(actual, expected)
    if not difference <= LOOSE:
        raise RunsFailed(
            f"an iteration must come to rest to be exported, but that of the run ends at a residual of "
            f"{fixed.residual:.1e}, and after {fixed.steps} steps the outputs differ by {difference:.1e} of the "
            "largest one. Nothing is written. Train the run with a larger layout.max_iterations (of a directed "
            "network: a larger layout.steps, or a smaller layout.dt where steps overshoot)."
        )
    return difference
