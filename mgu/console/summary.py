"""One line about a run or an epoch, cut to the width of a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.console.failures import describe_failure
from mgu.results.schema.energy import describe_method
from mgu.results.schema.result import Result
from mgu.tasks.score import Score


def summarise(result: Result, name: str | None = None, width: int | None = None) -> str:
    """Summarises a run in one line.

    Args:
        result: The run's result.
        name: What people call the run; None for its own name.
        width: Characters that the line may have; energy, seconds and epochs are left out, in this order, until it fits.

    Returns:
        Status, validation score, epochs, seconds to solution, energy in Wh with its method, and why it failed.
    """
    value = result.val_score
    epochs = f"{result.epochs:3d} epoch{' ' if result.epochs == 1 else 's'}"
    time_s = f"{result.seconds.to_solution:7.1f} s" if result.seconds else ""
    together = f"one of {result.trained_together} trained together" if result.trained_together > 1 else ""
    energy = describe_energy([result])
    parts = [
        f"{name or result.name:32}",
        f"{result.status:8}",
        "val       -" if value is None else f"val {result.score.text(value, 7)}",
        epochs,
        time_s,
        "resumed" if result.resumed else "",
        "contended" if result.contended else "",
        together,
        energy,
        describe_failure(result.error) if result.status == "failed" else "",
    ]
    return fit_parts(parts, [energy, time_s, epochs, together], width)


def fit_parts(parts: Sequence[str], lesser: Sequence[str], width: int | None) -> str:
    """Joins the parts of a line.

    Args:
        parts: The parts in order; empty ones are left out.
        lesser: Those that are left out, the first one first, until the line fits.
        width: Characters that the line may have; None for any number.

    Returns:
        The line. Blanks that only align its first part go first.
    """
    shown = [part for part in parts if part]
    for left_out in (None, *lesser):
        if width is None or len("  ".join(shown)) <= width:
            break
        shown = [part for part in (shown[0].rstrip(), *shown[1:]) if part != left_out]
    return "  ".join(shown)


def describe_energy(results: Sequence[Result]) -> str:
    """Describes the total energy of runs.

    Args:
        results: Results of the runs.

    Returns:
        Energy in Wh by component and method, and of how many runs it could not be read; an empty string if none was
        measured.
    """
    unread = sum(bool(result.energy and {"cpu", "gpu"} & {*result.energy.unread}) for result in results)
    sums: dict[tuple[str, str], float] = {}
    for energy in (result.energy for result in results if result.energy):
        for name, component in (("cpu", energy.cpu), ("gpu", energy.gpu)):
            if component.method != "none" and name not in energy.unread:
                key = (name.upper(), component.method)
                sums[key] = sums.get(key, 0.0) + component.kwh
    known = [f"{part} {kwh * 1000:.3g} Wh ({describe_method(how)})" for (part, how), kwh in sums.items()]
    if unread:
        known.append("energy too short to read" if len(results) == 1 else f"energy of {unread} too short to read")
    return "  ".join(known)


def describe_scores(row: dict[str, float], score: Score) -> str:
    """Describes an epoch by its losses and scores.

    Args:
        row: The epoch's line of history.csv.
        score: Score of the task; some tasks have none on the training data.

    Returns:
        Training loss and score, validation loss and score.
    """
    return "  ".join(part for part in describe_epoch(row, score).values() if part)


def describe_epoch(row: dict[str, float], score: Score) -> dict[str, str]:
    """Describes each loss and score of an epoch, as `describe_scores` joins them.

    Args:
        row: The epoch's line of history.csv.
        score: Score of the task.

    Returns:
        The texts by what they describe; an empty one for what the task does not have.
    """
    in_training = row.get(f"train_{score.metric}")
    return {
        "loss": f"loss {row['train_loss']:.4f}",
        "train": "" if in_training is None else f"train {score.text(in_training)}",
        "val loss": f"val loss {row['val_loss']:.4f}",
        "val": f"val {score.text(row[f'val_{score.metric}'])}",
    }
