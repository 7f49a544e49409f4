"""Nadam (Dozat 2016) with the time-based decay of Keras."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn
from torch.optim import NAdam
from torch.optim.lr_scheduler import LambdaLR, LRScheduler


def build_nadam(
    parameters: Iterable[nn.Parameter],
    lr: float,
    decay: float,
    beta1: float,
    beta2: float,
    eps: float,
    momentum_decay: float,
) -> tuple[NAdam, LRScheduler]:
    """The optimizer and a schedule to be stepped once a batch: step s uses lr / (1 + decay * s), s from 0."""
    optimizer = NAdam(parameters, lr=lr, betas=(beta1, beta2), eps=eps, momentum_decay=momentum_decay)
    return optimizer, LambdaLR(optimizer, lambda step: 1.0 / (1.0 + decay * step))
