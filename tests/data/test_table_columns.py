"""What makes a score of a table say less than it seems to: extreme cells, targets in disguise, row numbers, copies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from mgu.data.datasets import open_dataset
from mgu.data.tables.class_rows import describe_class_rows
from mgu.data.tables.columns import describe_columns, numbers_rows
from mgu.data.tables.copies import describe_copies
from mgu.data.tables.disguises import describe_disguises
from mgu.data.tables.extremes import find_extremes
from mgu.data.tables.robust import BoundedScaler
from mgu.data.tables.split import split_official
from mgu.data.tables.table import Table, encode_table
from mgu.data.tables.target import select_known
from mgu.errors import UserError
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from tests.conftest import Configure

RANDOM = np.random.default_rng(0)


def rows(number: int = 200) -> pd.DataFrame:
    """A number, a category, a noisy class and a noisy price."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"age": random.normal(50, 10, number), "city": random.choice(["a", "b", "c"], number)})
    frame["label"] = np.where(frame["age"] + random.normal(0, 5, number) > 50, "yes", "no")
    frame["price"] = frame["age"] * 10 + random.normal(0, 30, number)
    return frame


def encode(frame: pd.DataFrame, target: str, scale: str = "standard") -> Table:
    """The encoding, with the last fifth of the rows as test rows."""
    task: Any = "regression" if target == "price" else "classification"
    return encode_table(split_official(frame[:160], frame[160:], "holdout"), target, task, 100, scale)


def extreme_notes(table: Table) -> list[str]:
    return [note for note in table.splits.notes if note.startswith("cells far outside")]


@pytest.mark.parametrize("row", [17, 190])  # a training row and a test row
@pytest.mark.parametrize("value", [1e14, -1e14, 5000.0, 1e300])
def test_one_extreme_cell_is_named_and_bounded(row: int, value: float) -> None:
    frame = rows()
    frame.loc[row, "age"] = value
    if abs(value) < 1e300:  # which standardising cannot hold
        (note,) = extreme_notes(encode(frame, "label"))
        assert f"'age' has 1 ({value:.6g} in row {row + 1})" in note and "dataset.scale=robust" in note
    bounded = encode(frame, "label", "robust").splits
    assert bounded.test is not None
    for part in (bounded.train, bounded.val, bounded.test):
        assert part.batch(slice(None))[0].abs().max() <= 3
    usual = encode(rows(), "label", "robust").splits.train.batch(slice(None))[0]
    difference = (bounded.train.batch(slice(None))[0] - usual).abs()
    assert difference.max(dim=1).values.sort().values[:-1].max() < 0.05  # the other rows are as without it


def test_many_extreme_cells_and_a_mark_for_missing_numbers() -> None:
    frame = rows()
    frame.loc[::20, "age"] = 1e14 * RANDOM.uniform(1, 9, 10)
    frame.loc[::10, "price"] = -99_999
    age, price = find_extremes({"train": frame[:160], "test": frame[160:]}, ["age", "price"])
    assert (age.column, age.cells, age.value) == ("age", 10, frame["age"].max())
    assert age.row == int(frame["age"].argmax()) + 1
    assert (price.column, price.cells, price.row, price.value) == ("price", 20, 1, -99_999)


@pytest.mark.parametrize(
    "column",
    [
        np.exp(RANDOM.normal(0, 1, 5000)) * 30,  # fares
        np.exp(RANDOM.normal(12, 0.8, 5000)),  # house prices
        np.exp(RANDOM.normal(0, 1.5, 5000)),
        np.where(RANDOM.random(5000) > 0.08, 0, np.exp(RANDOM.normal(8, 1, 5000))),  # gains of capital, mostly none
        (RANDOM.random(5000) < 0.002).astype(float),
        RANDOM.poisson(0.4, 5000),
    ],
)
def test_a_long_tail_is_not_extreme(column: Any) -> None:
    assert find_extremes({"train": pd.DataFrame({"x": column})}, ["x"]) == []


