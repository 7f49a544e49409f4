"""Whether every class has enough groups of images for a cross-validation. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mgu.errors import UserError

LEFT = 2  # groups of a class outside of the test fold: one to train on, one to validate


def check_folds(counts: Mapping[str, int], folds: Any, groups: str) -> None:
    """Checks that every fold can be the test part.

    Args:
        counts: The number of groups by class.
        folds: The number of folds; the schema checks what is no number of folds.
        groups: What groups are called, in the plural.

    Raises:
        UserError: A class has too few groups.
    """
    if not isinstance(folds, int) or folds < 2:
        return
    label, smallest = min(counts.items(), key=lambda item: (item[1], item[0]))
    if folds > smallest or smallest - math.ceil(smallest / folds) < LEFT:
        most = max((f for f in range(2, smallest + 1) if smallest - math.ceil(smallest / f) >= LEFT), default=None)
        advice = f"Pass dataset.folds={most}" if most else "Leave dataset.folds out"
        raise UserError(
            f"dataset.folds must leave every class {groups} in each fold, to train and to validate, but {label!r} has "
            f"{smallest} for {folds} folds. {advice}, or add {groups}."
        )
