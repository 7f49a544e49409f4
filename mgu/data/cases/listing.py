"""Finding the images of cases, and checking that the cases can be split. Imports no torch.

A folder holds <class>/<case>/<image>; what lies deeper is ignored. A CSV has the columns case, image (a path relative
to the CSV), label and, where stages are distinguished, stage.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mgu.data.cases.manifest import read_csv
from mgu.errors import UserError, did_you_mean

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm")
MIN_CASES = 3  # of a class: one to train on, one to validate, one to test
FORMS = "a folder of <class>/<case>/<image> or a CSV of case, image, stage and label"


class CaseFile(NamedTuple):
    """Describes the file of an image.

    Attributes:
        label: Its class.
        case: The case that it shows.
        name: How messages call it.
        path: Where it lies.
        stage: The stage that it shows, if known.
    """

    label: str
    case: str
    name: str
    path: Path
    stage: str | None = None


def find_files(path: str, stages: Sequence[str] | None, stage_pattern: str) -> list[CaseFile]:
    """Returns the images of `stages`, or all, in order of class, case and name; cases without images are left out.

    Raises UserError where there are no images, or where classes and cases cannot be split.
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
    """Yields the images below a folder. Raises UserError for a class without any."""
    for label in _folders(root):
        names = {case: _images(root / label / case) for case in _folders(root / label)}
        if not any(names.values()):
            raise UserError(
                f"every class must have cases with images, but {root / label} has none. "
                "Put them into <class>/<case>/<image>, or remove the folder."
            )
        for case, images in names.items():
            for name in images:
                stage = _stage_of(name, stage_pattern) if stage_pattern else None
                yield CaseFile(label, case, f"{label}/{case}/{name}", root / label / case / name, stage)


def _folders(root: Path) -> list[str]:
    """Returns the names of sub-folders. Raises UserError for images beside them, whose case is unknown."""
    if strays := _images(root):
        raise UserError(
            f"images must lie in <class>/<case>/<image>, but {root / strays[0]} does not. Give it a case, or remove it."
        )
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _images(folder: Path) -> list[str]:
    """Returns the names of images in a folder."""
    with os.scandir(folder) as entries:  # faster than pathlib for thousands of files
        return sorted(
            entry.name for entry in entries
            if entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith(".") and not entry.is_dir()
        )  # fmt: skip


def _stage_of(image: str, pattern: str) -> str:
    """Returns what the pattern, or its first group, matches in the file's name without its suffix. Raises UserError."""
    try:
        found = re.search(pattern, image.rpartition(".")[0])
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
    """Returns the images of some stages. Raises UserError for a stage that no image has."""
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