def test_a_power_law_may_be_reported_but_is_never_refused() -> None:
    for exponent in (0.5, 1.0, 2.0):
        frame = rows(1000).assign(age=RANDOM.pareto(exponent, 1000) + 1)
        assert encode(frame, "label").splits.train.batch(slice(None))[0].isfinite().all()


def test_an_extreme_target_is_named_and_bounded_in_training_alone() -> None:
    frame = rows()
    frame.loc[[17, 190], "price"] = 1e8
    (note,) = extreme_notes(encode(frame, "price"))
    assert "'price' (the target) has 2 (the farthest is 1e+08 in row 18)" in note
    frame.loc[[17, 190], "price"] = 1e10
    table = encode(frame, "price", "robust")
    assert table.splits.test is not None
    trained, tested = (part.batch(slice(None))[1] for part in (table.splits.train, table.splits.test))
    assert not any("train on count as" in note for note in table.splits.notes)  # row 17 validates
    assert trained.abs().max() < 5 and tested.max() == pytest.approx((1e10 - table.target_mean) / table.target_std)
    assert 300 < table.target_mean < 700 and 50 < table.target_std < 200
    frame.loc[:20, "price"] = 1e10
    moved = [note for note in encode(frame, "price", "robust").splits.notes if "train on count as" in note]
    assert len(moved) == 1 and "extreme targets" in moved[0] and "Losses and scores while training" in moved[0]


def test_the_final_evaluation_is_of_the_targets_as_they_are(configure: Configure, tmp_path: Path) -> None:
    frame = rows()
    frame.loc[:9, "price"] = 1e5
    frame.drop(columns="label").to_csv(tmp_path / "prices.csv", index=False)
    table = [f"dataset.path={tmp_path / 'prices.csv'}", "dataset.target=price", "dataset.task=regression"]
    config = configure(
        "dataset=table", *table, "dataset.scale=robust", "layout=dense_2", "norm=ln", "training.epochs=1"
    )
    run_folder(config).mkdir(parents=True)
    result, splits = run(config), open_dataset(config.dataset).splits
    assert splits.train_as_is and result.train and result.train.mae and result.val and result.val.mae
    bounded, as_is = splits.train.batch(slice(None))[1], splits.train_as_is.batch(slice(None))[1]
    moved = as_is != bounded
    assert 0 < moved.sum() <= 10 and bounded.max() < 10 < as_is.max()
    assert result.train.mae > 0.9 * 1e5 * moved.float().mean().item()  # of the bounded targets it is below 1,000


@pytest.mark.parametrize("row", [17, 190])  # a training row and a test row
@pytest.mark.parametrize("value", [1e14, -1e11])
def test_a_target_beside_which_nothing_is_left_is_refused_with_the_way_out(row: int, value: float) -> None:
    frame = rows()
    frame.loc[row, "price"] = value
    with pytest.raises(
        UserError, match=rf"'price' is {value:.0e} in row {row + 1}, .* dataset\.scale=robust".replace("+", r"\+")
    ):
        encode(frame, "price")
    assert encode(frame, "price", "robust").splits.train.batch(slice(None))[1].abs().max() < 5


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
def test_a_target_with_a_long_tail_is_not_refused(sigma: float) -> None:
    frame = rows(1000).assign(price=np.exp(sigma * RANDOM.standard_normal(1000)))
    assert encode(frame, "price").target_std > 0


def test_robust_scaling_by_hand() -> None:
    """Median 3, interquartile range 2; the smooth clip of z is z / sqrt(1 + (z / 3)^2)."""
    numbers = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [np.nan]])
    scaled = BoundedScaler().fit(numbers).transform([[5.0], [3.0], [np.inf], [-np.inf], [np.nan]])[:, 0]
    assert scaled[:4] == pytest.approx([1 / np.sqrt(1 + 1 / 9), 0, 3, -3]) and np.isnan(scaled[4])
    constant = BoundedScaler().fit([[7.0], [7.0]]).transform([[7.0], [8.0]])[:, 0]
    assert constant == pytest.approx([0, 1 / np.sqrt(1 + 1 / 9)])


