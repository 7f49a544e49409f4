"""Search for gates to fix and their constants: candidates from the whole unit to a network without gates."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mgu.config.prune import PruneConfig
from mgu.console.text import count
from mgu.data.splits import Data
from mgu.explain.statistics import GateStatistics, GateSummary
from mgu.prune.network import Decisions, GateId, Network, prune, undecided_gates, units_of
from mgu.tasks.classification import Classification
from mgu.train.loop import evaluate
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import Gate

PROBE = 500  # number of images on which the loss of fixing a gate is measured
STEP = 250  # batch size for the statistics of gates
TO_LN: tuple[Gate, float] = ("bn_or_ln", 0.0)  # the gate and the value that select layer normalisation

Train = Callable[[Network, int], None]  # trains a network in place on a number of batches


class Candidate(NamedTuple):
    """Holds a network with some gates fixed and its own weights.

    Attributes:
        name: Name of the candidate.
        decisions: Constants of the fixed gates.
        model: The network.
    """

    name: str
    decisions: Decisions
    model: Network


def fix_by_threshold(model: Network, images: Data, config: PruneConfig) -> Iterator[Candidate]:
    """Fixes for each threshold the gates whose standard deviation within a channel is not above it.

    A gate becomes the mean of each channel, or 0 or 1 where that is as near as `config.rounding`. A threshold that
    fixes no more gates than the one before it gives no candidate.

    Args:
        model: A network of units.
        images: Data to observe the gates on.
        config: Settings of pruning.

    Yields:
        The candidates, by threshold.
    """
    summaries = summarise(model, images)
    fixed = 0
    for threshold in sorted(config.thresholds):
        decisions: Decisions = {
            gate_id: round_near(torch.tensor(summary.channels.mean, dtype=torch.float64), config.rounding)
            for gate_id, summary in summaries.items()
            if std_within_channels(summary) <= threshold
        }
        if len(decisions) > fixed:
            fixed = len(decisions)
            yield Candidate(f"spread up to {threshold:g}", decisions, copy.deepcopy(prune(model, decisions)))


def fix_stepwise(model: Network, images: Data, config: PruneConfig, train: Train) -> Iterator[Candidate]:
    """Fixes the gate that increases the loss the least, trains `config.batches`, and repeats until no gate is left.

    The loss is measured instead of being guessed from statistics of the gates: a gate near 1/2 may hardly matter, and
    one that hardly varies may. With `config.by_channel` each channel may take its own branch, which stays one layer
    with its norms folded in. Layer normalisation reads all channels, so it is chosen for the whole unit or not at all.

    Args:
        model: A network of units.
        images: Training data, of which some measure the loss.
        config: Settings of pruning.
        train: Function that trains a network in place on a number of batches.

    Yields:
        The candidates, each with one more gate fixed.
    """
    task = Classification(model.readout.out_features)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    probe = images.subset(order[:PROBE].to(images.device))
    decisions: Decisions = {}
    while undecided := undecided_gates(model, decisions):
        means = summarise(model, probe, decisions) if config.by_channel else {}

        def loss(decision: Decisions, so_far: Decisions = decisions) -> float:
            return evaluate(prune(model, so_far | decision), probe, task, PROBE)["loss"]

        tried: list[Decisions] = [
            {gate_id: value}
            for gate_id in undecided
            for value in (0.0, 1.0)
            if config.layer_norm or (gate_id.gate, value) != TO_LN
        ]
        tried += [
            {gate_id: torch.tensor(summary.channels.mean).double().round()}
            for gate_id, summary in means.items()
            if gate_id in undecided and gate_id.gate != TO_LN[0]
        ]
        cheapest = min(tried, key=loss)
        decisions = decisions | cheapest
        pruned = prune(model, decisions)
        train(pruned, config.batches)
        yield Candidate(f"{count(len(decisions), 'gate')} fixed", decisions, copy.deepcopy(pruned))


@torch.inference_mode()
def summarise(model: Network, images: Data, decisions: Decisions | None = None) -> dict[GateId, GateSummary]:
    """Computes the statistics of every gate over images.

    Args:
        model: A network of units.
        images: The data.
        decisions: Constants of fixed gates, which change the inputs of later blocks.

    Returns:
        The statistics by gate.
    """
    units, pruned = units_of(model.eval()), prune(model, decisions or {}).eval()
    statistics = {
        GateId(index, gate): GateStatistics(unit.channel_axis)
        for index, unit in units.items()
        for gate in unit.gate_names
    }

    def watch(index: int, unit: MultiGatedUnit) -> Callable[[nn.Module, tuple[Tensor], Tensor], None]:
        def see(block: nn.Module, inputs: tuple[Tensor], out: Tensor) -> None:
            for gate, values in unit.gates(*inputs).items():
                statistics[GateId(index, gate)].add(values.expand_as(out))

        return see

    with ExitStack() as stack:
        for index, unit in units.items():
            stack.callback(pruned.blocks[index].register_forward_hook(watch(index, unit)).remove)
        for start in range(0, len(images), STEP):
            pruned(images.batch(slice(start, start + STEP))[0])
    return {gate_id: each.summary() for gate_id, each in statistics.items()}


def std_within_channels(summary: GateSummary) -> float:
    """Returns how much a gate varies within its channels.

    Args:
        summary: Statistics of the gate.

    Returns:
        The standard deviation over inputs and positions: 0 for a gate that is one constant for each channel.
    """
    return math.hypot(summary.std_inputs, summary.std_positions)


def round_near(constants: Tensor, nearness: float) -> Tensor:
    """Replaces constants by 0 or 1 where they are as near to it as `nearness`."""
    nearest = constants.round()
    return torch.where((constants - nearest).abs() <= nearness, nearest, constants)
