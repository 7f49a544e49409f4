"""The true gradient of a directed network at rest, by implicit differentiation, and the rule's update beside it.

At rest F = 0 for the neurons of an example that are not clipped; clipped ones stay where they are for small changes of
the weights. With J among the former, C half the squared error and d = J^-T dC/ds (0 for the latter), dC/dW is
-d^T dF/dW: the contrast of the rule `exact`, with what nudging measures replaced by what it should tend to.

It is not the gradient that learning=backpropagation takes, which leads clipped outputs back into the box.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mgu.directed.certificates import find_unclipped
from mgu.directed.network import DirectedNetwork
from mgu.directed.rule import EquilibriumRule, as_states, contrast

LARGEST = 600  # neurons, inputs not counted, whose Jacobian is inverted for every pattern of clipping
RESOLVED = 10.0  # times the tolerance to which states rest, below which the force of nudging is lost in it
WORST_CONDITION = 1e12  # of a Jacobian in double precision, beyond which its inverse is rounding


class UpdateQuality(NamedTuple):
    """Holds how near a rule's update is to the true gradient.

    Attributes:
        cosine: That of the update with minus the gradient, both of a whole batch; None: there is none.
        rows: Examples of the batch.
        obstacle: Why there is none, as words that follow "none, for"; None where there is one.
    """

    cosine: float | None
    rows: int
    obstacle: str | None = None


@torch.no_grad()
def compare_update(model: DirectedNetwork, rule: EquilibriumRule, x: Tensor, targets: Tensor) -> UpdateQuality:
    """Compares the direction in which a rule changes the weights with minus the true gradient.

    Args:
        model: The network, in evaluation mode.
        rule: The rule; its L1 penalty is left out.
        x: Inputs of a batch, (B, *).
        targets: Its targets, (B,).

    Returns:
        The cosine over all connections that are there.
    """
    if model.weight.shape[1] > LARGEST:
        why = f"{model.weight.shape[1]:,} neurons are more than {LARGEST}, whose gradient takes too long"
        return UpdateQuality(None, 0, why)
    held = model.with_bias(x)
    field = model.field(held)
    free, solution = model.relax(field, model.start(held))
    if not solution.residual <= model.dynamics.tolerance:
        return UpdateQuality(None, len(x), "the states do not rest")
    wanted = as_states(targets, model.num_outputs).to(free)
    expected = true_direction(model, held, free, wanted)
    if expected is None:
        return UpdateQuality(None, len(x), "the Jacobian is singular")
    actual = rule.direction(model, held, field, free, wanted).double() * model.mask
    lengths = float(actual.norm() * expected.norm())
    if not lengths:
        return UpdateQuality(None, len(x), f"{'the update' if expected.any() else 'the true gradient'} is 0")
    strength, tolerance = rule.settings.strength, model.dynamics.tolerance
    if strength * (error := _largest_error(free, wanted)) < RESOLVED * tolerance:
        why = f"the outputs are within {error:.2g} of their targets: at learning.strength={strength:g} that is rounding"
        return UpdateQuality(None, len(x), f"{why} of states that rest to layout.tolerance={tolerance:g}")
    cosine = float((actual * expected).sum()) / lengths
    return UpdateQuality(min(max(cosine, -1.0), 1.0), len(x))  # beyond 1 by rounding


def _largest_error(free: Tensor, targets: Tensor) -> float:
    """Returns the largest error of outputs that are not clipped: the others have no part in the gradient."""
    outputs = slice(-targets.shape[1], None)
    return float(((free[:, outputs] - targets).abs() * find_unclipped(free)[:, outputs]).max())


@torch.no_grad()
def true_direction(model: DirectedNetwork, held: Tensor, free: Tensor, targets: Tensor) -> Tensor | None:
    """Returns minus the gradient of half the squared error at rest, summed over the batch.

    Args:
        model: The network.
        held: States of the inputs, (B, inputs + 1).
        free: States of the others at rest, (B, M).
        targets: Those of the outputs, (B, K).

    Returns:
        The direction (inputs + M, M) in double precision; None where a Jacobian has no inverse.
    """
    jacobian = model.field(held).jacobian().double()
    held, states, d = held.double(), free.double(), torch.zeros_like(free, dtype=torch.float64)
    slope = torch.zeros_like(d)
    slope[:, -model.num_outputs :] = states[:, -model.num_outputs :] - targets
    patterns, which = find_unclipped(free).unique(dim=0, return_inverse=True)
    for at, pattern in enumerate(patterns):
        part = jacobian[pattern][:, pattern]
        inverse, info = torch.linalg.inv_ex(part)
        if info or not part.norm() * inverse.norm() < WORST_CONDITION:
            return None
        rows = (which == at).nonzero()
        d[rows, pattern.nonzero().t()] = slope[rows, pattern.nonzero().t()] @ inverse
    return contrast(model, held, states, d) * model.mask
