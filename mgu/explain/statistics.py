"""Statistics of one gate over many inputs, batch by batch, in memory that does not grow with their number."""

from __future__ import annotations

from statistics import fmean

import torch
from torch import Tensor

from mgu.results.schema.parts import Record

BINS = 1000  # histogram bins over 0..1: the error of a median is at most 0.0005, that of the entropy 0.007 bit
DRAWN_BINS = 50  # bins that a summary keeps
OPEN, CLOSED = 0.9, 0.1  # a gate counts as decided from these values on; both are edges of bins


class ChannelStatistics(Record, frozen=True):
    """Holds statistics with one value for each channel, whose variance is std_inputs**2 + std_positions**2."""

    mean: list[float]
    min: list[float]
    max: list[float]
    std_inputs: list[float]
    std_positions: list[float]


class GateSummary(Record, frozen=True):
    """Holds statistics of the values of one gate over all inputs, positions and channels.

    All are in 0..1 but the entropy. The variance std**2 is split by the law of total variance, so that the squares of
    its three parts add up to it.

    Attributes:
        mean: Mean.
        median: Median, to 0.0005.
        min: Minimum.
        max: Maximum.
        std: Standard deviation.
        std_inputs: How much one element changes from input to input: root of the mean variance of an element.
        std_positions: How much the means of elements differ within a channel.
        std_channels: How much the means of channels differ.
        share_open: Share of values from 0.9 on.
        share_closed: Share of values below 0.1.
        entropy_bits: Mean of -g ld g - (1-g) ld (1-g): 1 for a half open gate, 0 for a decided one; to 0.007.
        histogram: Counts in 50 equal bins over 0..1.
        channels: Statistics by channel.
    """

    mean: float
    median: float
    min: float
    max: float
    std: float
    std_inputs: float
    std_positions: float
    std_channels: float
    share_open: float
    share_closed: float
    entropy_bits: float
    histogram: list[int]
    channels: ChannelStatistics


class GateStatistics:
    """Accumulates the values of one gate batch by batch for `summary`.

    It keeps a histogram and, for each element of the output, a mean, a variance, a minimum and a maximum: 28 bytes per
    element, whatever the number of inputs.

    Args:
        channel_axis: Axis of the channels, from the end as in MultiGatedUnit, or from the start.
    """

    def __init__(self, channel_axis: int = 1) -> None:
        self.channel_axis = channel_axis
        self.num_inputs = 0

    @torch.inference_mode()
    def add(self, values: Tensor) -> None:
        """Adds the gate values of one batch.

        Args:
            values: (B, C, *), in 0..1.

        Raises:
            ValueError: Another size than B differs from that of the batches before.
        """
        if len(values) == 0:
            return
        last = values.movedim(self.channel_axis, -1)
        rows = last.reshape(len(last), -1)  # (B, E) for E elements, channels innermost: channels last is not copied
        if self.num_inputs == 0:
            self._begin(last[0])
        if last.shape[1:] != self.shape:
            raise ValueError(f"a gate must have one shape, but got {tuple(last.shape[1:])} after {tuple(self.shape)}")
        self.num_inputs += len(rows)
        # Deviations from the first input: squares of the values would cancel where a gate hardly changes.
        deviations = rows - self.first
        self.sum += deviations.sum(dim=0)
        self.sum_of_squares += torch.linalg.vecdot(deviations, deviations, dim=0)
        torch.minimum(self.min, rows.amin(dim=0), out=self.min)
        torch.maximum(self.max, rows.amax(dim=0), out=self.max)
        bins = (rows.flatten() * BINS).to(torch.int16).clamp_(0, BINS - 1)
        self.histogram += torch.bincount(bins, minlength=BINS)

    def median(self) -> float:
        """Returns the median, to 0.0005; of an even number of values the mean of the two in the middle.

        The gates of a unit that are constant are few, and half of them may be open.
        """
        ranks = torch.tensor([(self._count + 1) // 2, self._count // 2 + 1])
        bins = torch.searchsorted(self.histogram.cumsum(dim=0), ranks)
        low, high = self.min.min().item(), self.max.max().item()
        return fmean(min(max((index + 0.5) / BINS, low), high) for index in bins.tolist())

    @torch.inference_mode()
    def summary(self) -> GateSummary:
        """Returns the statistics of everything that was added.

        Raises:
            ValueError: Nothing was added, or a value is not a finite number.
        """
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
            median=_number(self.median()),
            min=_number(low.min()),
            max=_number(high.max()),
            std=_number(parts.sum().sqrt()),
            **dict(zip(("std_inputs", "std_positions", "std_channels"), _numbers(parts.sqrt()), strict=True)),
            share_open=_number(self.histogram[round(OPEN * BINS) :].sum() / self._count),
            share_closed=_number(self.histogram[: round(CLOSED * BINS)].sum() / self._count),
            entropy_bits=_number((self.histogram * _binary_entropy(self.histogram)).sum() / self._count),
            histogram=self.histogram.view(DRAWN_BINS, -1).sum(dim=1).tolist(),
            channels=ChannelStatistics(
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
        """Number of values."""
        return self.num_inputs * len(self.first)


def _binary_entropy(like: Tensor) -> Tensor:
    """Returns the entropy in bits of the middle of each bin (BINS,)."""
    middle = (torch.arange(BINS, device=like.device, dtype=torch.float64) + 0.5) / BINS
    return -(middle * middle.log2() + (1 - middle) * (1 - middle).log2())


def _number(value: Tensor | float) -> float:
    """Returns a value to six places; further ones are rounding errors."""
    return round(float(value), 6)


def _numbers(values: Tensor) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
