"""The files of a search as a pack holds them: without what is of the machine alone that they were written on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from mgu.errors import UserError
from mgu.results.on_disk.search_files import STUDY_HISTORY_FILE
from mgu.results.runs.own_paths import shorten_paths
from mgu.results.runs.searches import Files, SearchFolder

_WORKER = re.compile(r".*(-\d+){2}", re.DOTALL)  # by its machine, its process and the time, see mgu/search/study.py


def files_in_pack(folder: SearchFolder) -> Files:
    """Returns the files of a search as a pack holds them.

    Args:
        folder: Where the search is.

    Returns:
        What reports read of it, bit for bit but for a line that is not whole yet and what is of this machine alone.

    Raises:
        UserError: A file cannot be read.
    """
    if folder.packed is not None:
        return folder.packed
    files: dict[str, bytes] = {}
    for name in folder.names:
        try:
            files[name] = folder.read(name)
        except ValueError as error:
            raise UserError(
                f"a search must be files that can be read, but {folder.path / name} is {error}. Restore it, or move "
                "its folder away."
            ) from None
    if history := files.get(STUDY_HISTORY_FILE):
        files[STUDY_HISTORY_FILE] = _without_machine(history)
    return files


def _without_machine(history: bytes) -> bytes:
    """Returns the whole lines of a history, without the names of machines and the paths in errors."""
    whole = history[: history.rfind(b"\n") + 1]
    return b"".join(map(_line_without_machine, whole.splitlines(keepends=True)))


def _line_without_machine(line: bytes) -> bytes:
    """Returns a line that has none as it is, and a damaged one, which reports name."""
    try:
        event: Any = json.loads(line)
        changed = {**event, **_changes(event)}
    except (ValueError, TypeError):
        return line
    return line if changed == event else json.dumps(changed).encode() + b"\n"


def _changes(event: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    worker, details = event.get("worker"), event.get("details")
    if isinstance(worker, str) and _WORKER.fullmatch(worker):
        changes["worker"] = hashlib.sha256(worker.encode()).hexdigest()[:8]
    if isinstance(details, dict) and isinstance(error := details.get("error"), str):
        changes["details"] = {**details, "error": shorten_paths(error)}
    return changes
