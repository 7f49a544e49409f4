"""Which gates to fix at which constants: candidates from the whole unit to a network without gates."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from mgu.config.prune import PruneConfig
from mgu.data.splits import Data
from mgu.explain.statistics import GateStatistics, GateSummary
from mgu.models.convnet import ConvNet
from mgu.prune.network import Decisions, Place, open_questions, prune, units_of
from mgu.tasks.classification import Classification
from mgu.train.loop import evaluate
from mgu.unit.wiring import Gate

PROBE = 500  # images that the cost of fixing a gate is measured on
STEP = 250  # images that go through the unit at once for its statistics
TO_LN: tuple[Gate, float] = ("bn_or_ln", 0.0)  # the gate that layer normalisation depends on, and where it takes it

Train = Callable[[ConvNet, int], None]  # some batches of training, in place


class Candidate(NamedTuple):
    """A network with some gates fixed. Its weights are its own."""

    name: str
    decisions: Decisions
    model: ConvNet


def by_threshold(model: ConvNet, images: Data, config: PruneConfig) -> Iterator[Candidate]:
    """For each threshold the network without the gates whose standard deviation within a channel is not above it.

    Each becomes the mean of its channels, or 0 or 1 where that is as near as `rounding`. A threshold that fixes no more
    than the one before it gives no candidate.
    """
    summaries = summarise(model, images)
    fixed = 0
    for threshold in sorted(config.thresholds):
        decisions: Decisions = {
            place: rounded(torch.tensor(summary.channels.mean, dtype=torch.float64), config.rounding)
            for place, summary in summaries.items()
            if spread(summary) <= threshold
        }
        if len(decisions) > fixed:
            fixed = len(decisions)
            yield Candidate(f"spread up to {threshold:g}", decisions, copy.deepcopy(prune(model, decisions)))


def by_steps(model: ConvNet, images: Data, config: PruneConfig, train: Train) -> Iterator[Candidate]:
    """Fix the gate that costs the least loss on some of `images`, train `batches`, and so on until none is left.

    Measured, not read off the gates' statistics: a gate near 1/2 may hardly matter, and one that hardly varies may.
    By channel, what is chosen among stays one layer with its norms folded in, but for layer normalisation, which reads
    all channels for any one that takes it: that choice is made for the whole unit, if it is one at all.
    """
    task = Classification(model.readout.out_features)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    probe = images.subset(order[:PROBE].to(images.device))
    decisions: Decisions = {}
    while places := open_questions(model, decisions):
        means = summarise(model, probe, decisions) if config.by_channel else {}

        def loss(decision: Decisions, so_far: Decisions = decisions) -> float:
            return evaluate(prune(model, so_far | decision), probe, task, PROBE)["loss"]

        tried: list[Decisions] = [
            {place: value}
            for place in places
            for value in (0.0, 1.0)
            if config.layer_norm or (place.gate, value) != TO_LN
        ]
        tried += [
            {place: torch.tensor(summary.channels.mean).double().round()}
            for place, summary in means.items()
            if place in places and place.gate != TO_LN[0]
        ]
        cheapest = min(tried, key=loss)
        decisions = decisions | cheapest
        pruned = prune(model, decisions)
        train(pruned, config.batches)
        yield Candidate(f"{len(decisions)} gates fixed", decisions, copy.deepcopy(pruned))


@torch.inference_mode()
def summarise(model: ConvNet, images: Data, decisions: Decisions | None = None) -> dict[Place, GateSummary]:
    """The statistics of every gate of `model` over `images`, with the inputs that `decisions` leave it."""
    units, blocks = units_of(model.eval()), prune(model, decisions or {}).eval().blocks
    statistics = {
        Place(index, gate): GateStatistics(unit.channel_axis)
        for index, unit in units.items()
        for gate in unit.gate_names
    }
    for start in range(0, len(images), STEP):
        x, _ = images.batch(slice(start, start + STEP))
        for index, block in enumerate(blocks):
            out = block(x)
            for gate, openness in units[index].gates(x).items() if index in units else ():
                statistics[Place(index, gate)].add(openness.expand_as(out))
            x = out
    return {place: each.summary() for place, each in statistics.items()}


def spread(summary: GateSummary) -> float:
    """How far a gate is from being one constant a channel: its standard deviation over inputs and positions."""
    return math.hypot(summary.std_inputs, summary.std_positions)


def rounded(constants: Tensor, nearness: float) -> Tensor:
    """0 or 1 for constants that are as near to it as `nearness`."""
    nearest = constants.round()
    return torch.where((constants - nearest).abs() <= nearness, nearest, constants)
