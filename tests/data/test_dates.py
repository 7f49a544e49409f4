"""Columns of dates become days, and sines and cosines of their places in the year, the week and the day."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mgu.config.datasets import TableConfig
from mgu.data.tables.cycles import find_place, on_circle
from mgu.data.tables.date_columns import read_days
from mgu.data.tables.encoding import RowEncoding
from mgu.data.tables.inputs import encode_inputs
from mgu.data.tables.load import load_own_table
from mgu.errors import UserError
from mgu.results.on_disk.preprocessing import Cycle, DateColumn
from tests.conftest import Configure

QUARTER_TO_SIX = 19782 + 17.75 / 24  # 2024-02-29 17:45, a Thursday


@pytest.mark.parametrize(
    ("days", "cycle", "place"),
    [
        (QUARTER_TO_SIX, "year", 59 / 366),  # 31 days of January and 28 of February are before it
        (QUARTER_TO_SIX, "week", 3 / 7),
        (QUARTER_TO_SIX, "day", 17.75 / 24),
        (19782, "day", 0.0),
        (0, "year", 0.0),
        (0, "week", 3 / 7),  # 1970-01-01 was a Thursday
        (-0.25, "year", 364 / 365),  # 1969-12-31 18:00
        (-0.25, "week", 2 / 7),
        (-0.25, "day", 0.75),
        (11322, "year", 365 / 366),  # 2000-12-31
        (-25508, "year", 59 / 365),  # 1900-03-01: 1900 had no 29 February
    ],
)
def test_a_date_has_a_place_in_each_cycle(days: float, cycle: Cycle, place: float) -> None:
    moment = torch.tensor([days, math.nan], dtype=torch.float64)
    assert find_place(moment, cycle)[0].item() == pytest.approx(place, abs=1e-10)
    angle = 2 * math.pi * place
    expected = torch.tensor([[math.sin(angle), math.cos(angle)], [0, 0]], dtype=torch.float64)
    torch.testing.assert_close(on_circle(moment, cycle), expected, rtol=0, atol=1e-9)


def test_the_year_is_that_of_the_calendar() -> None:
    days = np.arange(-800_000, 3_000_000)  # from the year -220 to 10183
    years = days.astype("datetime64[D]").astype("datetime64[Y]")
    first, after = ((years + more).astype("datetime64[D]").astype(int) for more in (0, 1))
    found = find_place(torch.tensor(days, dtype=torch.float64), "year").numpy()
    assert (found == (days - first) / (after - first)).all()


def test_dates_are_read_however_they_are_written() -> None:
    day = [datetime.date(2024, 2, 29), "2024-02-29", " 2024-02-29T00:00Z", np.datetime64("2024-02-29", "s")]
    moment = ["2024-02-29 17:45", "2024-02-29T19:45+02:00", pd.Timestamp("2024-02-29 18:45", tz="Europe/Rome")]
    missing = [None, math.nan, pd.NaT, "", " ", "NA", "null", "NaT"]
    wrong = ["soon", "now", "29.2.2024", "2024-02-30", 2024, 19782.5, True]
    days, is_wrong = read_days(pd.Series([*day, *moment, *missing, *wrong], dtype=object))
    expected = [19782.0] * len(day) + [QUARTER_TO_SIX] * len(moment) + [math.nan] * len(missing + wrong)
    np.testing.assert_allclose(days, expected, rtol=0, atol=1e-9)
    assert is_wrong.tolist() == [False] * len(day + moment + missing) + [True] * len(wrong)


def people(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    signed = pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 1400, rows), "D")
    seen = signed + pd.to_timedelta(random.integers(0, 200_000, rows), "min")
    frame = pd.DataFrame({"signed": signed, "age": random.integers(18, 80, rows), "seen": seen})
    frame["plan"] = random.choice(["a", "b"], rows)
    frame["warm"] = np.where(signed.month.isin([5, 6, 7, 8, 9]), "yes", "no")
    frame.loc[random.random(rows) < 0.2, "seen"] = pd.NaT
    return frame


@pytest.fixture
def of_dates(configure: Configure, tmp_path: Path) -> Callable[..., TableConfig]:
    def build(frame: pd.DataFrame, *words: str, name: str = "people.csv") -> TableConfig:
        path = tmp_path / name
        frame.to_parquet(path) if name.endswith("parquet") else frame.to_csv(path, index=False)
        given = ("dataset=table", f"dataset.path={path}", "dataset.target=warm", "layout=dense_2", "norm=ln", *words)
        config = configure(*given).dataset
        assert isinstance(config, TableConfig)
        return config

    return build


BOTH = "dataset.dates=[signed,seen]"


@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_csv_and_parquet_give_the_same_inputs(zone: str | None, of_dates: Callable[..., TableConfig]) -> None:
    frame = people()
    if zone:
        frame["seen"] = frame["seen"].dt.tz_localize(zone, nonexistent="shift_forward", ambiguous=True)
    tables = [load_own_table(of_dates(frame, BOTH, name=name)) for name in ("people.csv", "people.parquet")]
    for first, second in zip(*([t.splits.train, t.splits.val, t.splits.test] for t in tables), strict=True):
        assert first is not None and second is not None
        assert torch.equal(first.batch(slice(None))[0], second.batch(slice(None))[0])


def test_a_date_is_days_and_points_on_circles(of_dates: Callable[..., TableConfig]) -> None:
    table = load_own_table(of_dates(people(), BOTH))
    columns, train = table.columns, table.splits.train.batch(slice(None))[0]
    assert [column.name for column in columns.numbers] == ["signed", "age", "seen"]
    assert columns.dates == [  # `signed` is at midnight in every row
        DateColumn(name="signed", cycles=["year", "week"]),
        DateColumn(name="seen", cycles=["year", "week", "day"]),
    ]
    assert [column.missing is not None for column in columns.numbers] == [False, False, True]  # one indicator
    assert table.num_inputs == train.shape[1] == 3 + 1 + 2 + 2 * 2 + 2 * 3
    rows = people().loc[table.training.index]
    day_of_year = (rows["signed"].dt.day_of_year - 1) / np.where(rows["signed"].dt.is_leap_year, 366, 365)
    np.testing.assert_allclose(train[:, 6], np.sin(2 * np.pi * day_of_year), atol=1e-6)
    np.testing.assert_allclose(train[:, 9], np.cos(2 * np.pi * rows["signed"].dt.day_of_week / 7), atol=1e-6)
    hours = (rows["seen"].dt.hour + rows["seen"].dt.minute / 60) / 24
    is_missing = rows["seen"].isna().to_numpy(copy=True)
    np.testing.assert_allclose(train[~is_missing, 14], np.sin(2 * np.pi * hours[~is_missing]), atol=1e-6)
    assert is_missing.any() and (train[is_missing, 10:] == 0).all()
    days = (rows["signed"] - pd.Timestamp("1970-01-01")).dt.days
    np.testing.assert_allclose(train[:, 0], (days - days.mean()) / days.std(ddof=0), rtol=1e-5, atol=1e-6)


def test_a_cycle_is_that_of_training_rows(of_dates: Callable[..., TableConfig]) -> None:
    """An input that is constant in training would keep its random weights: what differs later must not meet them."""
    frame = people()
    config = of_dates(frame, "dataset.dates=[signed]", "dataset.drop=[seen]")
    training = load_own_table(config).training.index
    mondays = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(len(frame)) * 7, "D")
    late = mondays + pd.Timedelta("27:30:00")
    frame["signed"] = mondays.where(frame.index.isin(training), late)
    columns = load_own_table(of_dates(frame, "dataset.dates=[signed]", "dataset.drop=[seen]")).columns
    assert columns.dates == [DateColumn(name="signed", cycles=["year"])]


@pytest.mark.parametrize("scale", ["standard", "robust"])
def test_the_encoder_of_predictions_is_the_one_of_training(scale: str) -> None:
    random = np.random.default_rng(0)
    days = np.where(random.random((80, 2)) < 0.2, np.nan, random.uniform(15_000, 20_000, (80, 2)))
    frame = pd.DataFrame({"a": days[:, 0], "n": random.normal(size=80), "b": days[:, 1]})
    later = frame + 3000
    expected, columns = encode_inputs({"train": frame, "test": later}, scale, max_categories=9, dates=["b", "a"])
    for part, rows in (("train", frame), ("test", later)):
        found = RowEncoding(columns)(torch.tensor(rows.to_numpy()))
        assert found.shape[1] == 3 + 2 + 2 * 6
        torch.testing.assert_close(found, expected[part], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("dataset.dates=[sined]",), r"dataset.dates must be a column of .*but got 'sined'. Did you mean signed"),
        (("dataset.dates=[warm]",), "'warm' is also named by dataset.target, so that"),
        (
            ("dataset.dates=[seen]", "dataset.drop=[seen]"),
            "'seen' is also named by dataset.drop, so that",
        ),
        (
            ("dataset.dates=[signed]", "dataset.time=signed"),
            "'signed' is also named by dataset.time, so that",
        ),
        (
            ("dataset.dates=[signed]", "dataset.groups=signed"),
            "'signed' is also named by dataset.groups, so that",
        ),
        (("dataset.dates=[seen,signed,seen]",), "must name each column once, but names 'seen' twice"),
        (("dataset.dates=signed",), r"dataset.dates must be a list of columns, but got 'signed'. Pass .*=\[...\]"),
        (("dataset.dates=[age]",), r"dates written as 2024-02-29 or 2024-02-29 17:45, but 'age' has '\d+' in row 1\."),
        (("dataset.dates=[plan]",), "but 'plan' has '[ab]' in row 1. Correct it in the file, or leave the column out"),
        (("dataset.dates=[seen]",), r"'signed' has dates \(20.*\). To learn from dates, pass dataset.dates=\[signed\]"),
        ((), r"'signed' has dates .* and 'seen' has dates .*pass dataset.dates=\[signed,seen\]. .*dataset.drop=\["),
    ],
)
def test_what_is_no_column_of_dates_is_refused(
    words: tuple[str, ...], message: str, of_dates: Callable[..., TableConfig]
) -> None:
    with pytest.raises(UserError, match=message):
        load_own_table(of_dates(people(), *words))


def test_a_cell_that_is_no_date_is_named(of_dates: Callable[..., TableConfig]) -> None:
    frame = people().astype({"seen": object})
    frame.loc[17, "seen"] = "soon"
    with pytest.raises(UserError, match=r"'seen' has 'soon' in row 18\. Correct it"):
        load_own_table(of_dates(frame, BOTH))
    german = people().assign(signed="29.2.2024").drop(columns="seen")
    with pytest.raises(UserError, match="To learn from dates, write them as 2024-02-29 or 2024-02-29 17:45 and name"):
        load_own_table(of_dates(german))
    with pytest.raises(UserError, match="'signed' has no values"):
        load_own_table(of_dates(people().assign(signed=pd.Series([pd.NaT] * len(people()))), BOTH))


def notes_of(config: TableConfig) -> str:
    return "\n".join(load_own_table(config).splits.notes)


def test_notes_are_about_the_columns_of_the_file(of_dates: Callable[..., TableConfig]) -> None:
    frame = people(400)
    frame["until"] = [f"2030-01-{1 + day % 28:02d}" for day in range(400)]
    frame.loc[7, "until"] = "9999-12-31"
    frame["signed"] = pd.date_range("2020-01-01", periods=400)  # each day once
    given = "dataset.dates=[signed,seen,until]"
    notes = notes_of(of_dates(frame, given))
    assert (
        "columns taken for numbers: age, for dates: signed, seen, until, and for categories: plan (2 values)" in notes
    )
    assert "number the rows" not in notes
    assert "'until' has 1 (9999-12-31 in row 8)" in notes
    frame["until"] = np.where(frame["warm"] == "yes", "2021-01-01", "2022-01-01")
    assert "can be read from 'until' alone" in notes_of(of_dates(frame, given))
    assert "until has one value in all rows" in notes_of(of_dates(frame.assign(until="2021-01-01"), given))
    twice = pd.concat([people(200).drop(columns="age")] * 2)
    assert "rows are also training rows" in notes_of(of_dates(twice, BOTH))


@pytest.mark.parametrize(
    "words",
    [
        ("dataset.folds=4", "dataset.fold=1"),
        ("dataset.groups=age",),
        ("dataset.time=signed", "dataset.dates=[seen]"),
        ("dataset.target=age",),
    ],
)
def test_dates_go_with_every_split_and_task(words: tuple[str, ...], of_dates: Callable[..., TableConfig]) -> None:
    has_own = any(word.startswith("dataset.dates") for word in words)
    given = [word for word in words if not word.startswith("dataset.target")]
    frame = people().rename(columns={"warm": "x", "age": "warm"}) if len(given) < len(words) else people()
    table = load_own_table(of_dates(frame, *given, *(() if has_own else (BOTH,))))
    assert [date.name for date in table.columns.dates] == (["seen"] if has_own else ["signed", "seen"])


def test_runs_without_dates_keep_their_identity(configure: Configure, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    people().to_csv(path, index=False)
    words = ("dataset=table", f"dataset.path={path}", "dataset.target=warm", "layout=dense_2", "norm=ln")
    plain, none, one = (configure(*words, *more) for more in ((), ("dataset.dates=[]",), ("dataset.dates=[signed]",)))
    assert plain.identity == none.identity != one.identity
