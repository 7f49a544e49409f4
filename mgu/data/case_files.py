"""Images of cases in a user's files, several a case: found, checked, and what their configuration leaves open settled.

A folder holds <class>/<case>/<image>, what lies deeper is left alone. A CSV has the columns case, image (a path from
the CSV on), label and, where stages are to be told apart, stage. Imports no torch, for a sweep is checked in a process
that has none.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from mgu.data.case_csv import read_csv
from mgu.errors import UserError, did_you_mean

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm"}
MIN_CASES = 3  # of a class: one to train on, one to validate, one to test
FORMS = "a folder of <class>/<case>/<image> or a CSV of case, image, stage and label"


class CaseFile(NamedTuple):
    """An image: its class, the case it is of, its name as the user knows it, where it lies, and its stage if known."""

    label: str
    case: str
    name: str
    path: Path
    stage: str | None = None


def settle(dataset: dict[str, Any]) -> dict[str, Any]:
    """The values of conf/dataset/cases.yaml with `classes` and `sha256` filled in from the images.

    Raises UserError where none are named or they cannot be learned from; other values are the schema's to check.
    """
    path, stages = dataset.get("path"), dataset.get("stages")
    if not isinstance(path, str):
        raise UserError(f"dataset.path must be {FORMS}, but got {path}. Pass dataset.path=...")
    stages = [str(stage) for stage in (stages if isinstance(stages, list) else [stages])] if stages else None
    path = os.path.abspath(Path(path).expanduser())
    files = find_files(path, stages, str(dataset.get("stage_pattern")))
    digests = read_digests(files)
    if dataset.get("broken") == "refuse":
        refuse(find_odd(files, digests))
    return dataset | {
        "path": path,
        "stages": stages,
        "classes": sorted({file.label for file in files}),
        "sha256": dataset.get("sha256") or digest(files, digests),
    }


def find_files(path: str, stages: Sequence[str] | None, stage_pattern: str) -> list[CaseFile]:
    """The images of `stages`, or all, in order of class, case and name; cases without any are none.

    Raises UserError where there are no images, or classes and cases that cannot be split.
    """
    place = Path(path)
    if place.is_dir():
        files = sorted(_walk(place, stage_pattern if stages else None))
    elif place.is_file():
        files = sorted(CaseFile(**row) for row in read_csv(place, needs_stage=bool(stages)))
    else:
        raise UserError(f"dataset.path must be {FORMS}, but there is no {path}. Correct the path.")
    if not files:
        raise UserError(f"dataset.path must be {FORMS}, but {path} holds no images. Correct the path.")
    if stages:
        files = _of_stages(files, stages)
    _check_cases(files, path)
    return files


def _walk(root: Path, stage_pattern: str | None) -> Iterator[CaseFile]:
    for folder in _folders(root):
        cases = _folders(folder)
        if not any(_images(case) for case in cases):
            raise UserError(
                f"every class must have cases with images, but {folder} has none. "
                "Put them into <class>/<case>/<image>, or remove the folder."
            )
        for case in cases:
            for image in _images(case):
                name = image.relative_to(root).as_posix()
                stage = _stage_of(image, stage_pattern) if stage_pattern else None
                yield CaseFile(folder.name, case.name, name, image, stage)


def _folders(root: Path) -> list[Path]:
    """Those in it; raises UserError where images lie beside them, for nobody knows whose they are."""
    if strays := _images(root):
        raise UserError(
            f"images must lie in <class>/<case>/<image>, but {strays[0]} does not. Give it a case, or remove it."
        )
    return [entry for entry in sorted(root.iterdir()) if entry.is_dir() and not entry.name.startswith(".")]


def _images(folder: Path) -> list[Path]:
    return [
        entry for entry in sorted(folder.iterdir())
        if entry.suffix.lower() in SUFFIXES and not entry.name.startswith(".") and not entry.is_dir()
    ]  # fmt: skip


def _stage_of(image: Path, pattern: str) -> str:
    """What the pattern finds in the file's name without its suffix: its first group, if it has one."""
    try:
        found = re.search(pattern, image.stem)
    except re.error as error:
        raise UserError(
            f"dataset.stage_pattern must be a regular expression, but {pattern!r} is none ({error}). Correct it."
        ) from None
    if not found:
        raise UserError(
            f"dataset.stage_pattern must find a stage in the name of every image, but {pattern!r} finds none in "
            f"{image}. Change it, or pass dataset.stages=null for all images."
        )
    return found[1] if found.re.groups else found[0]


