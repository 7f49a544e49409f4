"""Why a run failed, in a few words; its log has the rest."""

from __future__ import annotations

import os

from mgu.results.on_disk import full_disk

MAX_CHARS = 120

CAUSES = {  # what systems and libraries write, and what it means
    **{os.strerror(number): cause for number, cause in full_disk.CAUSES.items()},
    "CUDA out of memory": "out of GPU memory",
    "can't allocate memory": "out of memory",
    "MemoryError": "out of memory",
}


def describe_failure(error: str | None) -> str:
    """Describes why a run failed, in at most one line.

    Args:
        error: The error of its result.

    Returns:
        The cause in plain words where it is a common one, else the first line of the error, shortened.
    """
    lines = (error or "").strip().splitlines()
    if not lines:
        return "no reason is known"
    for sign, cause in CAUSES.items():
        if sign in lines[0]:
            return cause
    line = lines[0].rstrip(".")
    return line if len(line) <= MAX_CHARS else f"{line[:MAX_CHARS]} ..."
