"""What training left on disk, so that two ways to the same runs can be compared bit by bit."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

from mgu.results.on_disk.correct import read_correct

CIRCUMSTANCES = (
    "seconds",
    "energy",
    "processor",
    "load",
    "resumed",
    "contended",
    "trained_together",
    "git_commit",
    "sha256",
)
USUAL = {"result.json", "history.csv", "config.yaml", "weights.safetensors", "correct.bits", "log.txt", ".lock"} | {
    "load.csv",
    "mlflow_run_id.txt",
    "preprocessing.json",
}


def evidence(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Every run with its result and history, without what the clock or a commit changes, and its weights.

    Every file must be the one whose checksum the result has.
    """
    found = {}
    for file in sorted(folder.rglob("result.json")):
        result = json.loads(file.read_text())
        for key in CIRCUMSTANCES:
            result.pop(key, None)
        for name, checksum in result.pop("files").items():
            assert hashlib.sha256(file.with_name(name).read_bytes()).hexdigest() == checksum, file.with_name(name)
        del result["config"]["runs_dir"], result["config"]["parallel"]
        with file.with_name("history.csv").open() as opened:
            rows = [{k: v for k, v in row.items() if not k.endswith("_s")} for row in csv.DictReader(opened)]
        weights = file.with_name("weights.safetensors").read_bytes()
        found[file.parent.name] = (result, rows, weights, read_correct(file.parent))
    return found


def leftovers(folder: Path) -> set[str]:
    """Names of files in folders of runs that no finished run has."""
    runs = [file.parent for file in folder.rglob("result.json")]
    return {file.name for run in runs for file in run.iterdir() if file.is_file()} - USUAL
