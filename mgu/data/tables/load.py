"""A configured table, from its file to encoded rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mgu.config.datasets import AdultConfig, TableConfig
from mgu.data.tables.adult import TARGET, load_adult
from mgu.data.tables.by_time import check_time
from mgu.data.tables.columns import check_features, describe_columns
from mgu.data.tables.date_columns import with_days
from mgu.data.tables.disguises import describe_disguises
from mgu.data.tables.files import MIN_ROWS, read_table
from mgu.data.tables.split import check_groups, split_official, split_rows, with_groups
from mgu.data.tables.split_notes import describe_split
from mgu.data.tables.table import Table, encode_table
from mgu.data.tables.target import check_target, check_task, describe_spellings, select_known
from mgu.data.tables.truth import describe_truth_values
from mgu.errors import UserError
from mgu.text.agree import agree

MAX_CATEGORIES = 100  # of a column of Adult, which has 42 countries


def load_adult_table(config: AdultConfig) -> Table:
    """Reads and encodes UCI Adult. Raises UserError where it cannot be had."""
    train, test = load_adult(Path(config.root).expanduser())
    return encode_table(split_official(train, test, config.split), TARGET, "classification", MAX_CATEGORIES)


def load_own_table(config: TableConfig) -> Table:
    """Reads, splits and encodes the user's file. Raises UserError where it has changed or cannot be learned from."""
    target, task = config.target, config.task
    whole = read_table(config.path, config.separator, config.sha256, config.decimal)
    known = select_known(whole, target, config.missing_target, config.path)
    check_task(check_target(known[target], config.path), task)
    if len(known) < MIN_ROWS:
        raise UserError(
            f"a table must have at least {MIN_ROWS} rows with a target, but {config.path} has {len(known)}. Add rows."
        )
    check_groups(known, config)
    check_time(known, config)
    left_out = [name for name in (config.groups, config.time) if name and name not in config.drop]
    frame = check_features(with_days(known, config), target, [*config.drop, *left_out], config.scale, config.path)
    parts = split_rows(known, config)
    encoded = {part: frame.loc[rows.index] for part, rows in parts.items()}
    table = encode_table(encoded, target, task, config.max_categories, config.scale, config.dates)
    notes = (*describe_split(parts, config), *table.splits.notes, *describe_spellings(table.classes))
    if task == "classification":
        notes += describe_truth_values(whole, target, config.path, config.separator)
    notes += describe_disguises(frame, target, task)
    if unknown := len(whole) - len(known):
        are, its = agree(unknown, "is", "are"), agree(unknown, "its", "their")
        dropped = f"{unknown:,} of {len(whole):,} rows {are} left out, for {its} target is missing or infinite"
        notes = (dropped, *notes)
    notes = (describe_columns(frame, target, config.dates), *notes)
    held_out, training = (known.loc[rows.index, rows.columns] for rows in (table.held_out, table.training))
    splits = with_groups(replace(table.splits, notes=notes), parts, config)
    return table._replace(splits=splits, held_out=held_out, training=training)
