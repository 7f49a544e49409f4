"""Images of files and folders, decoded as in training."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from mgu.data.image_files.decode import Pixels as PixelArray
from mgu.data.image_files.decode import UnusableImage, decode, quiet
from mgu.data.image_files.names import readable
from mgu.data.image_files.walk import images_below
from mgu.errors import UserError
from mgu.machine import count_cores
from mgu.predict.case_names import describe_class_folders, describe_lone_folders, have_class_folders, name_cases
from mgu.predict.examples import TRUTH, Examples, broken
from mgu.predict.folder_labels import describe_unknown_folders, label_images
from mgu.results.on_disk.preprocessing import Pixels

AT_ONCE = 256  # images that are in memory at once
WHITE = 255  # of a decoded file


class ImageToRead(NamedTuple):
    """Names an image: its file, how messages call it, the case that it is of, and its class by its folders."""

    path: Path
    name: str
    case: str
    label: str | None = None


class FoundImages(NamedTuple):
    """Holds the images of files and folders.

    Attributes:
        images: The images, in the order of the paths.
        faults: One line for each path that leads to none.
        notes: Lines on how cases were told apart.
        unknown: Lines on folders that are called like no class.
    """

    images: list[ImageToRead]
    faults: list[str]
    notes: list[str]
    unknown: list[str]


def find_images(paths: Sequence[str | Path], classes: Collection[str]) -> FoundImages:
    """Finds the images of files and folders.

    Args:
        paths: Files, and folders in which every file that ends as images do is one, at any depth. The case of an image
            is the first folder below the one that is named, the second where the first ones are classes, or else the
            folder that it lies in.
        classes: The classes of the run.

    Returns:
        The images, what is wrong, and how cases were told apart.
    """
    found, lone = FoundImages([], [], [], []), Counter[str]()
    for given in paths:
        path, shown = Path(given).expanduser(), readable(str(given))
        try:
            if path.is_dir():
                names = images_below(path, "", defaultdict(list))
                cases = name_cases(path, names, classes)
                labels = label_images(path, names, classes)
                found.images.extend(
                    ImageToRead(path / name, f"{shown.rstrip('/')}/{readable(name)}", case, label)
                    for name, case, label in zip(names, cases, labels, strict=True)
                )
                found.unknown.extend(describe_unknown_folders(shown.rstrip("/"), names, labels))
                if not names:
                    found.faults.append(f"{shown} holds no images")
                elif have_class_folders(names, classes):
                    found.notes.append(describe_class_folders(shown, names, cases))
                elif {name.rpartition("/")[0] for name in names} <= {"", *classes}:
                    lone.update(cases)
            elif path.exists():
                case = readable(path.absolute().parent.name)
                found.images.append(ImageToRead(path, shown, case, *label_images(path, [path.name], classes)))
                lone[case] += 1
            else:
                found.faults.append(f"{shown} does not exist")
        except (OSError, UserError) as error:
            found.faults.append(f"{shown} cannot be read ({getattr(error, 'strerror', None) or error})")
    return found._replace(notes=[*found.notes, *describe_lone_folders(lone)])


def read_images(
    paths: Sequence[str | Path], pixels: Pixels, classes: Collection[str] = (), with_truth: bool = False
) -> Iterator[Examples]:
    """Reads images by some at once.

    Args:
        paths: Files and folders; a file that ends in .npy is an array of raw pixels.
        pixels: How they are decoded.
        classes: The classes of the run, by which folders of classes are told from folders of cases.
        with_truth: Whether what names an image also has its class, where a folder says it.

    Yields:
        Images in the order of the paths, and one line for each that cannot be decoded.
    """
    from mgu.predict.arrays import read_pixel_file

    # In the order of the paths, for that is how the caller tells the answers apart.
    for is_array, some in groupby(paths, lambda path: Path(path).suffix == ".npy"):
        if is_array:
            yield from (read_pixel_file(path, pixels) for path in some)
        else:
            yield from _read_encoded(list(some), pixels, classes, with_truth)


def _read_encoded(
    paths: Sequence[str | Path], pixels: Pixels, classes: Collection[str], with_truth: bool
) -> Iterator[Examples]:
    images, faults, notes, unknown = find_images(paths, classes)
    yield from map(broken, faults)
    if with_truth:
        yield Examples([], (), remarks=unknown)
    if pixels.are_cases:
        yield Examples([], (), notes=notes)
    with quiet(), ThreadPoolExecutor(count_cores()) as pool:
        for start in range(0, len(images), AT_ONCE):
            some = images[start : start + AT_ONCE]
            yield _gather(some, list(pool.map(lambda image: _decode(image, pixels), some)), pixels, with_truth)


def _decode(image: ImageToRead, pixels: Pixels) -> PixelArray | str:
    """Returns the pixels (H, W, C) of an image, or what is wrong with it."""
    if not image.path.is_file():
        return f"{image.name} is no file"
    try:
        return decode(image.path, pixels.shape, pixels.fit, pixels.bits)
    except UnusableImage as fault:
        return f"{image.name} {fault}"


def _gather(
    images: Sequence[ImageToRead], decoded: Sequence[PixelArray | str], pixels: Pixels, with_truth: bool
) -> Examples:
    faults = [fault for fault in decoded if isinstance(fault, str)]
    kept = [(image, array) for image, array in zip(images, decoded, strict=True) if not isinstance(array, str)]
    where: list[dict[str, Any]] = [{"file": image.name} for image, _ in kept]
    for names, (image, _) in zip(where, kept, strict=True):
        if pixels.are_cases:
            names["case"] = image.case
        if with_truth:
            names[TRUTH] = image.label
    if not kept:
        return Examples([], (), faults)
    stacked = np.stack([array for _, array in kept])  # (B, H, W, C)
    if pixels.pixel_max != WHITE:
        stacked = np.rint(stacked * (pixels.pixel_max / WHITE)).astype(np.uint8)
    return Examples(where, (torch.from_numpy(stacked).permute(0, 3, 1, 2),), faults)
