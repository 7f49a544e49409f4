"""Which test images each run got right, from the bits that runs leave in their folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from mgu.report.rank import Row
from mgu.results import read_correct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Bits(NamedTuple):
    """Of one run; packed, for a report may be on thousands."""

    num_images: int
    packed: bytes

    def unpack(self) -> NDArray[np.bool_]:
        """Whether each image was classified correctly (N,)."""
        import numpy as np  # takes longer to import than a report on runs without bits

        return np.unpackbits(np.frombuffer(self.packed, np.uint8), count=self.num_images).astype(bool)


Correct = dict[int, Bits]  # of a model, by seed


def correct_of(rows: Sequence[Row]) -> list[Correct]:
    """Of each row, the seeds that have bits, as those of earlier versions have not, and as many as most: others were
    tested on something else."""
    found = [
        {run.result.seed: Bits(*read) for run in row.runs
         if run.result.status != "failed" and (read := read_correct(run.folder))}
        for row in rows
    ]  # fmt: skip
    sizes = Counter(bits.num_images for seeds in found for bits in seeds.values())
    usual = max(sizes, key=lambda size: (sizes[size], size), default=0)
    return [{seed: bits for seed, bits in seeds.items() if bits.num_images == usual} for seeds in found]
