"""A finished run as it lies on disk: its model with the best weights, and the data it was trained and validated on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from mgu.config.check import check_config
from mgu.config.datasets import CasesConfig, TableConfig
from mgu.config.run import RunConfig
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.factory.model import build_model, build_splits
from mgu.results.file_names import CONFIG_FILE, RESULT_FILE, WEIGHTS_FILE
from mgu.results.find import find_run
from mgu.results.result import Result, read_result


class Trained(NamedTuple):
    """`model` has the weights of the best epoch, in evaluation mode; it and the data are in main memory."""

    folder: Path
    config: RunConfig
    result: Result
    model: nn.Module
    splits: Splits


def load_trained(path: str | Path) -> Trained:
    """The run that `path` names, see find_run. Raises UserError where there is none that has weights, or no data."""
    folder = find_run(path)
    result = _read_result(folder)
    config = _read_config(folder, result)
    model = _load_model(folder, config)
    return Trained(folder, config, result, model, build_splits(config))


def _read_result(folder: Path) -> Result:
    if not (folder / RESULT_FILE).exists():
        raise UserError(
            f"RUN must be finished, but {folder} has no {RESULT_FILE}. Call its mgu-run again: it goes on from its "
            "last epoch."
        )
    try:
        result = read_result(folder / RESULT_FILE)
    except ValueError as error:
        raise UserError(f"{folder / RESULT_FILE} must be readable, but is {error}. Train the run again.") from None
    if result.status == "failed":
        raise UserError(
            f"RUN must have been trained, but {folder} failed ({result.error}). See its log.txt, and call its mgu-run "
            "again."
        )
    if result.best_epoch is None:
        raise UserError(
            f"RUN must have weights, but {folder} diverged before its first epoch was over. Try a lower optimizer.lr."
        )
    return result


def _read_config(folder: Path, result: Result) -> RunConfig:
    """config.yaml, if it is of the same run as the result; data that are no longer where they were may be where
    MGU_DATA says.
    """
    path = folder / CONFIG_FILE
    try:
        config = check_config(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        raise UserError(f"{path} must be readable, but is not ({_first_line(error)}). Train the run again.") from None
    except UserError as error:
        raise UserError(f"{path} must be a configuration of this version, but: {_first_line(error)}") from None
    if config.identity != result.identity:
        raise UserError(
            f"{path} must be the configuration of the run {result.identity}, but is that of {config.identity}. "
            "Put the file back, or train the run again."
        )
    root = os.environ.get("MGU_DATA")
    if root is None or isinstance(config.dataset, TableConfig | CasesConfig):
        return config
    if any(Path(config.dataset.root).expanduser().glob("*")):
        return config
    return config.model_copy(update={"dataset": config.dataset.model_copy(update={"root": root})})


def _load_model(folder: Path, config: RunConfig) -> nn.Module:
    path = folder / WEIGHTS_FILE
    if not path.exists():
        raise UserError(f"RUN must have weights, but {path} is missing. Train it again with force=true.")
    with torch.device("meta"):  # no weights are drawn, only to be overwritten
        model = build_model(config)
    try:
        model.load_state_dict(load_file(path), assign=True)
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"{path} must be whole, but cannot be read ({_first_line(error)}). Train it again with force=true."
        ) from None
    except RuntimeError as error:  # of torch: names or shapes
        reason = str(error).splitlines()[-1].strip().rstrip(".")
        raise UserError(
            f"{path} must fit {folder / CONFIG_FILE}, but does not ({reason}). Train it again with force=true."
        ) from None
    return model.to(memory_format=torch.channels_last).eval()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
