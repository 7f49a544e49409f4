"""How the weights of a recurrent layer start.

identity           U = I, W from N(0, 0.001^2): the IRNN (Le, Jaitly and Hinton 2015, https://arxiv.org/abs/1504.00941)
positive_definite  U = (A + I) / e with A = R R^T / H, R from N(0, 1) and e the largest eigenvalue of A + I: the np-RNN
                   (Talathi and Vartak 2015, https://arxiv.org/abs/1511.03771); W from N(0, 1 / D)
uniform            both from U(-1 / sqrt(H), 1 / sqrt(H)), as torch's RNN
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

Start = Literal["identity", "positive_definite", "uniform"]
IDENTITY_STD = 0.001  # of the input weights of an IRNN


def draw_input_(weight: Tensor, start: Start, std: float | None) -> None:
    """Draws input weights (H, D) in place.

    Args:
        weight: The weights.
        start: A name of this module.
        std: Standard deviation of a normal distribution; None: that of `start`.
    """
    if std is None and start == "uniform":
        nn.init.uniform_(weight, -1 / math.sqrt(len(weight)), 1 / math.sqrt(len(weight)))
        return
    usual = IDENTITY_STD if start == "identity" else 1 / math.sqrt(weight.shape[1])
    nn.init.normal_(weight, std=usual if std is None else std)


@torch.no_grad()
def draw_recurrent_(weight: Tensor, start: Start) -> None:
    """Draws recurrent weights (H, H) in place, see `draw_input_`."""
    if start == "identity":
        nn.init.eye_(weight)
        return
    if start == "uniform":
        nn.init.uniform_(weight, -1 / math.sqrt(len(weight)), 1 / math.sqrt(len(weight)))
        return
    if weight.is_meta:  # which has no eigenvalues
        return
    drawn = torch.randn_like(weight)
    positive = drawn @ drawn.t() / len(weight) + torch.eye(len(weight), device=weight.device, dtype=weight.dtype)
    weight.copy_(positive / torch.linalg.eigvalsh(positive)[-1])
