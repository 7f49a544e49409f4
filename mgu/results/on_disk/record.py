"""The record of a run: its result with provenance, and its history."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from mgu.config.run import RunConfig
from mgu.results.on_disk.file_names import HISTORY_FILE
from mgu.results.on_disk.files import checkout, replacing
from mgu.results.schema.result import SCHEMA_VERSION, Kind, Result
from mgu.results.schema.trained_by import TrainedBy

LIBRARIES = ("mgu", "torch", "torchvision", "numpy", "scipy", "scikit-learn", "pandas", "pillow", "codecarbon")
OPTIONAL = ("pyarrow", "networkx")  # are recorded where they were imported


def make_result(config: RunConfig, status: Literal["ok", "diverged", "failed"], **measured: Any) -> Result:
    """Makes the record of a run.

    Args:
        config: Configuration of the run.
        status: How training ended.
        measured: Fields of Result that are known. Of the others, those that may be None are None.

            A `model` that is known takes the place of what the configuration says.

    Returns:
        The record, with the provenance of the run: configuration, versions and commit.
    """
    model: Kind = "baseline"
    if config.mgu:
        model = "unit" if config.mgu.is_paper else "block"
    return Result(
        schema_version=SCHEMA_VERSION,
        status=status,
        name=config.name,
        identity=config.identity,
        experiment_name=config.experiment_name,
        dataset=config.dataset.label,
        task=config.dataset.task,
        split=config.dataset.split,
        layout=config.layout.as_list,
        norm=config.norm.name if config.norm else None,
        residual=config.residual,
        seed=config.seed,
        # An endless layer number becomes "Infinity".
        config=json.loads(config.model_dump_json()),
        versions=_versions(),
        git_commit=_git_commit(),
        **(_unmeasured() | {"model": model} | measured),
    )


def trained_by(device: str, epochs: int = 0) -> TrainedBy:
    """Returns by what this process trains.

    Args:
        device: Name of the processor or GPU.
        epochs: Epochs that the run has now.

    Returns:
        The device, the versions and the commit.
    """
    return TrainedBy(epochs=epochs, device=device, versions=_versions(), git_commit=_git_commit())


def _versions() -> dict[str, str]:
    """Returns the versions of what computes a result: trains, reads and splits data, decodes images, draws graphs."""
    loaded = {name: sys.modules[name] for name in OPTIONAL if name in sys.modules}
    return (
        {"python": platform.python_version()}
        | {name: _version_of(name) for name in LIBRARIES}
        | {name: str(getattr(module, "__version__", "unknown")) for name, module in loaded.items()}
    )


@cache
def _version_of(library: str) -> str:
    return version(library)


def _unmeasured() -> dict[str, Any]:
    """Returns the fields of Result that make_result does not know itself, as if nothing had been measured."""
    known = {"norm", "residual", "git_commit"}
    optional = [field.name for field in msgspec.structs.fields(Result) if field.required and _admits_none(field.type)]
    return {"epochs": 0} | dict.fromkeys(name for name in optional if name not in known)


def _admits_none(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return type(None) in get_args(annotation)


def write_history(folder: Path, rows: list[dict[str, float]]) -> None:
    """Writes history.csv, whole every time.

    Args:
        folder: The run's folder.
        rows: One row for each epoch, by column.
    """
    with replacing_history(folder, rows):
        pass


@contextmanager
def replacing_history(folder: Path, rows: list[dict[str, float]]) -> Iterator[None]:
    """Replaces history.csv when the block has ended, such as the one that saves the checkpoint of its last epoch.

    Args:
        folder: The run's folder.
        rows: One row for each epoch, by column.

    Yields:
        None, once the file is written whole beside the one that it replaces.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with replacing(folder / HISTORY_FILE) as temporary:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text.getvalue())
            file.flush()
            os.fsync(file.fileno())  # now, so that nothing but a renaming is left after the block
        yield


@cache  # a process runs one checkout, whatever is committed meanwhile
def _git_commit() -> str | None:
    """Returns the commit of the checkout that the package runs from, with a + if files differ; None outside one."""
    if not (folder := checkout()):
        return None
    command = [
        "git",
        "-C",
        str(folder),
        "describe",
        "--always",
        "--abbrev=40",
        "--dirty=+",
        "--exclude=*",
    ]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
