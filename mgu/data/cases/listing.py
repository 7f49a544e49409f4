"""Finding the images of cases, and checking that the cases can be split. Imports no torch.

A folder holds <class>/<case>/<image>, see folder.py. A CSV has the columns case, image (a path relative to the CSV),
label and, where stages are distinguished, stage, see manifest.py.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from mgu.data.cases.folder import walk
from mgu.data.cases.manifest import read_manifest
from mgu.data.image_files.names import ImageFile, ImageListing, LeftOut, readable
from mgu.errors import UserError
from mgu.text.nearest import did_you_mean

MIN_CASES = 3  # of a class: one to train on, one to validate, one to test
FORMS = "a folder of <class>/<case>/<image> or a CSV of case, image, stage and label"


def find_files(path: str, stages: Sequence[str] | None, stage_pattern: str) -> ImageListing:
    """Finds the images of cases.

    Args:
        path: A folder or a CSV.
        stages: The stages whose images are taken; None: all images.
        stage_pattern: Pattern that finds the stage in the path of a file.

    Returns:
        The images, and what was left out.

    Raises:
        UserError: There are no images, or classes and cases cannot be split.
    """
    source, left_out = Path(path), defaultdict[str, list[str]](list)
    if os.path.isdir(path):  # unlike pathlib's, it takes every path that cannot be looked at for none
        files = sorted(walk(source, left_out))
        if stages:
            pattern = _compile(stage_pattern)
            files = [file._replace(stage=_stage_of(file.path, pattern)) for file in files]
    elif os.path.isfile(path):
        files = sorted(read_manifest(source, needs_stage=bool(stages)))
    else:
        what = "is neither" if os.path.exists(path) else "does not exist"
        raise UserError(f"dataset.path must be {FORMS}, but {readable(path)} {what}. Correct the path.")
    if not files:
        raise UserError(f"dataset.path must be {FORMS}, but {readable(path)} holds no images. Correct the path.")
    num_cases = len({file.group for file in files}) + len(left_out["case folders without images"])
    chosen = _of_stages(files, stages, stage_pattern, left_out) if stages else files
    _check_cases(chosen, path)
    return ImageListing(chosen, len(files), num_cases, {what: names for what, names in left_out.items() if names})


def _compile(pattern: str) -> re.Pattern[str]:
    """Returns the compiled pattern. Raises UserError."""
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise UserError(
            f"dataset.stage_pattern must be a regular expression, but {readable(pattern)} is none ({error}). "
            "Correct it."
        ) from None


def _stage_of(image: Path, pattern: re.Pattern[str]) -> str | None:
    """Returns what the pattern, or its first group, matches in the file's name without its suffix, or None."""
    match = pattern.search(image.stem)
    if match is None:
        return None
    return (match[1] if pattern.groups else match[0]) or None


def _of_stages(files: Sequence[ImageFile], stages: Sequence[str], pattern: str, left_out: LeftOut) -> list[ImageFile]:
    """Returns the images of some stages, and fills `left_out`. Raises UserError for a stage that no image has."""
    known = sorted({file.stage for file in files if file.stage})
    if not known:
        raise UserError(
            f"dataset.stage_pattern must find the stage in the names of images without their suffix, but "
            f"{readable(pattern)} finds none, as in {readable(files[0].path.stem)}. Change it, or pass "
            "dataset.stages=null for all images."
        )
    for stage in stages:
        if stage not in known:
            raise UserError(
                f"dataset.stages must be among those of the images ({', '.join(map(readable, known[:20]))}), but got "
                f"{stage!r}.{did_you_mean(stage, known) or ' Pass dataset.stages=[...], or null for all images.'}"
            )
    chosen = [file for file in files if file.stage in stages]
    for file in files:
        if file.stage is None:
            left_out["images in whose name dataset.stage_pattern finds no stage"].append(file.name)
        elif file.stage not in stages:
            left_out["images of other stages"].append(file.name)
    for what, mine in (("cases", "group"), ("classes", "label")):
        kept = {getattr(file, mine) for file in chosen}
        lost = sorted({getattr(file, mine) for file in files} - kept)
        left_out[f"{what} without images of these stages"] += map(readable, lost)
    return chosen


def _check_cases(files: Sequence[ImageFile], path: str) -> None:
    """Raises UserError for a case in two classes, one class only, too few cases of a class, or unreadable names."""
    labels: dict[str, str] = {}
    cases: dict[str, set[str]] = defaultdict(set)
    for file in files:
        for name in (file.label, file.group):
            if readable(name) != name:
                raise UserError(
                    "names of classes and cases must be text in UTF-8 without control characters, but one is "
                    f"{readable(name)}. Rename it."
                )
        if labels.setdefault(file.group, file.label) != file.label:
            raise UserError(
                f"a case must be of one class, but {file.group!r} is of {labels[file.group]!r} and {file.label!r}. "
                "Correct it, or give two cases two names."
            )
        cases[file.label].add(file.group)
    if len(cases) == 1:
        raise UserError(
            f"cases must be of two classes at least, but {readable(path)} has {next(iter(cases))!r} only. Add others."
        )
    for label, members in cases.items():
        if len(members) < MIN_CASES:
            raise UserError(
                f"every class must have at least {MIN_CASES} cases, to train, to validate and to test, but {label!r} "
                f"has {len(members)}. Add some, or leave the class out."
            )
