"""A table that is split by time: its last rows test, the last of the others validate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mgu.config.datasets import TableConfig
from mgu.data.tables.by_time import check_time, split_by_time
from mgu.data.tables.load import load_own_table
from mgu.errors import UserError
from tests.conftest import Configure

Times = list[Any]


def table(folder: Path, times: Times, name: str = "sales.csv") -> Path:
    """A table whose rows are not in the order of their times."""
    frame = pd.DataFrame(
        {"when": times, "size": np.arange(len(times)) % 7, "colour": ["red", "blue"] * (len(times) // 2)}
    )
    path = folder / name
    shuffled = frame.sample(frac=1, random_state=0)
    shuffled.to_parquet(path) if name.endswith("parquet") else shuffled.to_csv(path, index=False)
    return path


@pytest.fixture
def by_time(configure: Configure) -> Callable[..., TableConfig]:
    def build(path: Path, *words: str) -> TableConfig:
        given = (f"dataset.path={path}", "dataset.target=colour", "dataset.time=when", *words)
        config = configure("dataset=table", "layout=dense_2", "norm=ln", *given).dataset
        assert isinstance(config, TableConfig)
        return config

    return build


DAYS = [f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}" for day in range(200)]


@pytest.mark.parametrize(
    ("times", "name"),
    [
        (DAYS, "days.csv"),
        ([*range(200)], "numbers.csv"),
        ([2**60 + k for k in range(200)], "large.csv"),  # nanoseconds, which floats would round
        ([k / 7 for k in range(200)], "fractions.csv"),
        ([f"{day}T10:00:00+0{k % 2}:00" for k, day in enumerate(DAYS)], "zones.csv"),
        ([f"{1600 + 5 * k}-01-01" for k in range(200)], "centuries.csv"),  # more than nanoseconds in 64 bits hold
        (["9999-12-31" if k > 190 else day for k, day in enumerate(DAYS)], "open_end.csv"),
        ([np.datetime64(f"{1600 + 5 * k}-01-01", "s") for k in range(200)], "centuries.parquet"),
        ([pd.Timestamp(day) for day in DAYS], "moments.parquet"),
        ([pd.Timestamp(day).date() for day in DAYS], "dates.parquet"),
    ],
)
def test_the_last_rows_test_and_the_last_of_the_others_validate(
    times: Times, name: str, tmp_path: Path, by_time: Callable[..., TableConfig]
) -> None:
    loaded = load_own_table(by_time(table(tmp_path, times, name)))
    parts = (loaded.splits.train, loaded.splits.val, loaded.splits.test)
    assert [len(part) for part in parts if part is not None] == [144, 16, 40]
    assert sorted(loaded.held_out["size"]) == sorted(k % 7 for k in range(160, 200))
    assert sorted(loaded.training["size"]) == sorted(k % 7 for k in range(144))
    assert "when" not in loaded.columns.names and loaded.columns.names == ["size"]
    note = next(note for note in loaded.splits.notes if note.startswith("by 'when', in time: 144 rows train ("))
    if name == "days.csv":
        assert f"train ({DAYS[0]} to {DAYS[143]})" in note and f"test ({DAYS[160]} to {DAYS[199]})" in note


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [
        ((20, 20, 20, 20, 20), (60, 20, 20)),
        ((1, 1, 98), (1, 1, 98)),  # no other way
        ((98, 1, 1), (98, 1, 1)),
        ((70, 12, 18), (70, 12, 18)),
        ((72, 8, 10, 10), (72, 8, 20)),
    ],
)
def test_rows_of_one_time_are_in_one_part(counts: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    times = [time for time, count in enumerate(counts) for _ in range(count)]
    frame = pd.DataFrame({"when": times}).sample(frac=1, random_state=1)
    construct: Any = TableConfig.model_construct  # not all of its values
    config = construct(time="when", test_share=0.2, target="x", path="f")
    check_time(frame, config)
    parts = split_by_time(frame, config)
    assert tuple(len(part) for part in parts.values()) == sizes
    assert parts["train"]["when"].max() < parts["val"]["when"].min()
    assert parts["val"]["when"].max() < parts["test"]["when"].min()
    assert all(
        part.index.equals(frame.index[frame.index.isin(part.index)]) for part in parts.values()
    )  # as in the file


@pytest.mark.parametrize(
    ("times", "words", "message"),
    [
        (DAYS, ("dataset.time=wen",), "dataset.time must be a column of .*but got 'wen'. Did you mean when"),
        (DAYS, ("dataset.time=colour",), "dataset.time must be another column than the target, but both are 'colour'"),
        ([*DAYS[:-2], None, ""], (), "dataset.time must be known in every row, but 'when' is missing in 2 of 200 rows"),
        ([*DAYS[:-1], "soon"], (), r"or of dates written as 2024-02-29 .*but 'when' has 'soon' in row \d+"),
        ([*DAYS[:-1], "now"], (), r"dates written as 2024-02-29 .*but 'when' has 'now' in row \d+"),
        ([f"{1 + k % 28}.3.2024" for k in range(200)], (), "dates written as 2024-02-29"),
        ([*range(199), "inf"], (), "finite numbers, .* but 'when' has 'inf'"),
        (["2024-01-01", "2024-01-02"] * 100, (), "at least 3 different values, .* but 'when' has 2"),
        (DAYS, ("dataset.folds=5",), "dataset.time must be without dataset.folds and dataset.groups"),
        (DAYS, ("dataset.groups=size",), "but got dataset.groups=size. Leave one out"),
    ],
)
def test_times_that_do_not_order_rows_are_refused(
    times: Times, words: tuple[str, ...], message: str, tmp_path: Path, by_time: Callable[..., TableConfig]
) -> None:
    with pytest.raises(UserError, match=message):
        load_own_table(by_time(table(tmp_path, times), *words))


def test_a_split_by_time_is_other_data(tmp_path: Path, configure: Configure) -> None:
    words = (
        "dataset=table",
        f"dataset.path={table(tmp_path, [*range(200)])}",
        "dataset.target=colour",
        "layout=dense_2",
    )
    plain, timed = configure(*words, "norm=ln"), configure(*words, "norm=ln", "dataset.time=when")
    assert plain.identity != timed.identity and timed.dataset.label == f"{plain.dataset.label} by time when"
