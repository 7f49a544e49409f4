"""Claims and tables of results/equilibrium and results/directed, from their data."""

from __future__ import annotations

from statistics import mean

from cells import Row, number, p_value, percent, spread, table
from tables import by

LEARNED = 0.01  # largest mean squared error of the last 20 epochs


def claim_equilibrium(parts: dict[str, Row]) -> str:
    """How long a step takes beside the best of torchdeq, and what MNIST came to where it is filed."""
    ours, *others = parts["step"]["rows"]
    peers = {row["way"]: _to(ours, row) for row in others if row["way"].startswith("torchdeq")}
    best = min(peers, key=lambda way: peers[way])
    text = (
        f"A training step of the dense equilibrium takes {1 / peers[best]:.2f} times the processor time of {best} with "
        f"implicit gradients at the same tolerance ({number(ours['step_cpu_ms'], 1)} ms)"
    )
    error = next(row["error"] for row in others if row["way"] == best)
    if as_exact := [_to(ours, row) for row in others if row["way"].startswith("mgu") and row["error"] <= error]:
        text += f", and {min(as_exact) / peers[best]:.2f} times where its gradient is as exact"
    text += "."
    if "mnist" in parts:
        best, *others = (
            f"{row['model_name']} has {row['val_acc']:.2f} % for {row['processor_s']:.0f} s"
            for row in parts["mnist"]["rows"]
        )
        first = parts["mnist"]["comparison"]["comparisons"][0]
        text += (
            f" On MNIST {best} of processor time, {', '.join(others)} ({len(first['seeds'])} seeds each; the "
            f"first minus the second {100 * first['difference']:+.2f} points, p {p_value(first['p_corrected'])})."
        )
    return text


def steps(part: Row) -> str:
    """Every way to compute a step."""
    ours = part["rows"][0]
    return table(
        ["", "step [CPU ms]", "times ours", "relative error of the gradient"],
        (
            [row["way"], number(row["step_cpu_ms"], 1), f"{_to(ours, row):.2f}", f"{row['error']:.1e}"]
            for row in part["rows"]
        ),
    )


def _to(ours: Row, row: Row) -> float:
    """The ratio of medians."""
    ratio: float = row["step_cpu_ms"] / ours["step_cpu_ms"]
    return ratio


def claim_directed(parts: dict[str, Row]) -> str:
    """How many seeds learned XOR, whole and with connections removed, and what digits came to for how much time."""
    groups = by(parts["gates"]["rows"], "way")
    whole, sparse = groups["xor",], groups["xor, sparsified",]
    leaky, published = groups["xor, transport, leak 0.5",], groups["xor, transport as published",]
    return (
        f"XOR is learned from {_learned(whole)} of {len(whole)} seeds, and from {_learned(sparse)} of {len(sparse)} "
        f"with {100 * (1 - mean(row['kept'] for row in sparse)):.0f} % of the connections removed; "
        f"by the published rule and field from {_learned(published)} of {len(published)}, and by its field with a leak "
        f"and the exact rule from {_learned(leaky)} of {len(leaky)}. "
        f"On digits, each at its best rate, {_best_rate(parts['digits'], 'equilibrium propagation')} and "
        f"{_best_rate(parts['digits'], 'backpropagation')}. On MNIST, 784-500-10, {_of_mnist(parts['mnist'])}."
    )


def _of_mnist(part: Row) -> str:
    """The mean accuracy of each model over its seeds, and the processor time of a run."""
    return ", ".join(
        f"{row['model_name']} has {row['val_acc']:.2f} % ({_seeds(row)}, {row['processor_s']:.0f} s of processor time)"
        for row in part["rows"]
    )


def _seeds(row: Row) -> str:
    """How many seeds there are, and how many of them diverged."""
    count, diverged = len(row["seeds"]), sum(seed["status"] == "diverged" for seed in row["seeds"])
    return f"{count} seed{'s' * (count > 1)}{f', {diverged} diverged' if diverged else ''}"


def _best_rate(part: Row, learning: str) -> str:
    """The mean accuracy of a rule at the rate with the highest one, over its seeds, and the processor time it took."""
    means = {
        way: (mean(100 * row["accuracy"] for row in rows), mean(row["cpu_s"] for row in rows))
        for (way,), rows in by(part["rows"], "way").items()
        if way.startswith(learning)
    }
    best = max(means, key=means.__getitem__)
    accuracy, seconds = means[best]
    return f"{best.replace(', rate', ' at')} has {accuracy:.2f} % for {seconds:.1f} s of processor time"


def _learned(rows: list[Row]) -> int:
    return sum(row["mse"] < LEARNED for row in rows)


def gates(part: Row) -> str:
    """One line a way, over its seeds."""
    lines = [
        [
            str(way),
            f"{_learned(rows)} of {len(rows)}",
            f"{max(row['mse'] for row in rows):.4f}",
            percent(mean(row["kept"] for row in rows), 0),
            f"{mean(row['steps'] for row in rows):.0f}",
            f"{sum(row['unconverged'] for row in rows)}",
            f"{sum(row['global'] > 0 for row in rows)} of {len(rows)}",
            f"{sum(row['global_of_flow'] > 0 for row in rows)} of {len(rows)}",
            number(mean(row["cpu_s"] for row in rows), 1),
        ]
        for (way,), rows in by(part["rows"], "way").items()
    ]
    header = ["gate", "learned", "largest mse", "connections kept [%]", "steps to rest", "batches not at rest"]
    return table([*header, "certified globally", "J + Jᵀ < 0", "CPU time [s]"], lines)


def digits(part: Row) -> str:
    """One line a way, over its seeds."""
    lines = [
        [
            str(way),
            spread([100 * row["accuracy"] for row in rows]),
            str(len(rows)),
            f"{mean(row['steps'] for row in rows):.0f}",
            f"{sum((row['local'] or 0) > 0 for row in rows)} of {len(rows)}",
            f"{sum(row['global'] > 0 for row in rows)} of {len(rows)}",
            number(mean(row["cpu_s"] for row in rows), 1),
        ]
        for (way,), rows in by(part["rows"], "way").items()
    ]
    header = ["learning", "accuracy [%]", "seeds", "steps to rest", "certified locally", "certified globally"]
    return table([*header, "CPU time [s]"], lines)


def step_by_blocks(part: Row) -> str:
    """Both rules: a step by blocks, and how much longer the whole matrix takes."""
    return table(
        ["learning", "steps to rest", "between layers [CPU ms]", "whole matrix, times that", "difference of gradients"],
        (
            [
                row["learning"],
                f"{row['steps']:.0f}",
                number(row["blocks_cpu_ms"], 1),
                row["range"],
                f"{row['error']:.0e}",
            ]
            for row in part["rows"]
        ),
    )
