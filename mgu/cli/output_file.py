"""The file that `--output` and its like name: it can be written, which is known before anything is computed."""

from __future__ import annotations

import os
from pathlib import Path

from mgu.errors import UserError


def check_output(path: Path, option: str = "--output") -> Path:
    """Checks that a file can be written; one that is there already is replaced at once, never in parts.

    Args:
        path: The file.
        option: What names it.

    Returns:
        The file to write: where a link leads, for the link is to stay one.

    Raises:
        UserError: It is a folder, a device or a pipe, or lies in no folder that can be written.
    """
    try:
        file = path.resolve()
        # Who replaces /dev/null by a file breaks the machine, and who may is often root in a container.
        is_special = file.exists() and not file.is_file()
    except (OSError, RuntimeError):  # links that lead in a circle
        file, is_special = path, True
    folder = file.parent
    if is_special or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UserError(
            f"{option} must be a file in a folder that is there and can be written, but got {path}. Pass another."
        )
    return file
