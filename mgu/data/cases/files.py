"""Resolving what the configuration of cases leaves open: classes and checksum. Imports no torch."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from mgu.data.cases.listing import FORMS, find_files
from mgu.data.image_files.digests import digest, find_odd, read_digests, refuse
from mgu.data.image_files.fold_check import check_folds
from mgu.data.image_files.sizes import find_shape
from mgu.errors import UserError


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
    check_folds(
        Counter(label for label, _ in {(file.label, file.group) for file in files}), dataset.get("folds"), "cases"
    )
    digests = read_digests(files)
    if dataset.get("broken") == "refuse":
        refuse(find_odd(files, digests))
    shape = dataset.get("image_shape")
    return dataset | {
        "path": path,
        "stages": stages,
        "image_shape": find_shape([file.path for file in files]) if shape == "auto" else shape,
        "classes": sorted({file.label for file in files}),
        "sha256": dataset.get("sha256") or digest(files, digests),
    }