def _of_stages(files: Sequence[CaseFile], stages: Sequence[str]) -> list[CaseFile]:
    known = sorted({str(file.stage) for file in files})
    for stage in stages:
        if stage not in known:
            raise UserError(
                f"dataset.stages must be among those of the images ({', '.join(known[:20])}), but got {stage!r}."
                f"{did_you_mean(stage, known) or ' Pass dataset.stages=[...], or null for all images.'}"
            )
    return [file for file in files if file.stage in stages]


def _check_cases(files: Sequence[CaseFile], path: str) -> None:
    """Raises UserError for a case in two classes, one class only, or too few cases of a class."""
    labels: dict[str, str] = {}
    cases: dict[str, set[str]] = defaultdict(set)
    for file in files:
        if labels.setdefault(file.case, file.label) != file.label:
            raise UserError(
                f"a case must be of one class, but {file.case!r} is of {labels[file.case]!r} and {file.label!r}. "
                "Correct it, or give two cases two names."
            )
        cases[file.label].add(file.case)
    if len(cases) == 1:
        raise UserError(
            f"cases must be of two classes at least, but {path} has {next(iter(cases))!r} only. Add others."
        )
    for label, members in cases.items():
        if len(members) < MIN_CASES:
            raise UserError(
                f"every class must have at least {MIN_CASES} cases, to train, to validate and to test, but {label!r} "
                f"has {len(members)}. Add some, or leave the class out."
            )


def read_digests(files: Sequence[CaseFile]) -> list[str]:
    """SHA-256 of each file, read in parallel; empty where it cannot be read."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(_digest_of, files))


def _digest_of(file: CaseFile) -> str:
    try:
        status = file.path.stat()
        return _digest(file.path, status.st_mtime_ns, status.st_size)
    except OSError:
        return ""


@lru_cache(maxsize=100_000)  # every run of a sweep asks for it
def _digest(path: Path, mtime_ns: int, size: int) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def digest(files: Sequence[CaseFile], digests: Sequence[str]) -> str:
    """Of classes, cases and contents in their order: not of where they lie, of names, or of what was not chosen."""
    parts = [part for file, own in zip(files, digests, strict=True) for part in (file.label, file.case, own)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def find_odd(files: Sequence[CaseFile], digests: Sequence[str]) -> dict[str, str]:
    """What is wrong, by name, with files that are missing, or copies of others and so maybe of another case's."""
    firsts: dict[str, str] = {}
    odd = {}
    for file, own in zip(files, digests, strict=True):
        if not own:
            odd[file.name] = "cannot be read" if file.path.exists() else "is missing"
        elif (first := firsts.setdefault(own, file.name)) != file.name:
            odd[file.name] = f"is a copy of {first}"
    return odd


def refuse(odd: dict[str, str]) -> None:
    """Raises UserError that names the first, if there is any."""
    if odd:
        name, reason = next(iter(odd.items()))
        raise UserError(
            f"images must be whole and each there once, but {name} {reason}{_and_more(len(odd) - 1)}. Mend or remove "
            "it, or pass dataset.broken=skip to go on without."
        )


def describe_odd(odd: dict[str, str]) -> str:
    """What was skipped, in one line."""
    some = "; ".join(f"{name} {reason}" for name, reason in list(odd.items())[:3])
    return f"{len(odd)} image{'s' * (len(odd) != 1)} skipped: {some}{_and_more(len(odd) - 3)}"


def _and_more(number: int) -> str:
    return f" (and {number} more)" if number > 0 else ""
