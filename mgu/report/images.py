"""Which test images each run got right, from the bits that runs leave in their folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mgu.report.rank import Row
from mgu.results import read_correct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Correct = dict[int, NDArray[np.bool_]]  # of a model, by seed, whether each image was classified correctly (N,)


def correct_by_seed(row: Row) -> Correct:
    """By seed, one value an image (N,); of runs that have none, as those of earlier versions, there is nothing."""
    import numpy as np  # takes longer to import than a report on runs without bits

    found = {}
    for run in row.runs:
        if run.result.status != "failed" and (read := read_correct(run.folder)):
            num_images, bits = read
            found[run.result.seed] = np.unpackbits(np.frombuffer(bits, np.uint8), count=num_images).astype(bool)
    return found


def correct_of(rows: Sequence[Row]) -> list[Correct]:
    """Of each row, the seeds that have as many images as most: others were tested on something else."""
    found = [correct_by_seed(row) for row in rows]
    sizes = Counter(len(correct) for seeds in found for correct in seeds.values())
    usual = max(sizes, key=lambda size: (sizes[size], size), default=0)
    return [{seed: correct for seed, correct in seeds.items() if len(correct) == usual} for seeds in found]
