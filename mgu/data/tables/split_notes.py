"""What is said of a split by folds, groups or time, beside the rows of each part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu.config.datasets import TableConfig
from mgu.data.tables.advice import join_some
from mgu.data.tables.by_time import describe_times
from mgu.data.tables.split import PARTS
from mgu.text.printable import printable

if TYPE_CHECKING:
    import pandas as pd


def describe_split(parts: dict[str, pd.DataFrame], config: TableConfig) -> tuple[str, ...]:
    """Returns a note on the split, and one on classes with fewer rows than folds; () for a plain hold-out."""
    if config.time:
        return (describe_times(parts, config.time),)
    if not (config.folds or config.groups):
        return ()
    fold = f"fold {config.fold} of {config.folds} (from 0) tests; " if config.folds else ""
    column, unit = (config.groups, "groups") if config.groups else (config.target, "rows")
    counts = [parts[part][column].nunique() if config.groups else len(parts[part]) for part in PARTS]
    by = f" by {printable(config.groups)!r}, each whole" if config.groups else ""
    note = f"{fold}{counts[0]:,} {unit} train, {counts[1]:,} validate and {counts[2]:,} test{by}"
    return (note, *_describe_rare(parts, config))


def _describe_rare(parts: dict[str, pd.DataFrame], config: TableConfig) -> tuple[str, ...]:
    """Returns a note on classes that cannot be in every fold; () if there are none."""
    import pandas as pd

    if not config.folds or config.task != "classification":
        return ()
    by_class = pd.concat(parts.values()).groupby(config.target)
    counts = by_class[config.groups].nunique() if config.groups else by_class.size()
    if not (rare := [printable(repr(label)) for label, count in counts.items() if count < config.folds]):
        return ()
    unit = "groups" if config.groups else "rows"
    return (f"some folds test without these classes, which fewer {unit} than folds have: {join_some(rare)}",)
