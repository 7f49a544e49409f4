"""Baselines to compare with: the best one of the same layout in the folder of the run, and the cheapest network."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import torch

from mgu.config.run import NormConfig
from mgu.errors import UserError
from mgu.factory.model import build_model
from mgu.factory.trained import TrainedRun, load_trained
from mgu.prune.network import Network
from mgu.results.compare.fingerprints import fingerprint_of, is_same_data
from mgu.results.on_disk.file_names import RESULT_FILE
from mgu.results.on_disk.result_file import read_result
from mgu.results.schema.result import Result
from mgu.text.printable import printable

log = logging.getLogger(__name__)


def find_baselines(trained: TrainedRun) -> dict[str, tuple[Network, Result | None]]:
    """Finds the baselines that a pruned unit is compared with.

    Args:
        trained: The run of the unit.

    Returns:
        By name a network and its result: the baseline of the same layout, data set and split with the best validation
        score in the folder that holds the run, if there is one, and an untrained one without norms and residuals.
    """
    baselines: dict[str, tuple[Network, Result | None]] = {}
    if best := _best(trained):
        residuals = " with residuals" if best.result.residual else ""
        baselines[f"baseline {best.result.norm}{residuals}"] = _net(best), best.result
    config = trained.config.model_copy(update={"mgu": None, "norm": NormConfig(name="no_norm"), "residual": False})
    plain = build_model(replace(trained.resolved, config=config)).eval().to(memory_format=torch.channels_last)
    assert isinstance(plain, Network)
    baselines["baseline no_norm, not trained"] = plain, None
    return {name: (model.to(trained.splits.val.device), result) for name, (model, result) in baselines.items()}


def _best(trained: TrainedRun) -> TrainedRun | None:
    """Loads the best baseline of this layout on these data, by validation score; None if there is none with weights."""
    ours, results = trained.result, {}
    for path in trained.folder.parent.glob(f"*/{RESULT_FILE}"):
        try:
            result = read_result(path)
        except ValueError as error:
            log.warning("skipped %s: %s", path, printable(str(error)))
            continue
        alike = all(_part(result, section) == _part(ours, section) for section in ("layout", "dataset"))
        alike = alike and is_same_data(fingerprint_of(result.config), fingerprint_of(ours.config))
        value = result.val.of(ours.score) if result.val else None  # whatever score it was trained for itself
        if result.model == "baseline" and result.status == "ok" and value is not None and alike:
            results[path.parent] = value
    for folder in sorted(results, key=lambda each: ours.score.sort_key(results[each])):
        try:
            return load_trained(folder)
        except UserError:  # its weights are missing
            continue
    return None


def _part(result: Result, section: str) -> dict[str, Any]:
    """Returns a section of the configuration without names and paths."""
    unlike = ("name",) if section == "layout" else ("root", "path", "fingerprint")
    return {key: value for key, value in result.config.get(section, {}).items() if key not in unlike}


def _net(trained: TrainedRun) -> Network:
    assert isinstance(trained.model, Network)
    return trained.model
