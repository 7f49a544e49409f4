"""What a run leaves in its folder beside weights: history, log, and what is written of it in the result."""

from __future__ import annotations

import csv
import io
import json
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from mgu.config.run import RunConfig
from mgu.results.files import checkout, write_text
from mgu.results.result import HISTORY_FILE, SCHEMA_VERSION, Result

UNKNOWN: dict[str, Any] = {
    "error": None,
    "params_trainable": None,
    "params_keras": None,
    "flops_per_sample": None,
    "epochs": 0,
    "best_epoch": None,
    "num_classes": None,
    "train": None,
    "val": None,
    "test": None,
    "seconds": None,
    "energy": None,
    "device": None,
}


def describe(config: RunConfig, status: Literal["ok", "diverged", "failed"], **measured: Any) -> Result:
    """The result of this configuration; of the fields of Result in UNKNOWN, those not given were not measured."""
    return Result(
        schema_version=SCHEMA_VERSION,
        status=status,
        name=config.name,
        identity=config.identity,
        experiment_name=config.experiment_name,
        model="baseline" if not config.mgu else "unit" if config.mgu.is_paper else "block",
        dataset=config.dataset.label,
        task=config.dataset.task,
        split=config.dataset.split,
        layout=config.layout.as_list,
        norm=config.norm.name if config.norm else None,
        residual=config.residual,
        seed=config.seed,
        config=json.loads(config.model_dump_json()),  # an endless layer number becomes "Infinity"
        versions={"python": platform.python_version()}
        | {name: version(name) for name in ("mgu", "torch", "torchvision", "codecarbon")},
        git_commit=_git_commit(),
        **(UNKNOWN | measured),
    )


def write_history(folder: Path, rows: list[dict[str, float]]) -> None:
    """history.csv, whole after every epoch."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / HISTORY_FILE, text.getvalue())


def _git_commit() -> str | None:
    """Of the checkout that the package runs from, with a + where files differ from it; None outside a checkout."""
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
