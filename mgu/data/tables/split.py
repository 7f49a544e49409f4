"""Which rows of a table train, validate and test: official parts, a share held out, folds, groups, the last ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from mgu.config.datasets import TableConfig
from mgu.data.folds import assign_folds, deal_groups, hold_out_tenth
from mgu.data.splits import Splits, hold_out
from mgu.data.tables.by_time import split_by_time
from mgu.data.tables.rows import Rows
from mgu.data.tables.target import find_complete_column
from mgu.data.tables.whole import check_exact
from mgu.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("train", "val", "test")
MIN_GROUPS = len(PARTS)


def split_official(train: pd.DataFrame, test: pd.DataFrame, split: str) -> dict[str, pd.DataFrame]:
    """Returns rows by their use, where the test rows are given.

    Args:
        train: All other rows.
        test: Official test rows.
        split: "paper" validates on `test`; "holdout" on a tenth of `train`.
    """
    if split == "paper":
        return {"train": train, "val": test}
    rest, held_out = (index.numpy() for index in hold_out(len(train), max(len(train) // 10, 1)))
    return {"train": train.iloc[rest], "val": train.iloc[held_out], "test": test}


def split_rows(frame: pd.DataFrame, config: TableConfig) -> dict[str, pd.DataFrame]:
    """Returns the rows of a user's table by their use: train, val and test.

    Args:
        frame: Rows with the target, and the column of groups or of times if there is one.
        config: Says how rows are split.

    Raises:
        UserError: There are too few rows or groups.
    """
    if config.time:
        return split_by_time(frame, config)
    if config.folds or config.groups:
        return _split_stratified(frame, config)
    rest, held_out = hold_out(len(frame), max(int(len(frame) * config.test_share), 1))
    train, test = frame.iloc[rest.numpy()], frame.iloc[held_out.numpy()]
    if len(train) < 2:
        raise UserError(
            "dataset.test_share must leave a row to train on and one to validate by, but "
            f"{config.test_share:g} of {len(frame)} leaves {len(train)}. Lower it."
        )
    return split_official(train, test, config.split)


def check_groups(frame: pd.DataFrame, config: TableConfig) -> None:
    """Raises UserError for groups that are not there, are the target, are not known in every row, or are rounded."""
    if config.groups is None:
        return
    column = find_complete_column(frame, config.groups, "groups", config, "says which rows belong together")
    check_exact(column, "groups")


def with_groups(splits: Splits, parts: dict[str, pd.DataFrame], config: TableConfig) -> Splits:
    """Tells the encoded test rows their groups, which the tests of reports are over.

    Args:
        splits: The encoded rows.
        parts: The same rows as in the file, with the column of groups if there is one, by their use.
        config: Names the column.

    Returns:
        The rows, those that test with their groups, which are numbered in the order of the file; all as they are where
        no column is named.
    """
    if config.groups is None or not isinstance(splits.test, Rows):
        return splits
    import pandas as pd

    numbers = torch.from_numpy(pd.factorize(_bare(parts["test"][config.groups]))[0])
    return replace(splits, test=replace(splits.test, groups=numbers))


def _split_stratified(frame: pd.DataFrame, config: TableConfig) -> dict[str, pd.DataFrame]:
    """Splits by folds or by a share, groups whole; by class where there are classes. Raises UserError."""
    labels, groups = _labels(frame, config), _groups(frame, config)
    if config.folds:
        test = assign_folds(config.folds, labels, groups) == config.fold
        rest = (~test).nonzero().flatten()
        is_val = hold_out_tenth(labels[rest], None if groups is None else _renumber(groups[rest]))
        index = {"train": rest[~is_val], "val": rest[is_val], "test": test.nonzero().flatten()}
    else:
        assert groups is not None
        left = 1 - config.test_share
        dealt = deal_groups([0.9 * left, 0.1 * left, config.test_share], labels, groups)
        index = {part: (dealt == number).nonzero().flatten() for number, part in enumerate(PARTS)}
    return {part: frame.iloc[rows.numpy()] for part, rows in index.items()}


def _labels(frame: pd.DataFrame, config: TableConfig) -> torch.Tensor:
    """Returns the class of each row by number (N,); 0 for all rows of a regression."""
    import pandas as pd

    if config.task == "regression":
        return torch.zeros(len(frame), dtype=torch.long)
    return torch.from_numpy(pd.factorize(frame[config.target], sort=True)[0])


def _groups(frame: pd.DataFrame, config: TableConfig) -> torch.Tensor | None:
    """Returns the group of each row by number (N,); None without groups. Raises UserError for too few of them."""
    import pandas as pd

    what, count = "rows", len(frame)
    groups: Any = None
    if config.groups:
        groups, names = pd.factorize(_bare(frame[config.groups]))
        what, count = f"values of {config.groups!r}", len(names)
        if count < MIN_GROUPS:
            raise UserError(
                f"dataset.groups must have at least {MIN_GROUPS} values, to train, to validate and to test, but "
                f"{config.groups!r} has {count}. Name another column."
            )
    if config.folds and config.folds > count:
        raise UserError(
            f"dataset.folds must be at most the number of {what}, but got {config.folds} for {count}. "
            f"Pass dataset.folds={count}."
        )
    return None if groups is None else torch.from_numpy(groups)


def _bare(names: pd.Series) -> pd.Series:
    """Returns names of groups without the blanks at their ends, by which one patient would train and test."""
    return names.map(lambda name: name.strip() if isinstance(name, str) else name)


def _renumber(groups: torch.Tensor) -> torch.Tensor:
    """Returns groups as numbers from 0, none left out."""
    numbers: torch.Tensor = groups.unique(return_inverse=True)[1]
    return numbers
