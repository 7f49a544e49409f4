"""Samples: the two sides of a comparison, each with its scores and right answers by seed and fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING, Protocol

from mgu.report.ranking.row import Row, Split
from mgu.results.schema.replicate import Replicate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Answers = NDArray[np.bool_] | NDArray[np.float64]


class Images(Protocol):
    """Says of each test image whether it was classified correctly, or how often."""

    @property
    def num_images(self) -> int:
        """Number of independent images."""

    @property
    def are_shares(self) -> bool:
        """Whether answers may be any share of one, as those of a case or of several models; else right or wrong."""

    def unpack(self) -> Answers:
        """Returns the share of right answers by image (N,)."""


@dataclass(frozen=True)
class Sample:
    """Holds one side of a comparison: a row, or the mean over several.

    Attributes:
        name: What reports call it.
        rows: The rows.
        scores: The compared metric by seed and fold.
        images: The right answers by seed and fold; runs of earlier versions have none.
    """

    name: str
    rows: tuple[Row, ...]
    scores: Mapping[Replicate, float]
    images: Mapping[Replicate, Images]

    @property
    def row(self) -> Row:
        """The row, or the first of several."""
        return self.rows[0]


def sample_of(row: Row, images: Mapping[Replicate, Images], split: Split) -> Sample:
    """Makes the sample of one row.

    Args:
        row: The row.
        images: Its right answers by seed and fold.
        split: The split that is compared.

    Returns:
        The sample, with the metric that the row is ranked by.
    """
    return Sample(row.name, (row,), row.values(split, row.score.metric), images)


def pool(name: str, samples: Sequence[Sample]) -> Sample:
    """Averages samples over their models, for the seeds and folds that all of them have.

    Args:
        name: What reports call the mean.
        samples: At least one.

    Returns:
        The mean.
    """
    shared = [run for run in samples[0].scores if all(run in sample.scores for sample in samples)]
    scores = {run: fmean(sample.scores[run] for sample in samples) for run in shared}
    images: dict[Replicate, Images] = {
        run: Pooled(tuple(sample.images[run] for sample in samples))
        for run in shared
        if all(run in sample.images for sample in samples)
    }
    return Sample(name, tuple(row for sample in samples for row in sample.rows), scores, images)


@dataclass(frozen=True)
class Pooled:
    """Averages the right answers of several models.

    Attributes:
        parts: The right answers of each.
    """

    parts: tuple[Images, ...]

    @property
    def num_images(self) -> int:
        """Number of independent images."""
        return self.parts[0].num_images

    @property
    def are_shares(self) -> bool:
        """True but for a single model whose answers are right or wrong."""
        return len(self.parts) > 1 or self.parts[0].are_shares

    def unpack(self) -> Answers:
        """Returns the mean over the models of the share of right answers by image (N,)."""
        return self._mean

    @cached_property
    def _mean(self) -> Answers:
        import numpy as np

        mean: NDArray[np.float64] = np.mean([part.unpack() for part in self.parts], axis=0, dtype=float)
        return mean


@dataclass(frozen=True)
class Weighted:
    """Averages the right answers of models by how probable each is.

    Attributes:
        parts: Probability and right answers of each, at least one.
        rest: What is added for every image: how probable a right answer is that is of none of them.
    """

    parts: tuple[tuple[float, Images], ...]
    rest: float = 0.0

    @property
    def num_images(self) -> int:
        """Number of independent images."""
        return self.parts[0][1].num_images

    @property
    def are_shares(self) -> bool:
        """True, for answers are probabilities."""
        return True

    def unpack(self) -> Answers:
        """Returns how probable a right answer is by image (N,)."""
        return self._mean

    @cached_property
    def _mean(self) -> Answers:
        import numpy as np

        mean = np.full(self.num_images, self.rest)
        for weight, images in self.parts:
            mean += weight * images.unpack()
        return mean
