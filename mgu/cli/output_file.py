"""The file that `--output` and its like name: it can be written, which is known before anything is computed."""

from __future__ import annotations

import os
from pathlib import Path

from mgu.errors import UserError


def check_output(path: Path, option: str = "--output") -> None:
    """Checks that a file can be written; one that is there already is replaced at once, never in parts.

    Args:
        path: The file.
        option: What names it.

    Raises:
        UserError: It is a folder, or lies in none that can be written.
    """
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UserError(
            f"{option} must be a file in a folder that is there and can be written, but got {path}. Pass another."
        )
