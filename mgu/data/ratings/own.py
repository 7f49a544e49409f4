"""Ratings of the user's own: a CSV or Parquet file with a row for each rating, purchase or click.

Users and items are numbered in the order of their names, so that the numbers do not depend on the order of the rows.
Nothing but its number is known of either. pandas and torch are imported only where there is a file to read.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.data.tables.advice import advise_text, join_some
from mgu.data.tables.csv_file import with_points
from mgu.data.tables.dates import FORMS, read_moments
from mgu.data.tables.files import absolute, digest, read_table, resolve_decimal, resolve_separator
from mgu.data.tables.target import diagnose_header
from mgu.errors import UserError
from mgu.text.agree import agree
from mgu.text.nearest import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from mgu.config.ratings import RatingsConfig
    from mgu.data.ratings.movielens import Interactions

# Without case, blanks and underscores; an "id" at the end may be there or not.
USUAL = {
    "user": ("user", "customer", "reviewer", "member", "person", "visitor"),
    "item": ("item", "product", "movie", "film", "article", "book", "track", "song"),
    "rating": ("rating", "stars", "score"),
    "time": ("time", "timestamp", "date", "datetime", "unixreviewtime", "reviewtime"),
}
MIN_RATINGS = 20
MAX_PAIRS = 2_000_000_000  # users x items: which items each user has seen is one byte each


def resolve(dataset: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of conf/dataset/ratings.yaml with an absolute path, the names of the columns and `sha256`.

    Raises UserError where the file cannot be read or a column is not found; the schema checks the other values.
    """
    path = dataset.get("path")
    if not isinstance(path, str) or not path:
        raise UserError(
            "dataset.path must be a CSV or Parquet file of ratings, but is not set. Pass dataset.path=FILE."
            if path in (None, "")
            else f"dataset.path must be a CSV or Parquet file of ratings, but got {path}. Pass one name."
        )
    separator, decimal = resolve_separator(dataset.get("separator")), resolve_decimal(dataset)
    sha256, path = dataset.get("sha256") or digest(path), absolute(path)
    resolved = dataset | {"path": path, "separator": separator, "decimal": decimal, "sha256": sha256}
    columns = dataset.get("columns")
    if isinstance(columns, dict) and columns.keys() == USUAL.keys():
        names = [str(name) for name in read_table(path, separator, sha256, decimal).columns]
        resolved["columns"] = _find_columns(columns, names, path, dataset.get("task"))
    return resolved


def _find_columns(given: dict[str, Any], names: list[str], path: str, task: Any) -> dict[str, Any]:
    """Returns the name of every column. Raises UserError with a line for each that is not found, or why all are not."""
    taken = {str(name) for name in given.values()}
    free = [name for name in names if name not in taken and not any(_is_usual(name, other) for other in USUAL)]
    columns, faults = {}, []
    for what, name in given.items():
        try:
            columns[what] = _find_column(what, name, names, free, path, is_needed=_is_needed(what, task))
        except UserError as error:
            faults.append(str(error))
    if faults:
        unknown = next((str(name) for name in given.values() if name is not None and str(name) not in names), "")
        hint = "" if unknown and did_you_mean(unknown, names) else diagnose_header(names, unknown)
        if hint:
            some = join_some([repr(name) for name in names])
            raise UserError(
                f"columns must be of users, items, ratings and times, but those of {path} are {some}.{hint}"
            )
        raise UserError("\n".join(faults))
    return columns


def _is_needed(what: str, task: Any) -> bool:
    """Returns whether there must be such a column: what was rated may be ranked without knowing how it was rated."""
    return what != "rating" or task == "regression"


def _find_column(what: str, given: Any, names: list[str], free: list[str], path: str, *, is_needed: bool) -> Any:
    """Returns the name of a column; None for one that is neither there nor needed.

    Raises UserError, which advises the first column of `free`, those that stand for nothing yet, and removes it there.
    """
    key = f"dataset.columns.{what}"
    if given is not None:
        name = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
        if isinstance(name, str) and name not in names:
            way_out = did_you_mean(name, names) or f" Pass one of {join_some(names)}."
            raise UserError(f"{key} must be a column of {path}, but got {name!r}.{way_out}")
        return name
    matches = [name for name in names if _is_usual(name, what)]
    if len(matches) == 1:
        return matches[0]
    if not matches and not is_needed:
        return None
    got = f"found {join_some([repr(name) for name in matches])}" if matches else "none has a usual name"
    likely = matches[0] if matches else free.pop(0) if free else None
    way_out = f"Pass {advise_text(key, likely)}, or another." if likely else "Add such a column to the file."
    raise UserError(
        f"{key} must name the column of the {what}, but {got} among {join_some([repr(name) for name in names])} of "
        f"{path}. {way_out}"
    )


def _is_usual(name: str, what: str) -> bool:
    """Returns whether a column is usually called so."""
    bare = re.sub(r"[\W_]", "", name).lower()
    return bare in USUAL[what] or (what in ("user", "item") and bare.removesuffix("id") in USUAL[what])


