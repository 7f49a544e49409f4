"""Whether a run is on the data that it was begun with, where a function of the user's returns them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from mgu.errors import UserError
from mgu.results.compare.fingerprints import fingerprint_of, is_same_data
from mgu.results.on_disk.file_names import CHECKPOINT_FILE, CONFIG_FILE
from mgu.results.on_disk.folder import find_done, run_folder

if TYPE_CHECKING:
    from mgu.config.run import RunConfig


def check_same_data(configs: Iterable[RunConfig]) -> None:
    """Checks that what earlier calls have trained of some runs was trained on the data of today.

    Args:
        configs: The runs; those that are trained from the beginning are not looked at.

    Raises:
        UserError: One has been trained on other data, and would be taken for this one or go on from there.
    """
    for config in configs:
        if not has_same_data(config):
            raise UserError(
                f"dataset.target {getattr(config.dataset, 'target', '')} must return the rows that "
                f"{config.folder_name} was begun with, but returns others. Seed what it draws, as by random_state=0, "
                "or put back the files that it reads, or pass force=true to train on the rows of today."
            )


def has_same_data(config: RunConfig) -> bool:
    """Tells whether what earlier calls have trained of a run, if it counts, was trained on the data of today.

    Args:
        config: The run.

    Returns:
        Whether it was; true where nothing was trained, or where it does not count.
    """
    now = getattr(config.dataset, "fingerprint", None)
    return not now or config.force or is_same_data(_find_before(config), now)


def _find_before(config: RunConfig) -> str | None:
    """Returns the fingerprint of the data that a finished or an interrupted run was begun with."""
    if done := find_done(config):
        return fingerprint_of(done.config)
    folder = run_folder(config)
    return _read(folder / CONFIG_FILE) if os.path.exists(folder / CHECKPOINT_FILE) else None


def _read(path: Path) -> str | None:
    try:
        return fingerprint_of(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError):  # it is damaged, or not there any more
        return None
