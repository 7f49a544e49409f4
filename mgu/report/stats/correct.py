"""Which test images each run classified correctly, read from the bits that runs leave in their folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from mgu.report.ranking.row import Row
from mgu.results.on_disk.correct import read_correct
from mgu.results.schema.replicate import Replicate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Bits(NamedTuple):
    """Holds which images one run classified correctly, packed because a report may read thousands of runs.

    Attributes:
        num_bits: Number of images.
        packed: One bit for each image, eight to a byte.
        images_of_cases: Number of images of each case, in order; empty where images do not belong to cases.
    """

    num_bits: int
    packed: bytes
    images_of_cases: tuple[int, ...] = ()

    @property
    def num_images(self) -> int:
        """Number of independent images: those of one case count as one."""
        return len(self.images_of_cases) or self.num_bits

    @property
    def are_shares(self) -> bool:
        """Whether some cases have several images, of which a share may be right."""
        return max(self.images_of_cases, default=1) > 1

    def unpack(self) -> NDArray[np.bool_] | NDArray[np.float64]:
        """Returns whether each image was classified correctly (N,); for cases, the share of their images that was."""
        import numpy as np  # a report on runs without bits takes less time than this import

        bits = np.unpackbits(np.frombuffer(self.packed, np.uint8), count=self.num_bits).astype(bool)
        if not self.images_of_cases:
            return bits
        ends = np.cumsum(self.images_of_cases)
        shares: NDArray[np.float64] = np.add.reduceat(bits, [0, *ends[:-1]], dtype=float) / self.images_of_cases
        return shares


Correct = dict[Replicate, Bits]


def correct_of(rows: Sequence[Row]) -> list[Correct]:
    """Reads the bits of every row.

    Runs of earlier versions have none. Bits of another length than most of their fold were made on other test data and
    are left out.

    Args:
        rows: Rows of one table.

    Returns:
        For each row the bits by seed and fold.
    """
    by_row = [_read_bits(row) for row in rows]
    sizes = Counter((replicate.fold, bits.num_images) for of_row in by_row for replicate, bits in of_row.items())
    usual: dict[int, int] = {}
    for (fold, size), _ in sorted(sizes.items(), key=lambda each: (each[1], each[0][1])):
        usual[fold] = size  # the most frequent one comes last
    return [
        {replicate: bits for replicate, bits in of_row.items() if bits.num_images == usual[replicate.fold]}
        for of_row in by_row
    ]


def _read_bits(row: Row) -> Correct:
    """Reads the bits of the runs of a row that did not fail and have some; right answers are no other score's."""
    if row.score.metric != "accuracy":
        return {}
    runs = [run for run in row.runs if run.result.status != "failed"]
    bits = {run.result.replicate: read_correct(run.folder, run.result.files, run.packed) for run in runs}
    return {replicate: Bits(*read) for replicate, read in bits.items() if read}
