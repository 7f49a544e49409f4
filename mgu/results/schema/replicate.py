"""Replicates: the runs of one model that differ only in their seed or, in cross-validation, in their fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

NO_FOLD = -1


class Replicate(NamedTuple):
    """Identifies a run among those of its model; comparisons are paired over equal ones.

    Attributes:
        seed: Its seed.
        fold: Its test part, from 0; NO_FOLD without cross-validation.
        folds: Number of parts; 0 without cross-validation.
    """

    seed: int
    fold: int = NO_FOLD
    folds: int = 0

    @property
    def suffix(self) -> str:
        """The end of the name of its run: -f2-s0, or -s0 without cross-validation."""
        return f"-f{self.fold}-s{self.seed}" if self.folds else f"-s{self.seed}"

    def __str__(self) -> str:
        return f"seed {self.seed}, fold {self.fold}" if self.folds else f"seed {self.seed}"


def replicate_of(seed: int, config: Mapping[str, Any]) -> Replicate:
    """Returns what identifies a run among those of its model.

    Args:
        seed: Its seed.
        config: Its configuration, nested as in result.json.
    """
    dataset = config.get("dataset")
    folds, fold = (dataset.get("folds"), dataset.get("fold")) if isinstance(dataset, Mapping) else (None, None)
    return Replicate(seed, fold, folds) if isinstance(folds, int) and isinstance(fold, int) else Replicate(seed)


def without_replicate(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a configuration with seed 0 and fold 0, which all replicates of a model share.

    Args:
        config: The configuration, nested as in result.json.

    Returns:
        A copy; a fold is set only where there is cross-validation.
    """
    dataset = config.get("dataset")
    is_part = isinstance(dataset, Mapping) and isinstance(dataset.get("folds"), int)
    return {**config, "seed": 0} | ({"dataset": {**dataset, "fold": 0}} if is_part and dataset else {})


def count_replicates(replicates: Iterable[Replicate], adjective: str = "") -> str:
    """Counts replicates in words: 5 seeds, 5 folds, or 10 runs (2 seeds of 5 folds).

    Args:
        replicates: The replicates; equal ones count once.
        adjective: What stands before the noun; "shared " makes 5 shared seeds.

    Returns:
        The words.
    """
    known = set(replicates)
    seeds, folds = {each.seed for each in known}, {each.fold for each in known if each.folds}
    of_seeds, of_folds = "seed" if len(seeds) == 1 else "seeds", "fold" if len(folds) == 1 else "folds"
    if not folds:
        return f"{len(seeds)} {adjective}{of_seeds}"
    if len(seeds) == 1:
        return f"{len(folds)} {adjective}{of_folds}"
    return f"{len(known)} {adjective}runs ({len(seeds)} {of_seeds} of {len(folds)} {of_folds})"
