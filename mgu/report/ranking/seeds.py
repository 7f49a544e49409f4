"""Groups of runs that differ only in their seed or fold, and the spread of a value over them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from statistics import fmean
from typing import NamedTuple

import msgspec

from mgu.data.datasets import find_kind
from mgu.results.runs.load import Run
from mgu.results.schema.replicate import Replicate, without_replicate
from mgu.results.schema.result import Result
from mgu.results.schema.stored_config import identity_without_replicate

CONFIDENCE = 0.95
TINY = 1e-12  # smaller differences are rounding errors


class Spread(NamedTuple):
    """Holds the mean of a value over replicates, which are seeds or folds, and its 95 % interval (Student's t).

    Attributes:
        mean: Mean over the replicates.
        n: Number of replicates.
        deviation: Standard deviation (n - 1) of the values that `independent` gives; None for a single one.
        low: Lower end of the interval; None for a single one, and for equal values, which say nothing of other seeds.
        high: Upper end of the interval; None where `low` is.
    """

    mean: float
    n: int
    deviation: float | None = None
    low: float | None = None
    high: float | None = None


def is_cross_validated(replicates: Collection[Replicate]) -> bool:
    """Tells whether replicates are of several folds; seeds of one fold are those of one split, as any other."""
    return len({replicate.fold for replicate in replicates if replicate.folds}) > 1


def shared_data(replicates: Collection[Replicate]) -> float:
    """Returns what the folds of cross-validation add to the variance of a mean, for they share most training data.

    Nadeau and Bengio 2003 (https://doi.org/10.1023/A:1024068626366): the variance of the mean of n values is 1/n plus
    the number of test examples over that of training examples, 1 / (folds - 1), times their variance. 0 without folds.
    """
    folds = max((replicate.folds for replicate in replicates), default=0)
    return 1 / (folds - 1) if is_cross_validated(replicates) else 0.0


def independent(by_replicate: Mapping[Replicate, float]) -> list[float]:
    """Returns the values that statistics count: one of each seed, or of each fold the mean over its seeds.

    The seeds of a fold have its data in common. Counted one by one they would make a test too sure where folds differ
    more than seeds do, and too timid where seeds do.
    """
    if not is_cross_validated(by_replicate):
        return list(by_replicate.values())
    by_fold: dict[int, list[float]] = {}
    for replicate, value in by_replicate.items():
        by_fold.setdefault(replicate.fold, []).append(value)
    return [fmean(values) for values in by_fold.values()]


def spread(by_replicate: Mapping[Replicate, float]) -> Spread | None:
    """Computes mean, deviation and interval of values by seed and fold; returns None if there are none."""
    values, count = independent(by_replicate), len(by_replicate)
    if len(values) < 2:
        return Spread(values[0], count) if values else None
    mean = fmean(values)  # statistics.stdev computes in fractions, too slowly for thousands of rows
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    if deviation < TINY:
        return Spread(mean, count, 0.0)
    variance = 1 / len(values) + shared_data(by_replicate)
    half = _quantile(len(values) - 1) * deviation * math.sqrt(variance)
    return Spread(mean, count, deviation, mean - half, mean + half)


def group_seeds(runs: Iterable[Run]) -> tuple[list[tuple[Run, ...]], list[Run]]:
    """Returns the runs of each model by seed and fold, and those that repeat one of their model, such as copies.

    Of runs with the same seed and fold, the first that did not fail is kept.
    """
    groups, repeated = [], []
    for named in _by_name(runs):
        for model in _models(named):
            seeds: dict[Replicate, Run] = {}
            for run in sorted(model, key=lambda run: run.result.status == "failed"):
                if (replicate := run.result.replicate) in seeds:
                    repeated.append(run)
                else:
                    seeds[replicate] = run
            groups.append(tuple(seeds[seed] for seed in sorted(seeds)))
    return groups, repeated


def _by_name(runs: Iterable[Run]) -> list[list[Run]]:
    """Groups runs by their names without seed and fold; names that share a run, as of a renamed layout, are one."""
    names: dict[str, list[Run]] = {}
    for run in runs:
        names.setdefault(run.result.stem, []).append(run)
    first: dict[str, tuple[Run, str]] = {}  # by identity, with the name that it is grouped by
    for stem, named in list(names.items()):
        alike = (first[run.result.identity] + (run,) for run in named if run.result.identity in first)
        group = next((group for known, group, run in alike if _are_one(known.result, run.result)), stem)
        if group != stem:
            names[group] += names.pop(stem)
        for run in named:
            first.setdefault(run.result.identity, (run, group))
    return list(names.values())


def _are_one(first: Result, second: Result) -> bool:
    """Tells whether two runs of equal recorded identity and other names are of one model, by their configurations."""
    if "layout" not in first.config or "layout" not in second.config:  # not whole, and reading it takes long
        return False
    model = identity_without_replicate(first.config)
    return model is not None and model == identity_without_replicate(second.config)


def _models(runs: list[Run]) -> list[list[Run]]:
    """Splits runs of one name by what they train, by the configuration as written or its identity, and by hardware."""
    one = next(iter(_group_by(runs, _unsorted).values()))  # nearly always, and sorting their keys takes long
    written = [one] if len(one) == len(runs) else list(_group_by(runs, _as_written).values())
    models = written if len(written) == 1 else list(_group_by(runs, identity_without_seed).values())
    return [part for model in models for part in _by_hardware(model)]


def _by_hardware(runs: list[Run]) -> list[list[Run]]:
    """Splits runs by the processor or GPU that they had, and its threads: one configuration may get others elsewhere.

    A run that failed before it had any stays with the first.
    """
    known = {name: part for name, part in _group_by(runs, describe_hardware).items() if name}
    first, *others = known.values() or [[]]
    return [[*first, *(run for run in runs if not describe_hardware(run.result))], *others]


def describe_hardware(result: Result) -> str:
    """Describes what a run was computed on, with the threads that torch really had on a CPU.

    Args:
        result: Of the run.

    Returns:
        The device without its number, which is a place and no kind; "" for a run that failed before it had one.
    """
    kind, _, model = (result.device or "").partition(" ")
    if not kind:
        return ""
    text, use = f"{kind.partition(':')[0]} {model}".rstrip(), result.processor
    if use and kind == "cpu" and not re.search(rf"(?<!\d){use.threads} thread", text):  # a launcher chose others
        text += f", really {use.threads} {'thread' if use.threads == 1 else 'threads'}"
    return text


def _group_by(runs: list[Run], key: Callable[[Result], bytes | str]) -> dict[bytes | str, list[Run]]:
    """Returns the runs in groups of equal key, in order of their first runs."""
    parts: dict[bytes | str, list[Run]] = {}
    for run in runs:
        parts.setdefault(key(run.result), []).append(run)
    return parts


def _unsorted(result: Result) -> bytes:
    """Returns the configuration as `_as_written`, with its keys as they come."""
    return msgspec.json.encode(without_replicate(result.config))


def _as_written(result: Result) -> bytes:
    """Returns the configuration as the result has it, without seed and fold, as bytes to compare."""
    return msgspec.json.encode(without_replicate(result.config), order="deterministic")


def identity_without_seed(result: Result) -> bytes | str:
    """Returns the hash that RunConfig.identity computes, or the configuration as written if it is not valid today."""
    return identity_without_replicate(result.config) or _as_written(result)


def chance_accuracy(result: Result) -> float:
    """Returns the accuracy of guessing, which a run gets that diverged before its first epoch ended.

    Args:
        result: The result of a classification run.

    Returns:
        One over the number of classes; 0 if their number is not known.
    """
    dataset = result.config.get("dataset", {})
    known = find_kind(dataset.get("name")).count_classes(dataset)  # for results of older versions
    num_classes = result.num_classes or known
    return 1 / num_classes if num_classes else 0.0


@cache
def _quantile(degrees: int) -> float:
    """Returns the quantile of Student's t for a two-sided interval."""
    from scipy.special import stdtrit  # takes a tenth of a second, which a report on single seeds need not pay

    return float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