def test_all_columns_that_overflow_are_named_at_once() -> None:
    frame = rows().assign(a=1.0, b=2.0)
    frame.loc[3, ["a", "b"]] = 1e308
    with pytest.raises(
        UserError, match=r"'a' reaches 1e\+308 and 'b' .* dataset.scale=robust, .* dataset.drop=\[a,b\]"
    ):
        encode(frame, "label")
    assert encode(frame, "label", "robust").splits.train.batch(slice(None))[0].isfinite().all()


# Targets in disguise

LABEL, PRICE = rows()["label"], rows()["price"]


@pytest.mark.parametrize(
    ("column", "target"),
    [
        (LABEL.map({"yes": "approved", "no": "refused"}), "label"),
        (LABEL.map({"yes": 7, "no": 3}), "label"),
        (LABEL == "yes", "label"),
        (LABEL.map({"yes": "c", "no": "d"}).mask(RANDOM.random(200) > 0.5, LABEL), "label"),  # several values a class
        (LABEL.map({"yes": "2020", "no": None}), "label"),  # known only afterwards
        (LABEL.map({"yes": 1, "no": 0}) + RANDOM.uniform(0, 0.9, 200), "label"),
        (PRICE, "price"),
        (PRICE * -2.5 + 7, "price"),
        (np.exp(PRICE / 100), "price"),
        (PRICE.round(1), "price"),
    ],
)
def test_a_target_in_disguise_is_named(column: Any, target: str) -> None:
    frame = rows().drop(columns={"label": "price", "price": "label"}[target]).assign(**{"my copy": column})
    (note,) = describe_disguises(frame, target, "regression" if target == "price" else "classification")
    assert "'my copy' alone" in note and note.endswith("""with 'dataset.drop=["my copy"]'""")


@pytest.mark.parametrize("target", ["label", "price", "city"])
def test_honest_columns_are_no_disguise(target: str) -> None:
    frame = rows().assign(key=np.arange(200), word=[f"w{number % 150}" for number in range(200)])
    assert describe_disguises(frame, target, "regression" if target == "price" else "classification") == ()


def test_a_rare_class_is_not_read_from_any_column_by_chance() -> None:
    frame = rows().assign(label=np.where(np.arange(200) == 3, "yes", "no"))
    frame["city"] = np.where(np.arange(200) == 3, "d", frame["city"])
    assert describe_disguises(frame, "label", "classification") == ()


