"""What is said of the images of cases at the start of a run: what was found, used and left out, by class and split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mgu.data.cases.cache import Decoded
from mgu.data.cases.files import describe_odd
from mgu.data.cases.listing import find_files
from mgu.data.cases.names import describe_left_out
from mgu.errors import UserError

MOST = 20  # classes that are described one by one


def describe_cases(
    decoded: Decoded, classes: Sequence[str], path: str, stages: list[str] | None, pattern: str
) -> list[str]:
    """Returns one line each for the counts, the classes, the odd images, and the files that are left out.

    Decoded images may outlive their files; then nothing is said of what was found.
    """
    try:
        found = find_files(path, stages, pattern)
    except UserError:
        found = None
    used = f"{len(decoded.labels)} images of {len(set(decoded.cases))} cases"
    of = f" of {found.num_images} images of {found.num_cases} cases found" if found else ""
    parts = list(_split(decoded))
    lines = [f"{used} are used{of}: {_describe_parts(parts)}"]
    by_class = [
        f"{name} {_describe_parts([(part, [one for one in own if one[0] == number]) for part, own in parts])}"
        for number, name in enumerate(classes[:MOST])
    ]
    more = f"; and {len(classes) - MOST} more classes" if len(classes) > MOST else ""
    lines.append(f"images (cases) by class: {'; '.join(by_class)}{more}")
    lines += decoded.notes
    if decoded.skipped:
        lines.append(describe_odd(decoded.skipped))
    if found and found.left_out:
        lines.append(describe_left_out(found.left_out))
    return lines


def _split(decoded: Decoded) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yields the name of each split with the class and case of its images."""
    start = 0
    for part, number in decoded.parts.items():
        own = slice(start, start := start + number)
        yield part, list(zip(decoded.labels[own], decoded.cases[own], strict=True))


def _describe_parts(parts: Sequence[tuple[str, list[tuple[int, int]]]]) -> str:
    """Returns the number of images, and of cases in brackets, of each split."""
    return ", ".join(f"{part} {len(own)} ({len({case for _, case in own})})" for part, own in parts)
