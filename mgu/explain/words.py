"""Words for the statistics of gates: the branch that each opened for, and the most likely flow of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mgu.explain.statistics import GateSummary
from mgu.unit.wiring import Gate, Wiring

DECIDED, LEANING = 0.9, 0.6  # weights from which a path is taken, or mostly taken
VARIES = 0.1  # standard deviation from which a gate is not a constant


def name_branch(branch: str, wiring: Wiring) -> str:
    """Names a branch of a unit in words."""
    names = {
        "bn_before_activation": "BN before activation",
        "bn_after_activation": "BN after activation",
        "bn_order": "BN",
        "ln": f"LN {'after' if wiring.ln_after_activation else 'before'} activation",
        "bn_or_ln": "normalisation",
        "activated": "no normalisation",
        "norm_or_none": "no residual",
        "with_residual": "residual",
    }
    return names.get(branch, branch)


def varies_by(gate: GateSummary) -> tuple[str, ...]:
    """Names what the values of a gate depend on: input, position, channel; nothing for an almost constant gate."""
    spreads = {"input": gate.std_inputs, "position": gate.std_positions, "channel": gate.std_channels}
    return tuple(name for name, spread in spreads.items() if spread >= VARIES)


def describe_choice(weights: Mapping[str, float], varying: Sequence[str]) -> str:
    """Describes the heaviest of several paths, with its weight where that is not nearly 1 or varies.

    Args:
        weights: Weight of each path by its name in words, adding up to 1.
        varying: What the weights vary by, see `varies_by`.

    Returns:
        The words.
    """
    path = max(weights, key=lambda name: weights[name])
    weight = weights[path]
    by = f", by {join(varying)}" if varying else ""
    if weight >= DECIDED:
        return f"{path} ({weight:.0%}{by})" if varying else path
    if weight >= LEANING:
        return f"mostly {path} ({weight:.0%}{by})"
    return f"undecided ({path} {weight:.0%}{by})"


def join(words: Sequence[str]) -> str:
    """Joins words as in "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def describe_gate(gate: Gate, summary: GateSummary, wiring: Wiring) -> str:
    """Describes the path that a gate opened for.

    Args:
        gate: Name of the gate.
        summary: Its values.
        wiring: Names its two branches.

    Returns:
        The words.
    """
    choice = wiring.choices[gate]
    weights = {choice.when_open: summary.mean, choice.when_closed: 1 - summary.mean}
    return describe_choice({name_branch(branch, wiring): weight for branch, weight in weights.items()}, ())


def describe_flow(gates: Mapping[Gate, GateSummary], path_weights: Mapping[str, float], wiring: Wiring) -> str:
    """Describes the most likely path of the data through a unit: normalisation -> residual -> processed or bypass.

    Args:
        gates: The values of each gate.
        path_weights: Mean weight of each normalising branch.
        wiring: Names the branches of the gates.

    Returns:
        The words, with arrows between the steps.
    """
    chosen = max(path_weights, key=lambda branch: path_weights[branch])
    named = {name_branch(branch, wiring): weight for branch, weight in path_weights.items()}
    steps = [describe_choice(named, _varying(gates, _gates_to(chosen, wiring)))]
    for gate in ("residual", "skip"):
        if gate in gates:
            choice, mean = wiring.choices[gate], gates[gate].mean
            weights = {name_branch(choice.when_open, wiring): mean, name_branch(choice.when_closed, wiring): 1 - mean}
            steps.append(describe_choice(weights, varies_by(gates[gate])))
    return " -> ".join(steps)


def _gates_to(branch: str, wiring: Wiring) -> list[Gate]:
    """Returns the gates between a normalising branch and the output of normalisation."""
    passed: list[Gate] = []
    for gate in ("bn_order", "bn_or_ln", "norm_or_none"):
        choice = wiring.choices[gate]
        if branch in (choice.when_open, choice.when_closed):
            passed.append(gate)
            branch = gate
    return passed


def _varying(gates: Mapping[Gate, GateSummary], names: Sequence[Gate]) -> tuple[str, ...]:
    """Returns what any of several gates varies by, in the order of `varies_by`."""
    causes = {cause for name in names for cause in varies_by(gates[name])}
    return tuple(cause for cause in ("input", "position", "channel") if cause in causes)
