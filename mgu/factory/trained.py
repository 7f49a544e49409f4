"""A finished run from its folder: its model with the best weights, and the data that it was trained on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from mgu.config.directed import DirectedLayoutConfig
from mgu.config.run import RunConfig
from mgu.data.python.dataset import OtherRowsError
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.factory.imported import section_of
from mgu.factory.model import build_model
from mgu.factory.resolved_run import ResolvedRun, resolve
from mgu.factory.without_data import dataset_from_record
from mgu.random_numbers.generators import keeping_states
from mgu.results.on_disk.file_names import CONFIG_FILE, PREPROCESSING_FILE, WEIGHTS_FILE
from mgu.results.on_disk.finished import not_as_written, read_finished
from mgu.results.on_disk.preprocessing import Classes, Preprocessing, decode_preprocessing
from mgu.results.on_disk.sealed import Changed, read_known
from mgu.results.runs.find import find_run
from mgu.results.schema.result import Result
from mgu.results.schema.stored_config import read_stored

# Below dataset.root, of what is not in one of the packages.
FOLDERS = {
    "mnist": "MNIST", "fashion_mnist": "FashionMNIST", "cifar10": "cifar-10-batches-py", "adult": "adult",
    "movielens": "ml-100k",
}  # fmt: skip


@dataclass(frozen=True)
class TrainedRun:
    """Holds a finished run: its record, and its model with the weights of the best epoch.

    Attributes:
        folder: Where the run's files lie.
        resolved: Its configuration, on the device that was asked for.
        result: Its result.json.
        model: The network on that device, in evaluation mode.
    """

    folder: Path
    resolved: ResolvedRun
    result: Result
    model: nn.Module

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """How inputs are made of the user's files; of a run of an earlier version, from its data."""
        record = _read_preprocessing(self.folder, self.result)
        if record is not None:
            return record
        with _needing_data(
            self.folder, self.config, f"has no {PREPROCESSING_FILE} (it is of an earlier version), and "
        ):
            return self.resolved.dataset.preprocessing

    @property
    def config(self) -> RunConfig:
        """The configuration of the run; `device` is where it lies now."""
        return self.resolved.config

    @property
    def has_states(self) -> bool:
        """Whether the outputs for classes are states in [0, 1] and no logits; known without data, unlike the task."""
        is_directed = isinstance(self.config.layout, DirectedLayoutConfig)
        return is_directed and isinstance(self.preprocessing.outputs, Classes)

    @property
    def splits(self) -> Splits:
        """The data that it was trained and validated on, on its device, read when first asked for."""
        with _needing_data(self.folder, self.config):
            return self.resolved.splits


def load_trained(path: str | Path, device: str = "cpu", *, without_data: bool = False) -> TrainedRun:
    """Rebuilds the model of a finished run, wherever it was trained.

    Args:
        path: A run's folder, a file in it, or its name below the runs folder.
        device: Where model and data are to lie: "cpu", or "auto" for a GPU where there is one.
        without_data: Whether the model is built from what the run has recorded, and no data need be there.

    Returns:
        The run.

    Raises:
        UserError: There is no such run, it has no weights, or a file of it is damaged.
    """
    folder = find_run(path)
    result = _read_result(folder)
    resolved = resolve(_read_config(folder, result).model_copy(update={"device": device}))
    building = resolved
    if without_data and (record := _read_preprocessing(folder, result)):
        building = replace(resolved, dataset=dataset_from_record(resolved.config, record))
    return TrainedRun(folder, resolved, result, _load_model(folder, building, result))


def _read_preprocessing(folder: Path, result: Result) -> Preprocessing | None:
    """Reads preprocessing.json; None where an earlier version left none."""
    path = folder / PREPROCESSING_FILE
    try:
        return decode_preprocessing(read_known(path, result.files))
    except FileNotFoundError:
        if PREPROCESSING_FILE not in result.files:
            return None
        raise UserError(f"RUN must have its {PREPROCESSING_FILE}, but {path} is missing. Put it back.") from None
    except Changed as error:
        raise not_as_written(path, error) from None
    except ValueError as error:
        raise UserError(f"{path} must be readable, but is {_first_line(error)}. Train the run again.") from None


