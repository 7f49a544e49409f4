"""What can be proven about the stability of a directed network at rest, with margins: positive where it is.

With J the Jacobian among the neurons that are no inputs, of ds/dt and of the computed step, s <- clip(s + dt F):

local       max Re eig J < 0 over the neurons that are not clipped at rest: P > 0 of J^T P + P J = -I gives a Lyapunov
            function (s - s*)^T P (s - s*), near s* only. Of the step: the spectral radius of I + dt J is below 1
global      J + J^T < 0: ||s - s*||^2 falls along clipped trajectories, too, from everywhere, for the projection onto
            a box lengthens no distance. Of the step: ||I + dt J||_2 < 1, the share of a distance that a step leaves
gershgorin  every row's or every column's diagonal is below minus the sum of the other magnitudes; without a leak the
            transport field can never have it, for each of its columns adds up to 0. Of the step: the row sums or the
            column sums of |I + dt J| are below 1, so that the largest difference or their sum falls from everywhere

What is stable in continuous time need not be so in steps: ||I + dt J||^2 <= 1 - 2 dt m + dt^2 ||J||^2, with m the
global margin, so that dt < 2 m / ||J||^2 makes sure of it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from mgu.directed.network import DirectedNetwork

CLIPPED = 1e-6  # nearer to 0 or 1 than this a state is clipped


class Margins(NamedTuple):
    """Holds how far each certificate is from failing: of the flow in inverse units of time, of a step as a share.

    Attributes:
        local: The smallest one over the patterns of unclipped neurons; inf: all are clipped, nan: they do not rest.
        globally: That from everywhere.
        gershgorin: That of the discs, by rows or columns, whichever is larger.
    """

    local: float
    globally: float
    gershgorin: float


class Certificates(NamedTuple):
    """Holds what is proven of a network.

    Attributes:
        flow: Margins of ds/dt.
        step: Margins of the step that is computed: what holds for it holds for the network.
        rests: Whether all states came to rest; a local certificate is of a state of rest.
        clipped: Share of the neurons that are clipped at the end, over all examples.
    """

    flow: Margins
    step: Margins
    rests: bool
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
    states, solution = model.relax(field, model.start(inputs))
    jacobian = field.jacobian().double()
    step = torch.eye(len(jacobian)).to(jacobian) + model.dynamics.dt * jacobian
    free = find_unclipped(states)
    rests = solution.residual <= model.dynamics.tolerance
    flow_local, step_local = _local(jacobian, free, model.dynamics.dt) if rests else (math.nan, math.nan)
    symmetric = (jacobian + jacobian.t()) / 2
    return Certificates(
        flow=Margins(
            local=flow_local,
            globally=-float(torch.linalg.eigvalsh(symmetric).max()),
            gershgorin=gershgorin(jacobian),
        ),
        step=Margins(
            local=step_local,
            globally=1 - float(torch.linalg.matrix_norm(step, 2)),
            gershgorin=1 - min(float(step.abs().sum(dim=axis).max()) for axis in (0, 1)),
        ),
        rests=rests,
        clipped=1 - float(free.double().mean()),
    )


def find_unclipped(states: Tensor) -> Tensor:
    """Returns which states are inside of the box, as booleans of the same shape."""
    return (states > CLIPPED) & (states < 1 - CLIPPED)


def _local(jacobian: Tensor, free: Tensor, dt: float) -> tuple[float, float]:
    """Returns the smallest margins among free neurons over the examples' patterns of them; inf where all are clipped.

    The first is minus the largest real part of an eigenvalue, the second 1 minus the spectral radius of the step, whose
    eigenvalues are 1 + dt times those of the Jacobian.
    """
    flow, step = math.inf, math.inf
    for pattern in free.unique(dim=0):
        if pattern.any():
            eigenvalues = torch.linalg.eigvals(jacobian[pattern][:, pattern])
            flow = min(flow, -float(eigenvalues.real.max()))
            step = min(step, 1 - float((1 + dt * eigenvalues).abs().max()))
    return flow, step


@torch.no_grad()
def gershgorin(jacobian: Tensor) -> float:
    """Returns the smallest distance of Gershgorin's discs to the imaginary axis, by rows or columns."""
    diagonal = jacobian.diagonal()
    others = (jacobian - torch.diag(diagonal)).abs()
    return max(float((-diagonal - others.sum(dim=axis)).min()) for axis in (0, 1))
