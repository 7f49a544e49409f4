"""Which test images each run got right, from the bits that runs leave in their folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from mgu.report.ranking.rank import Row
from mgu.results.correct import read_correct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Bits(NamedTuple):
    """Of one run; packed, for a report may be on thousands."""

    num_bits: int
    packed: bytes
    images_of_cases: tuple[int, ...] = ()  # next to each other

    @property
    def num_images(self) -> int:
        """How many tell something of their own: images of one case do not, and count as one."""
        return len(self.images_of_cases) or self.num_bits

    def unpack(self) -> NDArray[np.bool_] | NDArray[np.float64]:
        """Whether each image was classified correctly (N,); of cases, which share of their images."""
        import numpy as np  # takes longer to import than a report on runs without bits

        bits = np.unpackbits(np.frombuffer(self.packed, np.uint8), count=self.num_bits).astype(bool)
        if not self.images_of_cases:
            return bits
        ends = np.cumsum(self.images_of_cases)
        shares: NDArray[np.float64] = np.add.reduceat(bits, [0, *ends[:-1]], dtype=float) / self.images_of_cases
        return shares


Correct = dict[int, Bits]  # of a model, by seed


def correct_of(rows: Sequence[Row]) -> list[Correct]:
    """Of each row, the seeds that have bits, as those of earlier versions have not, and as many as most: others were
    tested on something else.
    """
    found = [
        {run.result.seed: Bits(*read) for run in row.runs
         if run.result.status != "failed" and (read := read_correct(run.folder))}
        for row in rows
    ]  # fmt: skip
    sizes = Counter(bits.num_images for seeds in found for bits in seeds.values())
    usual = max(sizes, key=lambda size: (sizes[size], size), default=0)
    return [{seed: bits for seed, bits in seeds.items() if bits.num_images == usual} for seeds in found]
