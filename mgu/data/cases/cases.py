"""Images of cases: decoded or from the cache, split by case and never by image."""

from __future__ import annotations

from functools import partial

import PIL

from mgu.config.cases import CasesConfig
from mgu.data.cases.listing import find_files
from mgu.data.image_files.cache import make_key
from mgu.data.image_files.decoded import PARTS, Listed, Row, load_decoded
from mgu.data.image_files.describe import describe_images
from mgu.data.image_files.digests import digest, find_odd, read_digests
from mgu.data.image_files.images import as_images
from mgu.data.image_files.names import ImageListing
from mgu.data.image_files.split import assign_parts, find_rows
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.native.library import cache_dir


def load_cases(dataset: CasesConfig) -> Splits:
    """Loads the images, which are decoded once for all runs, and splits them by case.

    The split depends on the list of files only: no seed, broken image or size of the images moves a case to another
    split. Raises UserError for images that are broken or have changed since the run was set up.
    """
    pixels, decoded = load_decoded(dataset, cache_dir("cases"), _make_key(dataset), partial(_list, dataset))
    parts = find_rows(decoded, dataset)
    images = as_images(pixels, decoded, parts, dataset, are_cases=True)
    notes = describe_images(decoded, parts, dataset, "cases", _find_again(dataset))
    return Splits(images["train"], images["val"], images["test"], notes)


def _make_key(dataset: CasesConfig) -> str:
    """Returns the key of the pixels; all folds share theirs."""
    shape = (dataset.image_shape[1], dataset.image_shape[2], dataset.image_shape[0])
    order = ("folds",) if dataset.folds else (dataset.test_share, dataset.val_share)
    return make_key(3, PIL.__version__, dataset.sha256, shape, dataset.fit, *order)


def _find_again(dataset: CasesConfig) -> ImageListing | None:
    """Returns the files; None where they are gone."""
    try:
        return find_files(dataset.path, dataset.stages, dataset.stage_pattern)
    except UserError:
        return None


def _list(dataset: CasesConfig) -> Listed:
    """Lists the images; without folds in the order of their splits. Raises UserError where they have changed."""
    files = find_files(dataset.path, dataset.stages, dataset.stage_pattern).files
    digests = read_digests(files)
    if digest(files, digests) != dataset.sha256:
        raise UserError(
            f"dataset.path must be the images that the run began with, but {dataset.path} has changed. Start anew."
        )
    names = list(dict.fromkeys(file.group for file in files))
    label_of = {file.group: dataset.classes.index(file.label) for file in files}
    number_of = {name: number for number, name in enumerate(names)}
    rows = [Row(file, number_of[file.group], label_of[file.group]) for file in files]
    strata = [label_of[name] for name in names]
    if not dataset.folds:
        part_of = assign_parts(strata, [], dataset)
        rows = [row._replace(part=part) for part in PARTS for row in rows if part_of[row.group] == part]
    return Listed(rows, find_odd(files, digests), strata, [])
