"""Statistics of one gate over many inputs, batch by batch, in memory that does not grow with their number."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mgu.results.result import Record

BINS = 1000  # of the histogram over 0..1: a quantile is off by half a bin at most, 0.0005; the entropy by 0.007 bit
DRAWN_BINS = 50  # as many are kept in a summary
OPEN, CLOSED = 0.9, 0.1  # from here on a value counts as decided; both are edges of bins


class Channels(Record, frozen=True):
    """One value a channel, in order. Its variance is std_inputs**2 + std_positions**2."""

    mean: list[float]
    min: list[float]
    max: list[float]
    std_inputs: list[float]
    std_positions: list[float]


class GateSummary(Record, frozen=True):
    """How far one gate was open, over all inputs, positions and channels; all but the entropy in 0..1.

    The variance std**2 is split by the law of total variance, so the squares of the three parts add up to it:
    std_inputs is how much one element changes from input to input (root of the mean variance of an element), the other
    two are of what elements are on average: std_positions within a channel, std_channels between channels.
    """

    mean: float
    median: float  # to 0.0005
    min: float
    max: float
    std: float
    std_inputs: float
    std_positions: float
    std_channels: float
    share_open: float  # of values from 0.9 on
    share_closed: float  # of values below 0.1
    entropy_bits: float  # mean of -g ld g - (1-g) ld (1-g): 1 where a gate is half open, 0 where decided; to 0.007
    histogram: list[int]  # counts in 50 equal bins over 0..1
    channels: Channels


class GateStatistics:
    """`add` batches of one gate's openness, then ask for `summary` or `quantile`.

    It keeps a histogram and, for each element of the output, a mean, a variance, minimum and maximum: 28 bytes an
    element, whatever the number of inputs.
    channel_axis: of the gate, from the end as in MultiGatedUnit, or from the start.
    """

    def __init__(self, channel_axis: int = 1) -> None:
        self.channel_axis = channel_axis
        self.num_inputs = 0

    @torch.inference_mode()
    def add(self, openness: Tensor) -> None:
        """openness: (B, C, *) or with the channels elsewhere, in 0..1; all but B the same in every batch."""
        if len(openness) == 0:
            return
        last = openness.movedim(self.channel_axis, -1)
        rows = last.reshape(len(last), -1)  # (B, E), E elements, channels innermost: no copy of channels last
        if self.num_inputs == 0:
            self._begin(last[0])
        if last.shape[1:] != self.shape:
            raise ValueError(f"a gate must have one shape, but got {tuple(last.shape[1:])} after {tuple(self.shape)}")
        self.num_inputs += len(rows)
        # Deviations from the first input, or squares would cancel where a gate hardly changes.
        deviations = rows - self.first
        self.sum += deviations.sum(dim=0)
        self.sum_of_squares += torch.linalg.vecdot(deviations, deviations, dim=0)
        torch.minimum(self.min, rows.amin(dim=0), out=self.min)
        torch.maximum(self.max, rows.amax(dim=0), out=self.max)
        bins = (rows.flatten() * BINS).to(torch.int16).clamp_(0, BINS - 1)
        self.histogram += torch.bincount(bins, minlength=BINS)

    def quantile(self, q: float) -> float:
        """The smallest value that a share of q does not exceed, to 0.0005."""
        rank = max(1, math.ceil(q * self._count))
        middle = (int(torch.searchsorted(self.histogram.cumsum(dim=0), rank)) + 0.5) / BINS
        return min(max(middle, self.min.min().item()), self.max.max().item())

    @torch.inference_mode()
    def summary(self) -> GateSummary:
        """Raises ValueError where nothing was added, or what is not a number."""
        if self.num_inputs == 0:
            raise ValueError("a gate must have seen an input, but saw none")
        deviation = self.sum / self.num_inputs
        by_input = (self.sum_of_squares / self.num_inputs - deviation.square()).clamp(min=0)
        mean, by_input, low, high = (
            part.reshape(-1, self.shape[-1]) for part in (self.first + deviation, by_input, self.min, self.max)
        )  # (P, C)
        if not bool(mean.isfinite().all()):
            raise ValueError("a gate must be a number in 0..1, but is not one everywhere")
        by_position = mean.var(dim=0, correction=0)
        parts = torch.stack([by_input.mean(), by_position.mean(), mean.mean(dim=0).var(correction=0)])
        return GateSummary(
            mean=_number(mean.mean()),
            median=_number(self.quantile(0.5)),
            min=_number(low.min()),
            max=_number(high.max()),
            std=_number(parts.sum().sqrt()),
            **dict(zip(("std_inputs", "std_positions", "std_channels"), _numbers(parts.sqrt()), strict=True)),
            share_open=_number(self.histogram[round(OPEN * BINS) :].sum() / self._count),
            share_closed=_number(self.histogram[: round(CLOSED * BINS)].sum() / self._count),
            entropy_bits=_number((self.histogram * _binary_entropy(self.histogram)).sum() / self._count),
            histogram=self.histogram.view(DRAWN_BINS, -1).sum(dim=1).tolist(),
            channels=Channels(
                mean=_numbers(mean.mean(dim=0)),
                min=_numbers(low.amin(dim=0)),
                max=_numbers(high.amax(dim=0)),
                std_inputs=_numbers(by_input.mean(dim=0).sqrt()),
                std_positions=_numbers(by_position.sqrt()),
            ),
        )

    def _begin(self, first: Tensor) -> None:
        self.shape = first.shape
        self.first = first.flatten().clone()
        self.sum = torch.zeros_like(self.first, dtype=torch.float64)
        self.sum_of_squares = torch.zeros_like(self.sum)
        self.min, self.max = self.first.clone(), self.first.clone()
        self.histogram = torch.zeros(BINS, dtype=torch.long, device=first.device)

    @property
    def _count(self) -> int:
        """Of values."""
        return self.num_inputs * len(self.first)


def _binary_entropy(like: Tensor) -> Tensor:
    """Of the middle of each bin, in bits (BINS,)."""
    middle = (torch.arange(BINS, device=like.device, dtype=torch.float64) + 0.5) / BINS
    return -(middle * middle.log2() + (1 - middle) * (1 - middle).log2())


def _number(value: Tensor | float) -> float:
    """To six places: what is beyond is rounding."""
    return round(float(value), 6)


def _numbers(values: Tensor) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
