"""A training step of a layered directed network, by the blocks between its layers and by the whole matrix, in turns.

    python benchmarks/directed_step.py [--rounds 20] [--batch 64] [--hidden 500]

The whole matrix is what a complete graph of as many neurons computes. Both relax to the same tolerance from the same
weights, on random images; times are processor time of one thread.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable
from statistics import median

import torch
from models import configure
from rounds import add_rounds
from side_by_side import in_turns, ratio, save, spread
from torch import Tensor

from mgu.directed.network import DirectedNetwork, Dynamics
from mgu.directed.rule import EquilibriumRule, RuleSettings, as_states

BLOCKS, WHOLE = "between layers", "whole matrix"
DYNAMICS = Dynamics("additive", leak=1.0, dt=0.5, steps=1000, tolerance=1e-4, init_std=0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rounds(parser, default=20)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--hidden", type=int, default=500)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    blocks = DirectedNetwork(784, [options.hidden], 10, "layered", DYNAMICS)
    whole = copy.deepcopy(blocks)
    whole.joined = (sum(blocks.layers),)
    x, labels = torch.rand(options.batch, 784) * 0.3, torch.randint(10, (options.batch,))
    rows = []
    for learning, step in (("equilibrium propagation", propagate), ("backpropagation", backpropagate)):
        ways = {name: step(network, x, labels) for name, network in ((BLOCKS, blocks), (WHOLE, whole))}
        seconds = in_turns(ways, options.rounds, clock=time.process_time)
        of_blocks, of_whole = gradient_of(blocks), gradient_of(whole)
        error = (of_blocks - of_whole).norm() / of_whole.norm()
        print(f"{learning}: {spread(seconds, WHOLE, BLOCKS)}, gradients differ by {error:.1e}", flush=True)
        rows.append({
            "learning": learning,
            "steps": blocks.statistics.train.mean_iterations,
            "blocks_cpu_ms": 1e3 * median(seconds[BLOCKS]),
            "ratio": ratio(seconds, WHOLE, BLOCKS),
            "range": spread(seconds, WHOLE, BLOCKS),
            "error": float(error),
            "rounds": options.rounds,
            "batch": options.batch,
            "hidden": options.hidden,
        })  # fmt: skip
    save("directed", "step", configure("directed_digits", "dataset=digits"), rows)


def propagate(network: DirectedNetwork, x: Tensor, labels: Tensor) -> Callable[[], object]:
    """Two relaxations and the rule."""
    rule = EquilibriumRule(RuleSettings(strength=0.5))
    return lambda: rule(network, x, labels)


def backpropagate(network: DirectedNetwork, x: Tensor, labels: Tensor) -> Callable[[], object]:
    """A relaxation, and back through every step of it."""

    def step() -> None:
        network.weight.grad = None
        (network(x) - as_states(labels, network.num_outputs)).square().sum().div(2 * len(x)).backward()
        network.weight.grad = gradient_of(network) * network.mask

    return step


def gradient_of(network: DirectedNetwork) -> Tensor:
    """The gradient that a step has left."""
    assert network.weight.grad is not None
    return network.weight.grad


if __name__ == "__main__":
    main()