@pytest.mark.parametrize("column", ["constant", "rare flag"])
def test_equal_numbers_with_several_answers_give_nothing_away(column: str) -> None:
    """Sorted by number and answer, ties had looked like intervals."""
    frame = rows().assign(label=["no", "yes"] * (len(rows()) // 2))
    flags = [2024] * len(frame) if column == "constant" else [int(row % 10 == 1) for row in range(len(frame))]
    assert describe_disguises(frame.assign(age=flags), "label", "classification") == ()
    apart = frame.assign(age=frame["label"].eq("yes") + RANDOM.uniform(0, 0.5, len(frame)))
    assert len(describe_disguises(apart, "label", "classification")) == 1


# Row numbers and copies


def test_a_column_that_numbers_the_rows_is_named_with_the_way_out() -> None:
    frame = rows().assign(id=RANDOM.permutation(200) + 1, customer=RANDOM.choice(10**7, 200, replace=False))
    text = describe_columns(frame, "label")
    assert "id (differs in every row), customer (differs in every row)" in text
    assert re.search(r"; id seems to number the rows, .* leave it out with dataset\.drop=\[id\]$", text)
    assert numbers_rows(pd.Series([3, 5, 8, 13])) and not numbers_rows(pd.Series([3, 8, 5, 13]))
    assert numbers_rows(pd.Series(np.arange(200.0))) and numbers_rows(pd.Series(np.arange(200)).mask(lambda n: n == 7))
    assert not numbers_rows(pd.Series([1.5, 2.5])) and not numbers_rows(pd.Series([1, None, 3], dtype="Int64"))


def test_columns_with_one_value_are_named_with_the_way_out() -> None:
    frame = rows().assign(year=2024, place="here", some=pd.Series([2024, None] * 100))
    text = describe_columns(frame, "label")
    assert "place (1 value)" in text and "year (differs" not in text
    end = "; year, place have one value in all rows, which teaches a model nothing: leave them out with "
    assert text.endswith(f"{end}dataset.drop=[year,place]")
    both = describe_columns(frame[["age", "year", "label"]].assign(id=range(200)), "label")
    assert "; id seems to number the rows and year has one value in all rows, which teaches a model nothing" in both
    assert both.endswith("leave them out with dataset.drop=[id,year]")


@pytest.mark.parametrize("key", ["id", "customer"])
def test_row_numbers_hide_no_copies(key: str) -> None:
    train = rows(100)
    test = pd.concat([rows(160)[100:130], train[:7]])
    both = pd.concat([train, test], ignore_index=True)
    numbers = {"id": np.arange(len(both)), "customer": np.random.default_rng(0).choice(10**7, len(both), replace=False)}
    both.insert(0, key, numbers[key])
    parts = {"train": both[:100], "test": both[100:]}
    (note,) = describe_copies(parts, "label")
    assert note == f"7 of 37 test rows are also training rows, compared without what differs in every row ({key})"


def test_a_measurement_that_differs_in_every_row_is_compared_where_the_others_tell_nothing() -> None:
    frame = pd.DataFrame({"income": RANDOM.choice(10**6, 100, replace=False), "sex": ["m", "f"] * 50, "y": [0, 1] * 50})
    assert describe_copies({"train": frame[:80], "test": frame[80:]}, "y") == ()


def test_classes_that_training_never_sees_are_named() -> None:
    frame = rows()
    frame.loc[195:, "label"] = "perhaps"
    table = encode(frame, "label")
    assert "no training row is of these of the 3 classes: 'perhaps'" in table.splits.notes
    assert torch.cat([table.splits.train.batch(slice(None))[1]]).max() == 2


def test_a_target_may_be_called_self_where_some_are_missing() -> None:
    """DataFrame.assign, which takes names of columns for keywords, got two values for self."""
    frame = rows().rename(columns={"label": "self"})
    missing = frame["self"].copy()
    missing.iloc[3] = None
    frame["self"] = missing
    known = select_known(frame, "self", "drop", "cases.csv")
    assert len(known) == len(frame) - 1 and list(known["self"]) == [*frame["self"][:3], *frame["self"][4:]]


def test_classes_are_named_as_in_the_file_though_one_is_missing() -> None:
    """pandas reads 1 and 2 as 1.0 and 2.0 where one of them is missing."""
    frame = rows().assign(label=[1.0, 2.0] * 100)
    frame.loc[[3, 90], "label"] = np.nan
    known = select_known(frame, "label", "drop", "cases.csv")
    assert encode_table(split_official(known[:160], known[160:], "holdout"), "label", "classification", 9).classes == [
        1,
        2,
    ]
    assert str(known["label"].iloc[0]) == "1" and len(known) == 198
    fractions = frame.assign(label=frame["label"] / 4)
    assert select_known(fractions, "label", "drop", "cases.csv")["label"].iloc[0] == 0.25


def test_rows_of_each_class_are_told_and_what_a_part_lacks() -> None:
    labels = {"train": ["no"] * 8 + ["yes"], "val": ["no"], "test": ["no", "maybe"]}
    lines = describe_class_rows(labels, ["maybe", "no", "yes"])
    assert lines == [
        "rows by class: maybe train 0, val 0, test 1; no train 8, val 1, test 1; yes train 1, val 0, test 0",
        "no training row is of these of the 3 classes: 'maybe'",
        "no validation row is of these of the 3 classes: 'maybe', 'yes'",
        "no test row is of these of the 3 classes: 'yes'",
    ]
    many = [*range(11)]
    assert describe_class_rows({"train": many, "val": many[1:]}, many) == [
        "no validation row is of these of the 11 classes: 0"
    ]