def load_ratings(config: RatingsConfig) -> Interactions:
    """Reads and checks the file.

    Args:
        config: The data set's section of the run configuration.

    Returns:
        The ratings in order of time; features of users and items have no columns.

    Raises:
        UserError: The file has changed since the run was set up, or a cell cannot be used.
    """
    import numpy as np
    import pandas as pd
    import torch

    from mgu.data.ratings.movielens import Interactions
    from mgu.data.ratings.names import name_apart

    frame, columns = read_table(config.path, config.separator, config.sha256, config.decimal), config.columns
    _check_cells(frame, [name for name in (columns.user, columns.item, columns.rating, columns.time) if name], config)
    users, user_names = pd.factorize(frame[columns.user], sort=True)
    items, item_names = pd.factorize(frame[columns.item], sort=True)
    for name, names in ((columns.user, user_names), (columns.item, item_names)):
        name_apart(str(name), names.tolist())
    rated = pd.DataFrame(
        {
            "user": users,
            "item": items,
            "rating": _numbers(frame[columns.rating], "rating", config) if columns.rating else 1.0,
            "time": _times(frame[columns.time], config),
        }
    )
    # An item that is rated twice would stand on both sides of a split.
    order = ["time", "item"] if config.ties == "number" else ["time"]
    once = rated.sort_values(order, kind="stable").drop_duplicates(["user", "item"])
    num_users, num_items = int(rated["user"].max()) + 1, int(rated["item"].max()) + 1
    _check_size(once, num_users, num_items, config)
    return Interactions(
        torch.tensor(once["user"].to_numpy()),
        torch.tensor(once["item"].to_numpy()),
        torch.tensor(once["rating"].to_numpy(dtype=np.float32)),
        torch.tensor(once["time"].to_numpy()),
        torch.zeros(num_users, 0),
        torch.zeros(num_items, 0),
        tuple(_describe(rated, once, num_users, num_items)),
        user_names.tolist(),
        item_names.tolist(),
    )


def _check_cells(frame: pd.DataFrame, names: list[str], config: RatingsConfig) -> None:
    """Raises UserError for columns that stand for two things, and for rows in which one is empty."""
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(
            f"dataset.columns must be different columns, but {twice[0]!r} stands for two. Name another for one of them."
        )
    for name in names:
        if (empty := frame[name].isna()).any():
            more = f", and {int(empty.sum()) - 1:,} more are" if empty.sum() > 1 else ""
            row = int(empty.to_numpy().argmax()) + 1
            raise UserError(
                f"every rating must have its {name!r}, but row {row:,} below the header of {config.path} is "
                f"without{more}. Fill it in, or remove the row."
            )


def _numbers(column: pd.Series[Any], what: str, config: RatingsConfig) -> pd.Series[Any]:
    """Returns finite numbers. Raises UserError, naming the first other cell."""
    import numpy as np
    import pandas as pd

    numbers = pd.to_numeric(with_points(column, config.decimal), errors="coerce").astype("float64")
    fits = np.isfinite(numbers.to_numpy())
    if not fits.all():
        row = int((~fits).argmax())
        raise UserError(
            f"every {what} must be a number, but row {row + 1:,} below the header of {config.path} has "
            f"{str(column.iloc[row])!r}. Correct it, or name another column with dataset.columns.{what}=..."
        )
    return numbers


def _times(column: pd.Series[Any], config: RatingsConfig) -> Any:
    """Returns whole numbers that are in the order of the times (N,). Raises UserError for neither numbers nor dates."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return pd.factorize(_numbers(column, "time", config), sort=True)[0]
    moments = read_moments(column)
    if pd.isna(moments).any():
        row = int(pd.isna(moments).argmax())
        raise UserError(
            f"every time must be a number or a date such as {FORMS}, but row "
            f"{row + 1:,} below the header of {config.path} has {str(column.iloc[row])!r}. Write all of them so."
        )
    return pd.factorize(moments, sort=True)[0]


def _check_size(once: pd.DataFrame, num_users: int, num_items: int, config: RatingsConfig) -> None:
    """Raises UserError for ratings that are too few to be split, or of too many users and items."""
    most = int(once["user"].value_counts().max())
    if len(once) < MIN_RATINGS or num_items < 2 or (config.task == "ranking" and most < 3):
        raise UserError(
            f"ratings must be at least {MIN_RATINGS}, of two items, with three of one user for task=ranking, but "
            f"{Path(config.path).name} has {len(once):,} of {num_items:,}, at most {most:,} of a user. Add ratings."
        )
    if num_users * num_items > MAX_PAIRS:
        raise UserError(
            f"users times items must be at most {MAX_PAIRS:,}, for every item is ranked for every user, but "
            f"{config.path} has {num_users:,} x {num_items:,}. Leave out users and items with few ratings."
        )


def _describe(rated: pd.DataFrame, once: pd.DataFrame, num_users: int, num_items: int) -> list[str]:
    """Says how much there is, and how many ratings do not count."""
    lines = [f"{len(once):,} ratings of {num_items:,} items by {num_users:,} users are used"]
    if twice := len(rated) - len(once):
        ratings = agree(twice, "rating of an item by the same user is", "ratings of an item by the same user are")
        lines.append(f"{twice:,} further {ratings} left out; the first one counts")
    return lines
