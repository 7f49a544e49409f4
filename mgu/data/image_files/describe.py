"""What is said of images at the start of a run: what was found, used and left out, by class and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mgu.config.image_files import ImageFilesConfig
from mgu.data.image_files.cache import Decoded
from mgu.data.image_files.digests import describe_odd
from mgu.data.image_files.names import ImageListing, describe_left_out
from mgu.data.image_files.split import Parts

MOST = 20  # classes that are described one by one

Members = Mapping[str, Sequence[tuple[int, int]]]  # class and group of the images of each split


def describe_images(
    decoded: Decoded, parts: Parts, config: ImageFilesConfig, groups: str, listing: ImageListing | None
) -> tuple[str, ...]:
    """Describes images by the counts, the classes, the odd images, and the files that are left out.

    Args:
        decoded: The description of the decoded images.
        parts: The numbers of the images of each split.
        config: The names of the classes, and the fold.
        groups: What groups are called, in the plural; empty where every image is a group of its own.
        listing: What was found; None where the files are gone, which decoded images may outlive.

    Returns:
        One line for each.
    """
    members = {
        part: [(decoded.labels[image], decoded.groups[image]) for image in index.tolist()]
        for part, index in parts.items()
    }
    used = _count(len(decoded.labels), len(set(decoded.groups)), groups)
    of = f" of {_count(listing.num_images, listing.num_groups, groups)} found" if listing else ""
    fold = f"fold {config.fold} of {config.folds}: " if config.folds else ""
    lines = [f"{fold}{used} are used{of}: {_describe_parts(members, groups)}"]
    by_class = [
        f"{name} {_describe_parts(_of_class(members, number), groups)}"
        for number, name in enumerate(config.classes[:MOST])
    ]
    num_more = len(config.classes) - MOST
    more = f"; and {num_more} more class{'es' if num_more > 1 else ''}" if num_more > 0 else ""
    of_groups = f" ({groups})" if groups else ""
    lines.append(f"images{of_groups} by class: {'; '.join(by_class)}{more}")
    lines += [*(listing.notes if listing else ()), *decoded.notes]
    if decoded.skipped:
        lines.append(describe_odd(decoded.skipped))
    if listing and listing.left_out:
        lines.append(describe_left_out(listing.left_out))
    return tuple(lines)


def _count(num_images: int, num_groups: int, groups: str) -> str:
    """Returns a number of images, and of their groups where they have any."""
    return f"{num_images} images" + (f" of {num_groups} {groups}" if groups else "")


def _of_class(members: Members, number: int) -> Members:
    """Returns the images of one class of each split."""
    return {part: [image for image in images if image[0] == number] for part, images in members.items()}


def _describe_parts(members: Members, groups: str) -> str:
    """Returns the number of images, and of groups in brackets, of each split."""
    return ", ".join(
        f"{part} {len(images)}" + (f" ({len({group for _, group in images})})" if groups else "")
        for part, images in members.items()
    )
