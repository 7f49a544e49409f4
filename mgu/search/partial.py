"""What a run had brought after some of its epochs, by its history: for trials that ask for fewer than it has."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

from mgu.config.run import RunConfig
from mgu.results.on_disk.file_names import HISTORY_FILE
from mgu.results.schema.result import Result
from mgu.search.outcome import GROWS
from mgu.search.strategy import Cost, Trial


def as_of(
    trial: Trial, config: RunConfig, result: Result, cost: Cost, folder: Path, second: str | None
) -> tuple[Trial, Cost, dict[str, Any]]:
    """Returns a trial with the score that the run would have had after its first epochs, and what it had cost by then.

    Costs are the run's own times the share of these epochs in the seconds of all; so is a second objective that grows
    with them.

    Args:
        trial: The trial, told by the whole run.
        config: The configuration of the trial, whose run stops after fewer epochs than the whole one has.
        result: The result of the run.
        cost: Its cost.
        folder: Its folder.
        second: Name of the second objective; None: there is none.

    Returns:
        The trial, its cost, and those of the plain values of describe_result that are others.

    Raises:
        OSError: There is no history.
    """
    with (folder / HISTORY_FILE).open(encoding="utf-8", newline="") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    first = rows[: config.training.epochs_now]
    values = [row[f"val_{result.score.metric}"] for row in first[config.first_best_epoch - 1 :]]
    if config.training.select == "last":
        values = values[-1:]
    best = max(values) if result.score.higher_is_better else -min(values)
    share = sum(map(_seconds, first)) / (sum(map(_seconds, rows)) or 1.0)
    told = replace(trial, score=best, epochs=len(first))
    if second in GROWS and trial.second is not None:
        told = replace(told, second=trial.second * share)
    details = {
        "val": best if result.score.higher_is_better else -best,
        "test": find_test_score(result, len(first)),
        "to_solution_s": result.seconds.to_solution * share if result.seconds else None,
        "lost_s": 0.0,
    }
    return told, cost.scaled(share, len(first)), details


def find_test_score(result: Result, epochs: int) -> float | None:
    """Returns the test score that a run would have had after its first epochs.

    Args:
        result: The result of the run, which has more epochs.
        epochs: How many.

    Returns:
        The run's own where its weights are those of one of these epochs; None where it was trained on for better ones,
        for then nobody evaluated those on test data.
    """
    is_known = result.config["training"].get("select") != "last" and result.best_epoch in range(1, epochs + 1)
    return result.test.of(result.score) if is_known and result.test else None


def _seconds(row: dict[str, float]) -> float:
    return row.get("train_s", 0.0) + row.get("evaluate_s", 0.0)