def _read_result(folder: Path) -> Result:
    """Reads the record of a finished run that has weights. Raises UserError for any other."""
    result = read_finished(folder)
    if result.best_epoch is None:
        raise UserError(
            f"RUN must have weights, but {folder} diverged before its first epoch was over. Try a lower optimizer.lr."
        )
    return result


def _read_config(folder: Path, result: Result) -> RunConfig:
    """Reads config.yaml and checks that it is of the same run as the result."""
    path = folder / CONFIG_FILE
    try:
        config = read_stored(read_known(path, result.files).decode())
    except Changed as error:
        raise not_as_written(path, error) from None
    except (OSError, ValueError, RecursionError, yaml.YAMLError, TypeError) as error:
        raise UserError(f"{path} must be readable, but is not ({_first_line(error)}). Train the run again.") from None
    except UserError as error:
        raise UserError(f"{path} must be a configuration of this version, but: {_first_line(error)}") from None
    if config.identity != result.identity:
        raise UserError(
            f"{path} must be the configuration of the run {result.identity}, but is that of {config.identity}. "
            "Put the file back, or train the run again."
        )
    return _find_data(config)


def _find_data(config: RunConfig) -> RunConfig:
    """Points `dataset.root` to MGU_DATA where the data are no longer in the folder that they were trained from."""
    root, elsewhere = config.dataset.model_dump().get("root"), os.environ.get("MGU_DATA")
    if root is None or elsewhere is None or any(Path(root).expanduser().glob(FOLDERS.get(config.dataset.name, "*"))):
        return config
    return config.model_copy(update={"dataset": config.dataset.model_copy(update={"root": elsewhere})})


@contextmanager
def _needing_data(folder: Path, config: RunConfig, why: str = "") -> Iterator[None]:
    """Says what to do where data are missing or have changed: the run's configuration cannot be overridden any more."""
    try:
        yield
    except OtherRowsError as error:  # which says what to do itself
        raise UserError(f"RUN must have the data that it was trained on, but for {folder}: {error}") from None
    except UserError as error:
        reason = str(error).split(". ")[0].rstrip(".")  # the rest is advice for training
        told = f"{folder} {why}its data are not there" if why else f"for {folder}"
        what = "data" if section_of(config.layout) is None else "data and the code"
        raise UserError(
            f"RUN must have the {what} that it was trained on, but {told}: {reason}. Put them back, {_advise(config)}."
        ) from None


def _advise(config: RunConfig) -> str:
    """Returns what else helps where data are not there."""
    values = config.dataset.model_dump()
    if "root" in values:
        return "or set MGU_DATA to a folder that has them"
    path = os.path.expanduser(values.get("path") or "/")
    return "or train anew" if os.path.isabs(path) else "or go to the folder that this path is relative to"


def _load_model(folder: Path, resolved: ResolvedRun, result: Result) -> nn.Module:
    """Builds the model with the saved weights, on the run's device. Raises UserError where they do not fit."""
    path = folder / WEIGHTS_FILE
    if not path.exists():
        raise UserError(f"RUN must have weights, but {path} is missing. Train it again with force=true.")
    # Not on `meta`: buffers that are no part of the state dict (features of users and items) must have their values.
    with keeping_states(), _needing_data(folder, resolved.config):
        model = build_model(resolved)  # its initial weights are overwritten
    try:
        model.load_state_dict(load(read_known(path, result.files)))
    except Changed as error:
        raise not_as_written(path, error) from None
    except (OSError, ValueError, SafetensorError) as error:
        raise UserError(
            f"{path} must be whole, but cannot be read ({_first_line(error)}). Train it again with force=true."
        ) from None
    except RuntimeError as error:  # of torch: names or shapes
        reason = str(error).splitlines()[-1].strip().rstrip(".")
        raise UserError(
            f"{path} must fit {folder / CONFIG_FILE}, but does not ({reason}). Train it again with force=true."
        ) from None
    _check_filled(model)
    return model.to(resolved.device).to(memory_format=torch.channels_last).eval()


def _check_filled(model: nn.Module) -> None:
    """Checks that every value is there, also of buffers that are in no file and must come from building the model."""
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        assert not tensor.is_meta, f"{name} has no values: build the model on a device, or save the buffer"


def _first_line(error: Exception) -> str:
    """Returns the first line of a message, or the name of the exception."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
