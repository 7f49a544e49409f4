"""A configured table, from its file to encoded rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mgu.config.datasets import AdultConfig, TableConfig
from mgu.data.splits import hold_out
from mgu.data.tables.adult import TARGET, load_adult
from mgu.data.tables.columns import check_table, describe_columns
from mgu.data.tables.files import read_table
from mgu.data.tables.table import Table, encode_table
from mgu.errors import UserError

MAX_CATEGORIES = 100  # of a column of Adult, which has 42 countries


def load_adult_table(config: AdultConfig) -> Table:
    """Reads and encodes UCI Adult. Raises UserError where it cannot be had."""
    train, test = load_adult(Path(config.root).expanduser())
    return encode_table(train, test, TARGET, "classification", config.split, MAX_CATEGORIES)


def load_own_table(config: TableConfig) -> Table:
    """Reads, splits and encodes the user's file. Raises UserError where it has changed or cannot be learned from."""
    whole = read_table(config.path, config.separator, config.sha256)
    frame = check_table(whole, config.target, config.task, config.drop, config.path)
    rest, held_out = hold_out(len(frame), max(int(len(frame) * config.test_share), 1))
    train, test = frame.iloc[rest.numpy()], frame.iloc[held_out.numpy()]
    if len(train) < 2:
        raise UserError(
            "dataset.test_share must leave a row to train on and one to validate by, but "
            f"{config.test_share:g} of {len(frame)} leaves {len(train)}. Lower it."
        )
    table = encode_table(train, test, config.target, config.task, config.split, config.max_categories)
    notes = (describe_columns(frame, config.target), *table.splits.notes)
    return table._replace(splits=replace(table.splits, notes=notes))
