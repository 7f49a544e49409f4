"""What would let a directed network come to rest, by the eigenvalues of its Jacobian."""

from __future__ import annotations

import torch

from mgu.directed.network import DirectedNetwork


@torch.no_grad()
def advise_rest(network: DirectedNetwork, strength: float = 0.0) -> str:
    """Names what to change in a network that does not come to rest.

    A step multiplies the part of an error along an eigenvector by 1 + dt z, with z the eigenvalue: it falls where
    |1 + dt z| < 1, which no dt can have where Re z >= 0, and else dt < -2 Re z / |z|^2.

    Args:
        network: The network.
        strength: Strength of the nudging in training, which is a leak of the outputs: the correction of the nudged
            field transposes the Jacobian, which leaves its eigenvalues as they are.

    Returns:
        A sentence with the setting to change.
    """
    _, among, leak = network.split()
    jacobian = (among.t() - torch.diag(leak)).double().cpu()
    nudged = jacobian.clone()
    nudged.diagonal()[-network.num_outputs :] -= strength
    if not jacobian.isfinite().all():
        return "Raise layout.steps, or lower layout.dt."
    values = torch.cat([torch.linalg.eigvals(matrix) for matrix in (jacobian, nudged)])
    if float(values.real.max()) >= 0:
        return "Raise layout.leak: with these weights nothing draws states to rest, but that they are clipped."
    longest = float((-2 * values.real / values.abs().square()).min())
    if network.dynamics.dt >= longest:
        return f"Lower layout.dt below {longest:.2g}: longer steps overshoot, and a larger layout.leak makes it worse."
    return "Raise layout.steps."
