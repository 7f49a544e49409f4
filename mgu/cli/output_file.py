"""The file that `--output` and its like name: its name fits and it can be written, which is known before all else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mgu.errors import UserError

# By the format: what files of it are called, the first one by this program, too.
SUFFIXES = {"torch": (".pt2", ".pt", ".pth"), "onnx": (".onnx",), "csv": (".csv",), "json": (".json",), "md": (".md",)}


def check_suffix(path: Path, form: str, choice: str = "", choices: Sequence[str] = ()) -> None:
    """Checks that a file is not called as if it held another format than it will.

    Args:
        path: The file; a suffix of no format says nothing.
        form: The format, one of `SUFFIXES`.
        choice: The option that chooses it, as "--to", if there is one.
        choices: What that option takes.

    Raises:
        UserError: The suffix is that of another format.
    """
    suffix = path.suffix.lower()
    other = next((name for name, suffixes in SUFFIXES.items() if suffix in suffixes), form)
    if other != form:
        instead = f", or pass {choice} {other}" if other in choices else ""
        raise UserError(
            f"--output must be called as what it holds, {form}, but got {path}. "
            f"Name it {path.with_suffix(SUFFIXES[form][0])}{instead}."
        )


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
