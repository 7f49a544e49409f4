"""Copies of training rows among the held-out ones, which columns that number the rows would hide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu.data.tables.advice import join_some
from mgu.data.tables.columns import differs_in_every_row, numbers_rows
from mgu.text.agree import agree

if TYPE_CHECKING:
    import pandas as pd

DISTINCT = 0.5  # share of the training rows that columns must tell apart for equal rows to be copies
TITLES = {"val": "validation", "test": "test"}


def describe_copies(parts: dict[str, pd.DataFrame], target: str) -> tuple[str, ...]:
    """Returns a note for each part with rows that equal training rows, target included, for they reward memorising.

    Columns that differ in every row are left out of the comparison, as far as the others still tell rows apart.

    Args:
        parts: Rows by their use, "train" among them; their index numbers the rows of the file.
        target: Name of the column to predict.
    """
    import pandas as pd

    whole = pd.concat(parts).droplevel(0).sort_index()
    unlike = [name for name in whole.columns if name != target and differs_in_every_row(whole[name])]
    counters = [name for name in unlike if numbers_rows(whole[name])]
    others = whole.shape[1] - 1
    ignored: list[str] = []
    for left_out in (counters, unlike):
        if left_out and len(left_out) < others and (left_out == counters or _are_distinct(parts["train"], left_out)):
            ignored = left_out
    without = f", compared without what differs in every row ({join_some(ignored)})" if ignored else ""
    counts = _count_copies({name: part.drop(columns=ignored) for name, part in parts.items()})
    return tuple(
        f"{count:,} of {len(parts[name]):,} {TITLES[name]} rows "
        f"{agree(count, 'is also a training row', 'are also training rows')}{without}"
        for name, count in counts.items()
        if count
    )


def _are_distinct(train: pd.DataFrame, left_out: list[str]) -> bool:
    """Returns whether most rows still differ without these columns."""
    return len(train.drop(columns=left_out).drop_duplicates()) >= DISTINCT * len(train)


def _count_copies(parts: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Counts the rows of each part that equal a training row."""
    from pandas.util import hash_pandas_object

    hashes = {name: hash_pandas_object(part, index=False) for name, part in parts.items()}
    return {name: int(rows.isin(hashes["train"]).sum()) for name, rows in hashes.items() if name != "train"}
