"""Runs that differ in nothing but their seed, and how far a figure spreads over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from statistics import fmean
from typing import NamedTuple

import msgspec

from mgu.data.datasets import find_kind
from mgu.results.load import Run
from mgu.results.result import Result

CONFIDENCE = 0.95
TINY = 1e-12  # below it differences are rounding


class Spread(NamedTuple):
    """Mean and deviation (n - 1) of n seeds; `low` and `high` bound the mean's 95 % interval (Student's t). One seed
    has no deviation and no interval; equal ones, which tell nothing of how others would differ, have no interval.
    """

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
    if deviation < TINY:
        return Spread(middle, len(values), 0.0)
    half = _quantile(len(values) - 1) * deviation / math.sqrt(len(values))
    return Spread(middle, len(values), deviation, middle - half, middle + half)


def group_seeds(runs: Iterable[Run]) -> tuple[list[tuple[Run, ...]], list[Run]]:
    """The runs of each model by seed, and those that repeat a seed of their model, as copies do: of these, what did not
    fail comes first.
    """
    names: dict[str, list[Run]] = {}
    for run in runs:
        names.setdefault(stem(run.result), []).append(run)
    groups, repeated = [], []
    for own in names.values():
        for model in _models(own):
            seeds: dict[int, Run] = {}
            for run in sorted(model, key=lambda run: run.result.status == "failed"):
                if run.result.seed in seeds:
                    repeated.append(run)
                else:
                    seeds[run.result.seed] = run
            groups.append(tuple(seeds[seed] for seed in sorted(seeds)))
    return groups, repeated


def _models(runs: list[Run]) -> list[list[Run]]:
    """Runs of one name, parted by what is trained."""
    written = _part(runs, _as_written)
    return written if len(written) == 1 else _part(runs, _identity)


def _part(runs: list[Run], key: Callable[[Result], bytes | str]) -> list[list[Run]]:
    parts: dict[bytes | str, list[Run]] = {}
    for run in runs:
        parts.setdefault(key(run.result), []).append(run)
    return list(parts.values())


def _as_written(result: Result) -> bytes:
    return msgspec.json.encode(result.config | {"seed": 0}, order="deterministic")


def _identity(result: Result) -> bytes | str:
    """By the rule of the runs themselves, which knows what changes nothing; one that it does not know, as written."""
    from mgu.config.run import RunConfig  # pydantic takes long to import, and is asked only where names leave a doubt

    try:
        return RunConfig.model_validate(result.config | {"seed": 0}).identity
    except ValueError:
        return _as_written(result)


def stem(result: Result) -> str:
    """The name of a run without its seed."""
    return result.name.removesuffix(f"-s{result.seed}")


def guess(result: Result) -> float:
    """Accuracy of a guess among its classes: what a run comes to that diverged before its first epoch was over;
    0 where their number is not known.
    """
    dataset = result.config.get("dataset", {})
    known = find_kind(dataset.get("name")).count_classes(dataset)  # for results of older versions
    num_classes = result.num_classes or known
    return 1 / num_classes if num_classes else 0.0


@cache
def _quantile(degrees: int) -> float:
    """Of Student's t, for a two-sided interval."""
    from scipy.special import stdtrit  # takes a tenth of a second, which a report on single seeds need not pay

    return float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
