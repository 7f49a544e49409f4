"""Resolving what the configuration of own images leaves open: classes, checksum and size. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mgu.data.image_files.digests import digest, find_odd, refuse
from mgu.data.image_files.sizes import find_shape
from mgu.data.own_images.listing import FORMS, check_splittable, find_images
from mgu.errors import UserError


def resolve(dataset: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of conf/dataset/images.yaml with `classes`, `sha256`, and the size that "auto" stands for.

    Raises UserError where no images are named or they cannot be learned from; the schema checks the other values.
    """
    path, columns = dataset.get("path"), dataset.get("columns")
    if not isinstance(path, str | int) or isinstance(path, bool):
        raise UserError(f"dataset.path must be {FORMS}, but got {path}. Pass dataset.path=...")
    path = os.path.abspath(os.path.expanduser(str(path)))
    names = {what: _as_text(name) for what, name in columns.items()} if isinstance(columns, Mapping) else {}
    groups = _as_text(dataset.get("groups"))
    listing, digests = find_images(path, names, groups)
    check_splittable(listing.files, path, dataset.get("folds"))
    odd = find_odd(listing.files, digests)
    if dataset.get("broken") == "refuse":
        refuse(odd)
    resolved = dataset | {
        "path": path,
        "columns": names or columns,
        "groups": groups,
        "classes": sorted({file.label for file in listing.files}),
        "sha256": dataset.get("sha256") or digest(listing.files, digests),
    }
    if dataset.get("image_shape") == "auto":
        resolved["image_shape"] = find_shape([file.path for file in listing.files if file.name not in odd])
    return resolved


def _as_text(name: Any) -> str | None:
    """Returns a name as it was typed; a column may be called 1."""
    return None if name is None else str(name)
