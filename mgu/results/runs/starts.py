"""Runs that start from trained weights of their own fold or seed are replicates of one model.

The weights that a run starts from are part of its identity and of its name. Where every fold starts from the source of
its own fold, these weights differ as folds do: what the runs have in common is the model of their sources.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import PurePath

from msgspec.structs import replace

from mgu.results.runs.load import Run
from mgu.results.schema.replicate import without_replicate
from mgu.results.schema.result import Result

PLACE = ("start_from", "start_sha256")  # of a configuration's section training


def join_starts(runs: Sequence[Run]) -> list[Run]:
    """Names the sources' model, in place of their weights, in runs whose weights differ by fold or seed only.

    Args:
        runs: The runs of one experiment.

    Returns:
        The same runs in the same order. Those of one configuration that start from several weights, each fold and seed
        from one, of sources with one name but for fold and seed, have the name and configuration of one model.
    """
    groups: dict[str, list[int]] = {}
    for index, run in enumerate(runs):
        if run.result.start_sha256 and _source(run.result):
            groups.setdefault(_key(run.result), []).append(index)
    joined = list(runs)
    for indices in groups.values():
        results = [runs[index].result for index in indices]
        starts = {(result.replicate, result.start_sha256) for result in results}
        has_one_each = len({replicate for replicate, _ in starts}) == len(starts)
        if has_one_each and len({sha256 for _, sha256 in starts}) > 1:
            for index, result in zip(indices, results, strict=True):
                joined[index] = runs[index]._replace(result=_with_source(result))
    return joined


def _source(result: Result) -> str:
    """Returns the name of the run that a run started from, without its fold and seed; "" where that is not known."""
    folder = PurePath(str(result.config["training"].get("start_from") or "")).name
    return re.sub(r"(-f\d+)?-s\d+$", "", folder.rpartition("-")[0])


def _key(result: Result) -> str:
    """Returns what runs of one model have in common, the names of their sources among it."""
    config = without_replicate(result.config)
    training = {key: value for key, value in config["training"].items() if key not in PLACE}
    return json.dumps([_source(result), {**config, "training": training}], sort_keys=True)


def _with_source(result: Result) -> Result:
    sha256, source = result.start_sha256 or "", _source(result)
    instead = hashlib.sha256(source.encode()).hexdigest()
    training = {**result.config["training"], "start_from": source, "start_sha256": instead}
    name = result.name.replace(f"-from-{sha256[:8]}", f"-from-{source}")
    return replace(result, name=name, config={**result.config, "training": training})
