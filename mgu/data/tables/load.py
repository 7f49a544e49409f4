"""A configured table, from its file to encoded rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mgu.config.datasets import AdultConfig, TableConfig
from mgu.data.splits import hold_out
from mgu.data.tables.adult import TARGET, load_adult
from mgu.data.tables.columns import check_features, describe_columns
from mgu.data.tables.disguises import describe_disguises
from mgu.data.tables.files import MIN_ROWS, read_table
from mgu.data.tables.table import Table, encode_table
from mgu.data.tables.target import check_target, check_task, select_known
from mgu.errors import UserError

MAX_CATEGORIES = 100  # of a column of Adult, which has 42 countries


def load_adult_table(config: AdultConfig) -> Table:
    """Reads and encodes UCI Adult. Raises UserError where it cannot be had."""
    train, test = load_adult(Path(config.root).expanduser())
    return encode_table(train, test, TARGET, "classification", config.split, MAX_CATEGORIES)


def load_own_table(config: TableConfig) -> Table:
    """Reads, splits and encodes the user's file. Raises UserError where it has changed or cannot be learned from."""
    target, task = config.target, config.task
    whole = read_table(config.path, config.separator, config.sha256)
    known = select_known(whole, target, config.missing_target, config.path)
    check_task(check_target(known[target], config.path), task)
    if len(known) < MIN_ROWS:
        raise UserError(
            f"a table must have at least {MIN_ROWS} rows with a target, but {config.path} has {len(known)}. Add rows."
        )
    frame = check_features(known, target, config.drop, config.scale, config.path)
    rest, held_out = hold_out(len(frame), max(int(len(frame) * config.test_share), 1))
    train, test = frame.iloc[rest.numpy()], frame.iloc[held_out.numpy()]
    if len(train) < 2:
        raise UserError(
            "dataset.test_share must leave a row to train on and one to validate by, but "
            f"{config.test_share:g} of {len(frame)} leaves {len(train)}. Lower it."
        )
    table = encode_table(train, test, target, task, config.split, config.max_categories, config.scale)
    notes = (*table.splits.notes, *describe_disguises(frame, target, task))
    if left_out := len(whole) - len(known):
        notes = (f"{left_out:,} of {len(whole):,} rows are left out, for their target is missing or infinite", *notes)
    return table._replace(splits=replace(table.splits, notes=(describe_columns(frame, target), *notes)))
