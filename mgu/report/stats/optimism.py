"""Optimism (selection bias): how much better the best of a grid looks for being selected on the data that score it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.stats.correct import Correct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

ROUNDING = 1e-3  # images; sums are in single precision
RESAMPLES = 500  # per seed
MOST_MODELS = 200  # more would take too long


class Optimism(NamedTuple):
    """Holds the optimism of a search with one seed, the mean over seeds; None where it cannot be known.

    Of equal winners it is the mean: a search with one seed cannot tell which of them other seeds would favour.

    Attributes:
        over_seeds: Accuracy of the winner with the seed that selected it, minus that with its other seeds, in 0..1.
        over_images: The same over resamples of the test images (bootstrap, Efron 1983,
            https://doi.org/10.1080/01621459.1983.10477973): the winner on the images that selected it, minus the same
            run on all images.
        on_test: What the winner loses from validation to unseen test images beyond the mean loss of all models of that
            search, since one set of images may be harder than the other (split: holdout).
    """

    over_seeds: float | None
    over_images: float | None
    on_test: float | None


def optimism(table: Table, correct: Sequence[Correct]) -> Optimism:
    """Computes the optimism of the grid search of a table.

    Args:
        table: A ranked table.
        correct: For each row of the table the bits by seed and fold.

    Returns:
        The optimism on validation data, or from validation to test data where these were held out.
    """
    rows = [(row, images) for row, images in zip(table.rows, correct, strict=True) if row.is_baseline]
    baselines = [row for row, _ in rows]
    if table.tested == "test":
        return Optimism(None, None, _on_test(baselines))
    return Optimism(_over_seeds(baselines), _over_images([images for _, images in rows]), None)


def describe_optimism(bias: Optimism, examples: str = "images", judges: str = "test") -> list[str]:
    """Describes the optimism in one sentence.

    Args:
        bias: The optimism of a table.
        examples: A word for what selects and judges, in the plural: examples of the data set, or groups of them.
        judges: A word for those that select and judge where nothing is held out: test, or validation.

    Returns:
        The sentence; none where nothing is known.
    """
    if bias.on_test is not None:
        lost = _points(bias.on_test, "more", "less")
        return [
            f"Selecting the best of the grid on validation {examples} {_looks([bias.on_test])} (selection bias): from "
            f"validation to test {examples} it loses {lost} than all models do in the mean, on average over searches "
            "with one seed."
        ]
    parts = []
    if bias.over_seeds is not None:
        parts.append(f"{_points(bias.over_seeds, 'better', 'worse')} than with other seeds")
    if bias.over_images is not None:
        parts.append(f"{_points(bias.over_images, 'better', 'worse')} than on other {judges} {examples} (bootstrap)")
    if not parts:
        return []
    known = [value for value in (bias.over_seeds, bias.over_images) if value is not None]
    return [
        f"Selecting the best of the grid on its {judges} {examples} {_looks(known)} (selection bias): the winner is "
        f"{' and '.join(parts)}, on average over searches with one seed."
    ]


def _looks(values: Sequence[float]) -> str:
    """Says whether selection makes a winner look better, by any of some values of its optimism."""
    is_better = any(round(100 * value, 2) > 0 for value in values)
    return "makes it look better than it is" if is_better else "does not make it look better than it is here"


def _points(value: float, more: str, less: str) -> str:
    """Writes a difference in points of accuracy without its sign, which the word tells."""
    return f"{abs(100 * value):.2f} points {more if value >= 0 else less}"


def _over_seeds(baselines: Sequence[Row]) -> float | None:
    scores = [by_seed for row in baselines if (by_seed := row.accuracies("val"))]
    gaps = []
    for seed in sorted({seed for by_seed in scores for seed in by_seed}):
        highest = max(by_seed[seed] for by_seed in scores if seed in by_seed)
        winners = [by_seed for by_seed in scores if by_seed.get(seed) == highest]
        others = [[score for other, score in by_seed.items() if other != seed] for by_seed in winners]
        if means := [fmean(values) for values in others if values]:
            gaps.append(highest - fmean(means))
    return fmean(gaps) if gaps else None


def _on_test(baselines: Sequence[Row]) -> float | None:
    pairs = [(row.accuracies("val"), row.accuracies("test")) for row in baselines]
    gaps = []
    for seed in sorted({seed for val, test in pairs for seed in val.keys() & test.keys()}):
        searched = [(val[seed], val[seed] - test[seed]) for val, test in pairs if seed in val and seed in test]
        highest = max(val_score for val_score, _ in searched)
        lost_by_winners = [lost for val_score, lost in searched if val_score == highest]
        gaps.append(fmean(lost_by_winners) - fmean(lost for _, lost in searched))
    return fmean(gaps) if gaps else None


def _over_images(correct: Sequence[Correct]) -> float | None:
    """Computes the optimism by a Poisson bootstrap: each image is drawn a Poisson number of times with mean one.

    How the draws change the score of the winner on all images is noise with mean zero, and is subtracted.
    """
    seeds = sorted({seed for bits in correct for seed in bits})
    if not seeds or len(correct) > MOST_MODELS:
        return None
    import numpy as np

    gaps = []
    for seed in seeds:
        hits = np.stack([bits[seed].unpack() for bits in correct if seed in bits])  # (models, images)
        differ = hits[:, hits.max(axis=0) != hits.min(axis=0)].astype(np.float32)  # where models disagree
        scores = differ.sum(axis=1)  # (models,)
        resampled = differ @ _draws(differ.shape[1])  # (models, resamples)
        wins = resampled >= resampled.max(axis=0) - ROUNDING
        of_winners = (scores @ wins) / wins.sum(axis=0)
        noise = resampled[scores.argmax()] - scores.max()
        gaps.append(float(np.mean(resampled.max(axis=0) - of_winners - noise)) / hits.shape[1])
    return float(fmean(gaps))


def _draws(num_images: int) -> Floats:
    """Returns how often each image is drawn (images, resamples), by a fixed seed."""
    return _many_draws(1 << num_images.bit_length())[:num_images]


@cache
def _many_draws(num_images: int) -> Floats:
    import numpy as np

    return np.random.default_rng(0).poisson(size=(num_images, RESAMPLES)).astype(np.float32)
