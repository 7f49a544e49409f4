"""The run that another one starts from: where it lies, and the checksum of its weights, before torch is imported."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mgu.errors import UserError
from mgu.results.on_disk.file_names import RESULT_FILE, WEIGHTS_FILE
from mgu.results.on_disk.result_file import read_result
from mgu.results.on_disk.sealed import read_known
from mgu.results.runs.find import find_run

KEY = "training.start_from"


def fill_pretrained(values: dict[str, Any]) -> dict[str, Any]:
    """Returns unchecked values in which the run to start from is a folder, and its weights are known by a checksum.

    Args:
        values: Values of a run, nested as in the YAML files.

    Returns:
        The values; as they were where the run starts from new weights.

    Raises:
        UserError: There is no such run, or it has no weights.
    """
    training = values.get("training")
    if not isinstance(training, Mapping):
        return values
    if training.get("start_sha256") is not None:
        raise UserError(
            "training.start_sha256 must be left out, for it is filled in when the weights are read, but got "
            f"{training['start_sha256']}. Leave it out."
        )
    if not isinstance(name := training.get("start_from"), str):
        return values
    try:
        folder = find_run(name).absolute()
    except UserError as error:
        raise UserError(str(error).replace("RUN", KEY, 1)) from None
    return values | {"training": {**training, "start_from": str(folder), "start_sha256": _digest_weights(folder)}}


def _digest_weights(folder: Path) -> str:
    """Returns the checksum of a run's weights; raises UserError where there are none, or others than it wrote."""
    try:
        weights = read_known(folder / WEIGHTS_FILE, read_result(folder / RESULT_FILE).files)
    except (OSError, ValueError) as error:
        reason = f"has no {WEIGHTS_FILE}" if isinstance(error, FileNotFoundError) else f"is not whole ({error})"
        raise UserError(f"{KEY} must be a finished run with weights, but {folder} {reason}. Name another.") from None
    return hashlib.sha256(weights).hexdigest()
