"""Baselines to compare with: the best one of the same layout in the folder of the run, and the cheapest network."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mgu.config.run import NormConfig
from mgu.console.skipped import describe_skipped
from mgu.errors import UserError
from mgu.factory.model import build_model
from mgu.factory.trained import TrainedRun, load_trained
from mgu.prune.network import Network
from mgu.results.compare.fingerprints import fingerprint_of, is_same_data
from mgu.results.on_disk.file_names import RESULT_FILE
from mgu.results.on_disk.result_file import describe_unreadable, read_result
from mgu.results.schema.result import Result
from mgu.text.printable import printable

log = logging.getLogger(__name__)


def find_baselines(trained: TrainedRun) -> dict[str, tuple[Network, Result | None]]:
    """Finds the baselines that a pruned unit is compared with.

    Args:
        trained: The run of the unit.

    Returns:
        By name a network and its result: the baseline of the same layout, data set and split with the best validation
        score in the folder that holds the run, if there is one, and last the cheapest network, which has neither norms
        nor residuals: the best that was trained there, else an untrained one.
    """
    alike = _alike(trained)
    best = _load_first(folder for folder, _ in alike)
    cheapest = best if best and _is_cheapest(best.result) else None
    cheapest = cheapest or _load_first(folder for folder, result in alike if _is_cheapest(result))
    found = [each for each in (best, cheapest) if each]
    baselines: dict[str, tuple[Network, Result | None]] = {}
    for each in found:
        baselines[_name(each.result)] = _net(each), each.result
    if not cheapest:
        config = trained.config.model_copy(update={"mgu": None, "norm": NormConfig(name="no_norm"), "residual": False})
        plain = build_model(replace(trained.resolved, config=config)).eval().to(memory_format=torch.channels_last)
        assert isinstance(plain, Network)
        baselines["baseline no_norm, not trained"] = plain, None
    return {name: (model.to(trained.splits.val.device), result) for name, (model, result) in baselines.items()}


def _alike(trained: TrainedRun) -> list[tuple[Path, Result]]:
    """Lists the baselines of this layout on these data in the folder that holds the run, by validation score."""
    ours, found, skipped = trained.result, list[tuple[float, Path, Result]](), list[str]()
    for path in trained.folder.parent.glob(f"*/{RESULT_FILE}"):
        try:
            result = read_result(path)
        except ValueError as error:
            skipped.append(f"{path}: {describe_unreadable(error)}")
            continue
        alike = all(_part(result, section) == _part(ours, section) for section in ("layout", "dataset"))
        alike = alike and is_same_data(fingerprint_of(result.config), fingerprint_of(ours.config))
        value = result.val.of(ours.score) if result.val else None  # whatever score it was trained for itself
        if result.model == "baseline" and result.status == "ok" and value is not None and alike:
            found.append((value, path.parent, result))
    for line in describe_skipped(skipped, [trained.folder.parent]):
        log.warning("%s", printable(line))
    found.sort(key=lambda each: ours.score.sort_key(each[0]))
    return [(folder, result) for _, folder, result in found]


def _load_first(folders: Iterable[Path]) -> TrainedRun | None:
    """Loads the first run that has its weights; None if none has."""
    for folder in folders:
        try:
            return load_trained(folder)
        except UserError:  # its weights are missing
            continue
    return None


def _is_cheapest(result: Result) -> bool:
    return result.norm == "no_norm" and not result.residual


def _name(result: Result) -> str:
    return f"baseline {result.norm}{' with residuals' if result.residual else ''}"


def _part(result: Result, section: str) -> dict[str, Any]:
    """Returns a section of the configuration without names and paths."""
    unlike = ("name",) if section == "layout" else ("root", "path", "fingerprint")
    return {key: value for key, value in result.config.get(section, {}).items() if key not in unlike}


def _net(trained: TrainedRun) -> Network:
    assert isinstance(trained.model, Network)
    return trained.model
