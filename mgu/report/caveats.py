"""Caveats: sentences on what limits the numbers of a table."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mgu.report.ranking.rank import Table
from mgu.report.ranking.seeds import stem
from mgu.report.ranking.validity import SHORT_S, STARVED, is_starved
from mgu.results.result import Result


def caveats(table: Table) -> list[str]:
    """Names what limits the numbers of a table.

    Args:
        table: A ranked table.

    Returns:
        The sentences.
    """
    return [*_unfinished(table), *_unlike(table), *_same_names(table), *_marked(table.results), *_selected(table)]


def _unfinished(table: Table) -> list[str]:
    """Runs that diverged or failed."""
    lines, results = [], table.results
    for status in ("diverged", "failed"):
        if count := sum(result.status == status for result in results):
            lines.append(f"{count} of {len(results)} runs {status}.")
    effect = "no mean includes them"
    if table.task == "classification":
        effect = "in a mean each counts as a guess, or as 0 % where the number of classes is not known"
    in_means = [row for row in table.rows if len(row.runs) > 1 and any(result.val for result in row.results)]
    if lost := sum(result.status == "diverged" and result.val is None for row in in_means for result in row.results):
        lines.append(f"{lost} of {len(results)} runs diverged before their first epoch ended: {effect}.")
    return lines


def _unlike(table: Table) -> list[str]:
    """Runs and models that are not alike."""
    lines = [
        f"The runs differ in {name} ({', '.join(sorted(values))}), so they are not one experiment."
        for name, values in _settings(table.results).items()
        if len(values) > 1
    ]
    if blocks := len(table.other_models):
        lines.append(
            f"{blocks} of {len(table.rows)} models are neither the paper's unit nor of the grid: they are ranked, but "
            "no comparison and no cost includes them."
        )
    if repeated := len(table.repeated):
        lines.append(f"{repeated} of all runs repeat a seed of their model and are left out.")
    if len({len(row.runs) for row in table.rows}) > 1:
        lines.append("The models have different numbers of seeds: those with few have wide intervals.")
    if any(row.examples == "cases" for row in table.rows):
        lines.append(
            "Images of one case resemble each other: accuracies are over images unless they are called case_acc; tests "
            "are over cases, each with the share of its images that is classified correctly."
        )
    return lines


def _marked(results: list[Result]) -> list[str]:
    """What the marks beside times mean, with the number of runs that have each."""
    causes = {
        f"took under {SHORT_S:.0f} s (marked ~): too few energy readings to compare; times are still used.": sum(
            r.seconds is not None and r.seconds.to_solution < SHORT_S for r in results
        ),
        "were trained together with others in one process (marked !): their time and energy are shares of the whole "
        "and are not compared.": sum(r.trained_together > 1 for r in results),
        "shared the host with other runs while they were measured (marked !): their time and energy are not "
        "compared.": sum(r.contended and r.trained_together == 1 for r in results),
        f"had the processor for less than {STARVED:.0%} of their time (marked !): other work on the machine makes "
        "their wall-clock times and energy estimates too high.": sum(
            is_starved(r) and not r.contended for r in results
        ),
        "were interrupted and resumed (marked +): their time and energy are sums over the parts and are not "
        "compared.": sum(r.resumed > 0 for r in results),
    }
    return [f"{count} of {len(results)} runs {cause}" for cause, count in causes.items() if count]


def _selected(table: Table) -> list[str]:
    """Selection on test data."""
    if table.split != "paper":
        return []
    return [
        "With split: paper, validation uses the official test data, so the best of the grid is selected on them; use "
        "dataset.split=holdout for an unbiased comparison."
    ]


def _same_names(table: Table) -> list[str]:
    """How models of the same name differ."""
    lines = []
    for name in sorted(name for name, count in Counter(stem(row.result) for row in table.rows).items() if count > 1):
        configs = [
            _flat(row.result.config) | {"hardware": row.result.device} for row in table.rows if stem(row.result) == name
        ]
        keys = sorted({key for config in configs for key in config} - {"seed"})
        differing = [key for key in keys if len({str(config.get(key)) for config in configs}) > 1]
        lines.append(f"{len(configs)} models are called {name}: they differ in {', '.join(differing)}.")
    return lines


def _flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The configuration with nested names joined by dots."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def _settings(results: list[Result]) -> dict[str, set[str]]:
    """The values of settings that must be the same in all runs that are compared."""
    configs = [result.config for result in results]
    return {
        "device": {result.device for result in results if result.device},
        "training.epochs": {str(config.get("training", {}).get("epochs")) for config in configs},
        "optimizer.lr": {str(config.get("optimizer", {}).get("lr")) for config in configs},
    }
