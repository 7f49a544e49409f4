"""Images of cases in memory: decoded or from the cache, split by case and never by image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, Self

import PIL
import torch
from torch import Tensor

from mgu.config.datasets import CasesConfig
from mgu.data.cases.cache import Decoded, make_key, make_room, read, write, writing
from mgu.data.cases.decode import Odd, Pixels, decode, quiet
from mgu.data.cases.describe import describe_cases
from mgu.data.cases.files import describe_odd, digest, find_odd, read_digests, refuse
from mgu.data.cases.listing import find_files
from mgu.data.cases.names import CaseFile
from mgu.data.cases.survey import survey
from mgu.data.images.images import Images
from mgu.data.splits import Splits, split_classes
from mgu.errors import UserError
from mgu.native.library import cache_dir

AT_ONCE = 256  # images decoded before the next ones are begun, which bounds what waits to be written
PARTS = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True)
class CaseImages(Images):
    """Holds images, those of a case next to each other.

    Attributes:
        cases: The case of each image (N,), by number.
    """

    cases: Tensor

    def to(self, device: torch.device) -> Self:
        """Returns the images on the device, channels last in memory."""
        return replace(super().to(device), cases=self.cases.to(device))

    def subset(self, index: Tensor) -> Self:
        """Returns the images at `index`."""
        return replace(super().subset(index), cases=self.cases[index])


class _Listed(NamedTuple):
    """A file with the numbers of its case and class, and the name of its split."""

    file: CaseFile
    case: int
    label: int
    part: str


def load_cases(dataset: CasesConfig) -> Splits:
    """Loads the images, which are decoded once for all runs, and splits them by case.

    The split depends on the list of files only: no seed, broken image or size of the images moves a case to another
    split. Raises UserError for images that are broken or have changed since the run was set up.
    """
    folder = cache_dir("cases")
    shape = (dataset.image_shape[1], dataset.image_shape[2], dataset.image_shape[0])
    key = make_key(2, PIL.__version__, dataset.sha256, shape, dataset.fit, dataset.test_share, dataset.val_share)
    find = partial(read, folder, key, shape, dataset.memory_gib)
    found = find()
    if found is None:
        with writing(folder):
            if not (found := find()):  # another process may have decoded them meanwhile
                _decode_all(dataset, key)
                found = find()
    if found is None:
        raise UserError(
            f"decoded images must stay whole, but those in {folder} do not. Set MGU_CACHE to another place, or raise "
            "dataset.cache_gib if other runs make room there."
        )
    pixels, decoded = found
    if dataset.broken == "refuse":
        refuse(decoded.skipped)
    return _as_splits(pixels, decoded, dataset)


def _as_splits(pixels: Pixels, decoded: Decoded, dataset: CasesConfig) -> Splits:
    """Slices the pixels into splits, without a copy. Raises UserError where a split lacks a class."""
    everything = torch.from_numpy(pixels).permute(0, 3, 1, 2)  # (N, C, H, W); no copy, here and below
    labels, cases = torch.tensor(decoded.labels), torch.tensor(decoded.cases)
    classes = dataset.classes
    parts, start = {}, 0
    for part in PARTS:
        own = slice(start, start := start + decoded.parts[part])
        if lost := set(range(len(classes))) - set(labels[own].tolist()):
            raise UserError(
                f"every class must have whole images to train, to validate and to test, but of {classes[min(lost)]!r} "
                f"there is none left for {part} ({describe_odd(decoded.skipped)}). Mend them."
            )
        parts[part] = CaseImages(everything[own], labels[own], cases=cases[own])
    notes = describe_cases(decoded, classes, dataset.path, dataset.stages, dataset.stage_pattern)
    return Splits(parts["train"], parts["val"], parts["test"], tuple(notes))


def _decode_all(dataset: CasesConfig, key: str) -> None:
    """Decodes all images into the cache, in the order train, val, test. Raises UserError."""
    files = find_files(dataset.path, dataset.stages, dataset.stage_pattern).files
    digests = read_digests(files)
    if digest(files, digests) != dataset.sha256:
        raise UserError(
            f"dataset.path must be the images that the run began with, but {dataset.path} has changed. Start anew."
        )
    skipped = find_odd(files, digests)
    listed = _list(files, dataset)
    folder, num_bytes = cache_dir("cases"), len(files) * torch.Size(dataset.image_shape).numel()
    make_room(folder, num_bytes, dataset.cache_gib)
    labels: list[int] = []
    cases: list[int] = []
    parts = dict.fromkeys(PARTS, 0)
    with quiet():
        bits, notes = survey([(file.name, file.path) for file in files if file.name not in skipped])

    def rows() -> Iterator[Pixels]:
        for each, pixels in _decode_in_parallel(
            [each for each in listed if each.file.name not in skipped], dataset, bits
        ):
            if isinstance(pixels, Odd):
                skipped[each.file.name] = str(pixels)
                if dataset.broken == "refuse":
                    refuse(skipped)
                continue
            labels.append(each.label)
            cases.append(each.case)
            parts[each.part] += 1
            yield pixels
        if not labels:
            raise UserError(f"images must be whole, but none is ({describe_odd(skipped)}). Mend them.")

    description = {"labels": labels, "cases": cases, "parts": parts, "skipped": skipped, "notes": notes}
    write(folder, key, rows(), description)


def _list(files: Sequence[CaseFile], dataset: CasesConfig) -> list[_Listed]:
    """Assigns each file to a split, and sorts by split; within one, images of a case stay next to each other."""
    names = list(dict.fromkeys(file.case for file in files))
    label_of = {file.case: dataset.classes.index(file.label) for file in files}
    number_of = {name: number for number, name in enumerate(names)}
    held_out = split_classes(torch.tensor([label_of[name] for name in names]), dataset.test_share, dataset.val_share)
    part_of = {
        names[index]: part
        for part, indices in zip(("train", "test", "val"), held_out, strict=True)
        for index in indices.tolist()
    }
    listed = [_Listed(file, number_of[file.case], label_of[file.case], part_of[file.case]) for file in files]
    return sorted(listed, key=lambda each: PARTS.index(each.part))


def _decode_in_parallel(
    listed: Sequence[_Listed], dataset: CasesConfig, bits: int
) -> Iterator[tuple[_Listed, Pixels | Odd]]:
    """Yields each file with its pixels, or with the reason why there are none, in order."""

    def attempt(each: _Listed) -> Pixels | Odd:
        try:
            return decode(each.file.path, dataset.image_shape, dataset.fit, bits)
        except Odd as odd:
            return odd

    with quiet(), ThreadPoolExecutor() as pool:
        for start in range(0, len(listed), AT_ONCE):
            chunk = listed[start : start + AT_ONCE]
            yield from zip(chunk, pool.map(attempt, chunk), strict=True)
