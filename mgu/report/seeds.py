"""Runs that differ in nothing but their seed, and how far a figure spreads over them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from statistics import fmean
from typing import NamedTuple

import msgspec

from mgu.report.load import Run
from mgu.results import Result

CONFIDENCE = 0.95
# Of a configuration: the seed, and what belongs to no run's identity, see mgu/config.py.
NOT_COMPARED = {
    *("seed", "experiment_name", "runs_dir", "force", "seeds_at_once"),
    *("energy", "device", "tensorboard", "mlflow"),
}
NOT_COMPARED_WITHIN = {
    "dataset": ("root", "path", "download", "stages", "stage_pattern", "broken", "memory_gib", "cache_gib"),
    "training": ("timeout",),
    "layout": ("name",),
}


class Spread(NamedTuple):
    """Mean and deviation (n - 1) of n seeds; `low` and `high` bound the mean's 95 % interval (Student's t). One seed
    has no deviation and no interval."""

    mean: float
    n: int
    deviation: float | None = None
    low: float | None = None
    high: float | None = None


def spread(values: Sequence[float]) -> Spread | None:
    """None of no values."""
    if len(values) < 2:
        return Spread(values[0], 1) if values else None
    middle = fmean(values)  # statistics.stdev computes in fractions, too slowly for thousands of rows
    deviation = math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1))
    half = _quantile(len(values) - 1) * deviation / math.sqrt(len(values))
    return Spread(middle, len(values), deviation, middle - half, middle + half)


def group_seeds(runs: Iterable[Run]) -> tuple[list[tuple[Run, ...]], list[Run]]:
    """The runs of each model by seed, and those that repeat a seed of their model, as copies do."""
    groups: dict[tuple[str, bytes], dict[int, Run]] = {}
    repeated = []
    for run in runs:
        group = groups.setdefault((stem(run.result), _compared(run.result)), {})
        if run.result.seed in group:
            repeated.append(run)
        else:
            group[run.result.seed] = run
    return [tuple(group[seed] for seed in sorted(group)) for group in groups.values()], repeated


def stem(result: Result) -> str:
    """The name of a run without its seed."""
    return result.name.removesuffix(f"-s{result.seed}")


def guess(result: Result) -> float:
    """Accuracy of a guess among its classes: what a run comes to that diverged before its first epoch was over;
    0 where their number is not known."""
    dataset = result.config.get("dataset", {})
    num_classes = 2 if dataset.get("name") == "adult" else dataset.get("num_classes") or len(dataset.get("classes", ()))
    return 1 / num_classes if num_classes else 0.0


def _compared(result: Result) -> bytes:
    config = {key: value for key, value in result.config.items() if key not in NOT_COMPARED}
    for name, default in (("engine", "auto"), ("step", "auto"), ("tf32", False)):
        if config.get(name) == default:
            del config[name]
    for section, names in NOT_COMPARED_WITHIN.items():
        if section in config:
            config[section] = {key: value for key, value in config[section].items() if key not in names}
    return msgspec.json.encode(config, order="deterministic")


@cache
def _quantile(degrees: int) -> float:
    """Of Student's t, for a two-sided interval."""
    from scipy.special import stdtrit  # takes a tenth of a second, which a report on single seeds need not pay

    return float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
