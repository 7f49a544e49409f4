"""The files of cases: checksums, faults, and resolving what their configuration leaves open. Imports no torch."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mgu.data.cases.listing import FORMS, find_files
from mgu.data.cases.names import CaseFile
from mgu.data.digest import digest_file
from mgu.errors import UserError

AT_ONCE = 64  # files per task of a thread


def resolve(dataset: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of conf/dataset/cases.yaml with `classes` and `sha256` of the images.

    Raises UserError where no images are named or they cannot be learned from; the schema checks the other values.
    """
    path, stages = dataset.get("path"), dataset.get("stages")
    if not isinstance(path, str):
        raise UserError(f"dataset.path must be {FORMS}, but got {path}. Pass dataset.path=...")
    stages = [str(stage) for stage in (stages if isinstance(stages, list) else [stages])] if stages else None
    path = os.path.abspath(os.path.expanduser(path))
    files = find_files(path, stages, str(dataset.get("stage_pattern"))).files
    digests = read_digests(files)
    if dataset.get("broken") == "refuse":
        refuse(find_odd(files, digests))
    return dataset | {
        "path": path,
        "stages": stages,
        "classes": sorted({file.label for file in files}),
        "sha256": dataset.get("sha256") or digest(files, digests),
    }


def read_digests(files: Sequence[CaseFile]) -> list[str]:
    """Returns the SHA-256 of each file, read in parallel; an empty string where it cannot be read."""
    chunks = [files[start : start + AT_ONCE] for start in range(0, len(files), AT_ONCE)]
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda chunk: [_digest_of(file.path) for file in chunk], chunks)
        return [own for chunk in found for own in chunk]


def _digest_of(path: Path) -> str:
    """Returns the SHA-256, or an empty string; a pipe or a device is not opened, for it may never end."""
    try:
        return digest_file(path) if os.path.isfile(path) else ""
    except (OSError, ValueError):  # ValueError: a path with a zero byte
        return ""


def digest(files: Sequence[CaseFile], digests: Sequence[str]) -> str:
    """Returns a checksum of classes, cases and contents in order; location, names and other files do not matter."""
    parts = [part for file, own in zip(files, digests, strict=True) for part in (file.label, file.case, own)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def find_odd(files: Sequence[CaseFile], digests: Sequence[str]) -> dict[str, str]:
    """Returns the fault of each file that is missing, or a copy of another, maybe of another case, by name."""
    firsts: dict[str, str] = {}
    odd = {}
    for file, own in zip(files, digests, strict=True):
        if not own:
            odd[file.name] = _why_unreadable(file.path)
        elif (first := firsts.setdefault(own, file.name)) != file.name:
            odd[file.name] = f"is a copy of {first}"
    return odd


def _why_unreadable(path: Path) -> str:
    """Returns what keeps a file from being read."""
    if not os.path.exists(path):
        return "is missing"
    return "cannot be read" if os.path.isfile(path) else "is no file"


def refuse(odd: dict[str, str]) -> None:
    """Raises UserError that names the first fault, if there is any."""
    if odd:
        name, reason = next(iter(odd.items()))
        raise UserError(
            f"images must be whole and each there once, but {name} {reason}{_and_more(len(odd) - 1)}. Mend or remove "
            "it, or pass dataset.broken=skip to go on without."
        )


def describe_odd(odd: dict[str, str]) -> str:
    """Says in one line what was skipped."""
    some = "; ".join(f"{name} {reason}" for name, reason in list(odd.items())[:3])
    return f"{len(odd)} image{'s' * (len(odd) != 1)} skipped: {some}{_and_more(len(odd) - 3)}"


def _and_more(number: int) -> str:
    """Returns how many more there are, in words."""
    return f" (and {number} more)" if number > 0 else ""
