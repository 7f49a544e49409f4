"""What can be proven about the stability of a directed network at rest, with margins: positive where it is.

With J the Jacobian among the neurons that are no inputs:

local       max Re eig J < 0 over the neurons that are not clipped at rest: P > 0 of J^T P + P J = -I gives a Lyapunov
            function (s - s*)^T P (s - s*), near s* only
global      J + J^T < 0: ||s - s*||^2 falls along clipped trajectories, too, from everywhere, for the projection onto
            a box lengthens no distance
gershgorin  every row's or every column's diagonal is below minus the sum of the other magnitudes; without a leak the
            transport field can never have it, for each of its columns adds up to 0
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mgu.directed.network import DirectedNetwork

CLIPPED = 1e-6  # nearer to 0 or 1 than this a state is clipped


class Certificates(NamedTuple):
    """Holds the margins: how far the certificate is from failing, in inverse units of time.

    Attributes:
        local: Minus the largest real part of an eigenvalue, over the examples' unclipped neurons, the smallest one.
        globally: Minus the largest eigenvalue of (J + J^T) / 2.
        gershgorin: Smallest distance of a disc to the imaginary axis, by rows or columns, whichever is larger.
        clipped: Share of the neurons that are clipped at rest, over all examples.
    """

    local: float
    globally: float
    gershgorin: float
    clipped: float


@torch.no_grad()
def certify(model: DirectedNetwork, x: Tensor) -> Certificates:
    """Computes the certificates of a network at the states where it rests.

    Args:
        model: The network, in evaluation mode.
        x: Inputs, (B, *).

    Returns:
        The margins; that of `local` is the worst of the examples.
    """
    inputs = model.with_bias(x)
    field = model.field(inputs)
    states, _ = model.relax(field, model.start(inputs))
    jacobian = field.jacobian().double()
    free = (states > CLIPPED) & (states < 1 - CLIPPED)
    local = min((_local(jacobian, pattern) for pattern in free.unique(dim=0)), default=float("inf"))
    symmetric = (jacobian + jacobian.t()) / 2
    return Certificates(
        local=local,
        globally=-float(torch.linalg.eigvalsh(symmetric).max()),
        gershgorin=gershgorin(jacobian),
        clipped=1 - float(free.double().mean()),
    )


def _local(jacobian: Tensor, free: Tensor) -> float:
    """Returns minus the largest real part of an eigenvalue among free neurons; inf where all are clipped."""
    part = jacobian[free][:, free]
    return -float(torch.linalg.eigvals(part).real.max()) if len(part) else float("inf")


@torch.no_grad()
def gershgorin(jacobian: Tensor) -> float:
    """Returns the smallest distance of Gershgorin's discs to the imaginary axis, by rows or columns."""
    diagonal = jacobian.diagonal()
    others = (jacobian - torch.diag(diagonal)).abs()
    return max(float((-diagonal - others.sum(dim=axis)).min()) for axis in (0, 1))
