"""Which test images each run classified correctly, read from the bits that runs leave in their folders."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mgu.console.skipped import name_first
from mgu.console.text import count
from mgu.report.ranking.row import Row
from mgu.results.on_disk.correct import read_correct
from mgu.results.schema.replicate import Replicate
from mgu.text.printable import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)


class Bits(NamedTuple):
    """Holds which images one run classified correctly, packed because a report may read thousands of runs.

    Attributes:
        num_bits: Number of images.
        packed: One bit for each image, eight to a byte.
        group_sizes: Number of images of each case or other group, in order; empty where they are in no groups.
    """

    num_bits: int
    packed: bytes
    group_sizes: tuple[int, ...] = ()

    @property
    def num_images(self) -> int:
        """Number of independent images: those of one group count as one."""
        return len(self.group_sizes) or self.num_bits

    @property
    def are_shares(self) -> bool:
        """Whether some groups have several images, of which a share may be right."""
        return max(self.group_sizes, default=1) > 1

    def unpack(self) -> NDArray[np.bool_] | NDArray[np.float64]:
        """Returns whether each image was classified correctly (N,); for groups, the share of their images that was."""
        import numpy as np  # a report on runs without bits takes less time than this import

        bits = np.unpackbits(np.frombuffer(self.packed, np.uint8), count=self.num_bits).astype(bool)
        if not self.group_sizes:
            return bits
        ends = np.cumsum(self.group_sizes)
        shares: NDArray[np.float64] = np.add.reduceat(bits, [0, *ends[:-1]], dtype=float) / self.group_sizes
        return shares


Correct = dict[Replicate, Bits]


def correct_of(rows: Sequence[Row]) -> list[Correct]:
    """Reads the bits of every row.

    Runs of earlier versions have none, or none by group where rows are in groups. Bits of another length than most of
    their fold were made on other test data and are left out. These, and those that cannot be read, are told in one line
    each.

    Args:
        rows: Rows of one table.

    Returns:
        For each row the bits by seed and fold.
    """
    skipped: list[str] = []
    by_row = [_read_bits(row, skipped) for row in rows]
    if skipped:
        runs = count(len(skipped), "run")
        log.warning("figures and tests over examples leave out %s: %s", runs, printable(name_first(skipped)))
    usual = _usual_sizes(by_row)
    if others := _of_other_size(rows, by_row, usual):
        runs = count(len(others), "run")
        log.warning(
            "figures and tests over examples leave out %s that counted another number of test examples than most: %s",
            runs, printable(name_first(others)),
        )  # fmt: skip
    return [
        {replicate: bits for replicate, bits in of_row.items() if bits.num_images == usual[replicate.fold]}
        for of_row in by_row
    ]


def _usual_sizes(by_row: Sequence[Correct]) -> dict[int, int]:
    """Returns the most frequent number of images by fold; of equally frequent ones the largest."""
    sizes = Counter((replicate.fold, bits.num_images) for of_row in by_row for replicate, bits in of_row.items())
    ascending = sorted(sizes.items(), key=lambda each: (each[1], each[0][1]))
    return {fold: size for (fold, size), _ in ascending}  # the last one stays


def _of_other_size(rows: Sequence[Row], by_row: Sequence[Correct], usual: Mapping[int, int]) -> list[str]:
    """Returns a line for each run whose bits are of another length than most of its fold."""
    lines = []
    for row, of_row in zip(rows, by_row, strict=True):
        for run in row.runs:
            replicate = run.result.replicate
            bits, most = of_row.get(replicate), usual.get(replicate.fold)
            if bits and bits.num_images != most:
                lines.append(f"{run.folder} ({bits.num_images:,}, most {most:,})")
    return lines


def _read_bits(row: Row, skipped: list[str]) -> Correct:
    """Reads the bits of the runs of a row that did not fail and have some; right answers are no other score's."""
    if row.score.metric != "accuracy":
        return {}
    runs = [run for run in row.runs if run.result.status != "failed"]
    read = [(run.result, read_correct(run.folder, run.result.files, run.packed, skipped)) for run in runs]
    bits = [(result, Bits(*of_run)) for result, of_run in read if of_run]
    return {
        result.replicate: of_run for result, of_run in bits if of_run.group_sizes or not result.has_grouped_rows
    }  # rows of one group are not independent
