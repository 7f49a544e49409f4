"""The user's own images: decoded or from the cache, and split by group, fold, or as they are split already."""

from __future__ import annotations

from functools import partial

import PIL

from mgu.config.images import ImagesConfig
from mgu.data.image_files.cache import make_key
from mgu.data.image_files.decoded import Listed, Row, load_decoded
from mgu.data.image_files.describe import describe_images
from mgu.data.image_files.digests import digest, find_odd
from mgu.data.image_files.images import as_images
from mgu.data.image_files.names import ImageListing
from mgu.data.image_files.split import find_rows
from mgu.data.own_images.groups import find_strata
from mgu.data.own_images.listing import Chosen, find_images
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.native.library import cache_dir


def load_images(dataset: ImagesConfig) -> Splits:
    """Loads the images, which are decoded once for all runs, shares and folds, and splits them by group.

    The split depends on contents, classes and groups only: no name of a file, seed, broken image or size of the images
    moves a group to another split.

    Args:
        dataset: The data set's section of the run configuration.

    Returns:
        The splits, with notes on what was found.

    Raises:
        UserError: Images are broken or have changed since the run was set up.
    """
    key = make_key("images", 2, PIL.__version__, dataset.sha256, tuple(dataset.image_shape), dataset.fit)
    pixels, decoded = load_decoded(dataset, cache_dir("images"), key, partial(_list, dataset))
    parts = find_rows(decoded, dataset)
    images = as_images(pixels, decoded, parts, dataset)
    groups = "groups" if len(set(decoded.groups)) < len(decoded.groups) else ""
    notes = describe_images(decoded, parts, dataset, groups, _find_again(dataset))
    return Splits(images["train"], images["val"], images["test"], (*notes, *_describe_given(decoded.given, dataset)))


def _describe_given(given: list[str], dataset: ImagesConfig) -> list[str]:
    """Says what was made of a split that was there already."""
    if not given:
        return []
    there = [part for part in ("train", "val", "test") if part in given]
    shares = {"test": dataset.test_share, "val": dataset.val_share}
    taken = [f"{share:.0%} of train are {part}" for part, share in shares.items() if part not in there]
    return [f"split as it was already ({', '.join(there)}){''.join(f'; {share}' for share in taken)}"]


def _find(dataset: ImagesConfig) -> Chosen:
    return find_images(dataset.path, dataset.columns.model_dump(), dataset.groups)


def _find_again(dataset: ImagesConfig) -> ImageListing | None:
    """Returns the files; None where they are gone."""
    try:
        return _find(dataset).listing
    except UserError:
        return None


def _list(dataset: ImagesConfig) -> Listed:
    """Lists the images. Raises UserError where they have changed."""
    (files, *_), digests = _find(dataset)
    if digest(files, digests) != dataset.sha256:
        raise UserError(
            f"dataset.path must be the images that the run began with, but {dataset.path} has changed. Start anew."
        )
    strata = find_strata(files)
    number_of = {group: number for number, group in enumerate(strata)}
    given: dict[str, str] = {}
    for file in files:
        given.setdefault(file.group, file.part or "")  # of copies in two splits the first is kept
    return Listed(
        rows=[Row(file, number_of[file.group], dataset.classes.index(file.label)) for file in files],
        skipped=find_odd(files, digests),
        strata=[dataset.classes.index(label) for label in strata.values()],
        given=list(given.values()) if any(given.values()) else [],
    )
