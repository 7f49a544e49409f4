"""Precise batch norm: statistics of training examples by one set of weights, in the place of running ones.

A running mean of the statistics of batches lags behind weights that move, most of all after few steps, and no step ever
saw averaged weights. Wu and Johnson 2021, https://arxiv.org/abs/2105.07576, section 3, compute both anew before an
evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Generator, Tensor, nn

from mgu.data.splits import Data
from mgu.random_numbers.generators import keeping_states, seed_all
from mgu.train.batches import split_into_batches


class PreciseBatchNorm:
    """Computes the statistics of all norms over a batch from one pass over training examples.

    The batches are those of training in size, and not augmented: what is evaluated is not, either. All but the norms
    are in evaluation mode, so that dropout does not add to the variances. The mean is E[m] and the variance
    E[v + m^2] - E[m]^2, of the means m and variances v of batches, each weighted by its examples.

    Args:
        model: The network; without such norms nothing is computed.
        data: Training examples on the device of the model.
        num_examples: How many of them are taken, at random but the same in every run; at most all.
        batch_size: Examples in a batch, at most.
    """

    def __init__(self, model: nn.Module, data: Data, num_examples: int, batch_size: int) -> None:
        self.model, self.data = model, data
        self.norms: list[Any] = [module for module in model.modules() if _has_running_statistics(module)]
        self.order = torch.randperm(len(data), generator=Generator().manual_seed(0))[:num_examples].to(data.device)
        self.batches = split_into_batches(self.order, batch_size, is_even=True)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Gives the norms these statistics within the block, at the addresses that the running ones have."""
        before = [(buffer, buffer.clone()) for norm in self.norms for buffer in norm.buffers()]
        if self.norms:
            self._compute()
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, running in before:
                    buffer.copy_(running)

    @torch.no_grad()
    def _compute(self) -> None:
        """Writes the statistics over all batches into the norms; leaves the model in evaluation mode."""
        momenta = [norm.momentum for norm in self.norms]
        self.model.eval()
        for norm in self.norms:
            norm.train()
            norm.momentum = 1.0  # then the running statistics are those of the newest batch
        sums = [torch.zeros((), device=self.data.device)] * len(self.norms)
        with keeping_states([self.data.device] if self.data.device.type == "cuda" else []):
            seed_all(0)  # batches of ratings sample items: the same in every evaluation, and training draws as ever
            for index in self.batches:
                self.model(self.data.batch(index)[0])
                sums = [total + len(index) * _moments(norm) for total, norm in zip(sums, self.norms, strict=True)]
        for total, norm, momentum in zip(sums, self.norms, momenta, strict=True):
            mean, second = total / len(self.order)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_((second - mean.square()).clamp_(min=0))
            norm.momentum = momentum
            norm.eval()


def _has_running_statistics(module: nn.Module) -> bool:
    """Tells whether evaluation normalises by what training has seen: torch's norms over a batch, and ours."""
    return isinstance(getattr(module, "running_mean", None), Tensor) and hasattr(module, "momentum")


def _moments(norm: Any) -> Tensor:
    """Returns mean and mean square of the newest batch, (2, C), in double precision."""
    mean, var = norm.running_mean.double(), norm.running_var.double()
    return torch.stack([mean, var + mean.square()])
