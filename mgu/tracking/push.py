"""Logs runs that are over to TensorBoard or MLflow: what a tracker would have logged while they were trained."""

from __future__ import annotations

import csv
import io
import os
from typing import Literal

import yaml

from mgu.config.run import RunConfig
from mgu.config.tracking import MlflowConfig, TensorBoardConfig
from mgu.errors import UserError
from mgu.results.on_disk.file_names import CONFIG_FILE, HISTORY_FILE
from mgu.results.on_disk.files import default_runs_dir
from mgu.results.on_disk.sealed import read_known
from mgu.results.runs.load import Run
from mgu.results.schema.stored_config import parse_config, read_stored
from mgu.tracking.mlflow import MlflowTracker
from mgu.tracking.tensorboard import TensorBoardTracker

Target = Literal["tensorboard", "mlflow"]


def read_run_config(run: Run) -> RunConfig:
    """Reads the configuration of a run that is over, as the schema of today has it.

    Args:
        run: The run.

    Returns:
        The configuration of its config.yaml, else of its result.

    Raises:
        ValueError: Neither is valid today; the message is a reason in one line.
    """
    try:
        return read_stored((run.folder / CONFIG_FILE).read_bytes())
    except (OSError, UserError, yaml.YAMLError):
        pass
    if config := parse_config(run.result.config):
        return config
    raise ValueError("its configuration is not valid in this version")


def with_tracker(config: RunConfig, to: Target, where: str | None) -> RunConfig:
    """Returns a configuration that asks for one tracker.

    Args:
        config: Of the run.
        to: The tracker.
        where: Folder of event files, or tracking URI; None for the default.

    Returns:
        A copy of it, without any other tracker.

    Raises:
        ValueError: The URI holds a password.
    """
    none = {"tensorboard": None, "mlflow": None}
    tracker = TensorBoardConfig(dir=where) if to == "tensorboard" else MlflowConfig(tracking_uri=where)
    return config.model_copy(update=none | {to: tracker})


def push(run: Run, config: RunConfig, name: str) -> bool:
    """Logs one run, unless it is there.

    Args:
        run: The run.
        config: Its configuration, with one tracker.
        name: What people call the run.

    Returns:
        Whether it was logged; False where it was there.

    Raises:
        ValueError: Its history cannot be read; nothing was logged.
        Exception: Of the tracker's library or server: any.
    """
    rows = _read_history(run)
    tracker = _tracker_of_pack(run, config, name) if run.packed is not None else _tracker_of_folder(run, config, name)
    with tracker:
        if tracker.has(run.result):
            return False
        for row in rows:
            tracker.epoch(row)
        tracker.finish(run.result)
    return True


def _tracker_of_folder(run: Run, config: RunConfig, name: str) -> TensorBoardTracker | MlflowTracker:
    return (TensorBoardTracker if config.tensorboard else MlflowTracker)(config, run.folder, name)


def _tracker_of_pack(run: Run, config: RunConfig, name: str) -> TensorBoardTracker | MlflowTracker:
    """Builds the tracker of a run that has no folder to write to."""
    if config.tensorboard:
        return TensorBoardTracker(config, run.folder, name)
    assert config.mlflow
    if not (config.mlflow.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")):  # the run's runs folder is the pack
        store = MlflowConfig(tracking_uri=f"sqlite:///{default_runs_dir().absolute() / 'mlflow.db'}")
        config = config.model_copy(update={"mlflow": store})
    return MlflowTracker(config, run.folder, name, has_folder=False)


def _read_history(run: Run) -> list[dict[str, float]]:
    """Returns the rows of history.csv; [] for a run that failed before its first epoch ended."""
    try:
        text = read_known(run.folder / HISTORY_FILE, run.result.files, run.packed).decode("utf-8")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        return [{name: float(value) for name, value in row.items()} for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"its {HISTORY_FILE} cannot be read ({error})") from None
