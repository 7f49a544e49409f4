"""The interval of the accuracy of predictions: over groups of examples, such as patients, where they are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mgu.predict.examples import GROUP
from mgu.report.card.interval import Interval, over_groups, wilson


def interval_of(rows: Sequence[Mapping[str, Any]], right: Sequence[bool], are_grouped: bool) -> Interval | None:
    """Computes the interval of a share of right answers.

    Args:
        rows: What names each example (N,), with its case or group as far as these are known.
        right: Which examples were right (N,).
        are_grouped: Whether the run was trained on examples in groups, as these may be.

    Returns:
        The interval: over groups where that of each example is known, else over examples, which says so where they may
        be in groups; None for a single group, and where nothing varies between groups.
    """
    groups = [row.get("case", row.get(GROUP)) for row in rows]
    sizes = Counter(groups)
    if None not in sizes and max(sizes.values()) > 1:
        place = {group: number for number, group in enumerate(sizes)}
        order = np.argsort([place[group] for group in groups], kind="stable")
        return over_groups(np.array(right)[order], [*sizes.values()], "examples")
    interval = wilson(sum(right), len(right), "examples")
    if are_grouped and None in sizes:
        return interval._replace(method=f"{interval.method}, each for itself: too narrow where some are of one group")
    return interval
