"""By how much the best of a grid looks better than it is, because it was picked on the images that score it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from mgu.report.ranking.rank import Row, Table
from mgu.report.stats.correct import Correct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

ROUNDING = 1e-3  # of an image, in sums of single precision
RESAMPLES = 500  # for each seed
MOST_MODELS = 200  # of more it would take long


class Optimism(NamedTuple):
    """In fractions of one, each the mean over seeds of a search with one seed; None where it cannot be known.

    over_seeds: the winner on the seed that picked it, minus the same model on the other seeds.
    over_images: the same over resamplings of the test images (bootstrap, Efron 1983, Estimating the Error Rate):
    the winner on the images that picked it, minus the same run on all of them.
    on_test: what the winner loses from validation to the untouched test images, beyond what the models of that search
    lose in the mean, for one set of images may be harder than the other (split: holdout).

    Of equal winners it is the mean: a search with one seed cannot tell which of them other seeds would favour.
    """

    over_seeds: float | None
    over_images: float | None
    on_test: float | None


def optimism(table: Table, correct: Sequence[Correct]) -> Optimism:
    """`correct`: of each row of the table."""
    rows = [(row, images) for row, images in zip(table.rows, correct, strict=True) if row.is_baseline]
    baselines = [row for row, _ in rows]
    if table.tested == "test":
        return Optimism(None, None, _on_test(baselines))
    return Optimism(_over_seeds(baselines), _over_images([images for _, images in rows]), None)


def describe_optimism(found: Optimism, examples: str = "images") -> list[str]:
    """Of what it was tested on, in a word. One line, or none where nothing is known."""
    if found.on_test is not None:
        return [
            f"Picking the best of the grid on validation {examples} flatters it: by {100 * found.on_test:+.2f} points "
            f"beyond what all models lose on test {examples} (mean over searches with one seed)."
        ]
    parts = []
    if found.over_seeds is not None:
        parts.append(f"{100 * found.over_seeds:+.2f} points once the winner is trained with other seeds")
    if found.over_images is not None:
        parts.append(f"{100 * found.over_images:+.2f} points on other test {examples} (bootstrap)")
    if not parts:
        return []
    return [
        f"Picking the best of the grid on its test {examples} flatters it: by {' and by '.join(parts)}, "
        "in the mean over searches with one seed."
    ]


def _over_seeds(baselines: Sequence[Row]) -> float | None:
    scores = [own for row in baselines if (own := row.accuracies("val"))]
    gaps = []
    for seed in sorted({seed for own in scores for seed in own}):
        highest = max(own[seed] for own in scores if seed in own)
        others = [[a for other, a in own.items() if other != seed] for own in scores if own.get(seed) == highest]
        if known := [fmean(own) for own in others if own]:
            gaps.append(highest - fmean(known))
    return fmean(gaps) if gaps else None


def _on_test(baselines: Sequence[Row]) -> float | None:
    pairs = [(row.accuracies("val"), row.accuracies("test")) for row in baselines]
    gaps = []
    for seed in sorted({seed for val, test in pairs for seed in val.keys() & test.keys()}):
        searched = [(val[seed], val[seed] - test[seed]) for val, test in pairs if seed in val and seed in test]
        highest = max(own for own, _ in searched)
        gaps.append(fmean(lost for own, lost in searched if own == highest) - fmean(lost for _, lost in searched))
    return fmean(gaps) if gaps else None


def _over_images(correct: Sequence[Correct]) -> float | None:
    """Each image is drawn as often as a Poisson variable of mean one says, which of many images is the bootstrap.

    What the draws do to the winner on all images picks nothing and is zero in the mean: it is subtracted as noise.
    """
    seeds = sorted({seed for bits in correct for seed in bits})
    if not seeds or len(correct) > MOST_MODELS:
        return None
    import numpy as np

    gaps = []
    for seed in seeds:
        hits = np.stack([bits[seed].unpack() for bits in correct if seed in bits])  # (models, images)
        differ = hits[:, hits.max(axis=0) != hits.min(axis=0)].astype(np.float32)  # others favour no model
        scores = differ.sum(axis=1)  # (models,)
        resampled = differ @ _draws(differ.shape[1])  # (models, resamples)
        wins = resampled >= resampled.max(axis=0) - ROUNDING
        of_winners = (scores @ wins) / wins.sum(axis=0)
        noise = resampled[scores.argmax()] - scores.max()
        gaps.append(float(np.mean(resampled.max(axis=0) - of_winners - noise)) / hits.shape[1])
    return float(fmean(gaps))


def _draws(num_images: int) -> Floats:
    """How often each image is drawn (images, resamples); the same every time."""
    return _many_draws(1 << num_images.bit_length())[:num_images]


@cache
def _many_draws(num_images: int) -> Floats:
    import numpy as np

    return np.random.default_rng(0).poisson(size=(num_images, RESAMPLES)).astype(np.float32)
