"""Ratings of the user's own: columns and times of any name and form, and what is refused."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from mgu.config.ratings import RatingsConfig
from mgu.data.datasets import open_dataset
from mgu.data.ratings.own import load_ratings
from mgu.errors import UserError
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from tests.conftest import Configure

LAYOUT = ("dataset=ratings", "layout=dense_2", "dataset.embedding=4")
ROWS = [(user, item, 1 + (user + item) % 5, 10 * item + user) for user in range(6) for item in range(4 + user)]


def save_ratings(
    file: Path, names: str = "user_id,itemId,stars,timestamp", rows: Sequence[tuple[Any, ...]] = ROWS
) -> Path:
    """Writes ratings whose users and items are words, in no order of time."""
    rows = random.Random(0).sample(rows, len(rows))
    words = [(f"u{user}", f"i{item:02}", *rest) for user, item, *rest in rows]
    pd.DataFrame(words, columns=names.split(",")).to_csv(file, index=False)
    return file


def test_the_last_item_of_each_user_is_tested_and_the_one_before_validates(
    tmp_path: Path, configure: Configure
) -> None:
    file = save_ratings(tmp_path / "bought.csv")
    config = configure(*LAYOUT, f"dataset.path={file}")
    columns = config.dataset.columns.model_dump()  # type: ignore[union-attr]
    assert columns == {"user": "user_id", "item": "itemId", "rating": "stars", "time": "timestamp"}
    splits = open_dataset(config.dataset).splits
    assert splits.test.pairs.tolist() == [[user, 3 + user] for user in range(6)]  # type: ignore[union-attr]
    assert splits.val.pairs.tolist() == [[user, 2 + user] for user in range(6)]  # type: ignore[attr-defined]
    assert len(splits.train) == len(ROWS) - 12
    assert "39 ratings of 9 items by 6 users are used" in splits.notes
    assert re.fullmatch("bought-next@[0-9a-f]{4}", config.dataset.label)


def test_ratings_are_found_from_any_folder(
    tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save_ratings(tmp_path / "bought.csv")
    monkeypatch.chdir(tmp_path)
    relative, absolute = (configure(*LAYOUT, f"dataset.path={path}") for path in ("bought.csv", file))
    assert relative.dataset == absolute.dataset and relative.identity == absolute.identity
    assert relative.dataset.path == str(file)  # type: ignore[union-attr]


def test_times_as_dates_give_the_same_splits_whatever_the_order_of_the_rows(
    tmp_path: Path, configure: Configure
) -> None:
    dated = [(u, i, r, f"2024-01-{1 + t // 10:02} 0{t % 10}:00") for u, i, r, t in ROWS]
    one = save_ratings(tmp_path / "a.csv")
    other = save_ratings(tmp_path / "b.csv", "Customer ID,film,score,Date", dated[::-1])
    first, second = (open_dataset(configure(*LAYOUT, f"dataset.path={file}").dataset).splits for file in (one, other))
    for part in ("train", "val", "test"):
        assert getattr(first, part).pairs.tolist() == getattr(second, part).pairs.tolist()


def test_ratings_are_predicted_in_time_and_what_is_unknown_is_counted(tmp_path: Path, configure: Configure) -> None:
    file = save_ratings(tmp_path / "bought.csv")
    dataset = open_dataset(configure(*LAYOUT, f"dataset.path={file}", "dataset.task=regression").dataset)
    late = sorted(ROWS, key=lambda row: row[3])[-3:]
    assert sorted(dataset.splits.test.inputs.tolist()) == sorted([user, item] for user, item, *_ in late)  # type: ignore[union-attr]
    targets = dataset.splits.test.targets * dataset.task.std + dataset.task.mean  # type: ignore[union-attr, attr-defined]
    assert sorted(targets.round().int().tolist()) == sorted(rating for _, _, rating, _ in late)
    assert any(
        "100% of the test ratings are of a user or an item of which no training" in n for n in dataset.splits.notes
    )


def test_the_first_of_two_ratings_counts_and_choices_need_no_rating(tmp_path: Path, configure: Configure) -> None:
    file = save_ratings(tmp_path / "clicks.csv", "visitor,article,time", [(u, i, t) for u, i, _, t in ROWS])
    with file.open("a") as lines:
        lines.write("u0,i00,999\n")
    splits = open_dataset(configure(*LAYOUT, f"dataset.path={file}").dataset).splits
    assert splits.test.pairs[0].tolist() == [0, 3]  # type: ignore[union-attr]
    assert any(note.startswith("1 further rating of an item by the same user is left out") for note in splits.notes)
    with pytest.raises(UserError, match=r"dataset\.columns\.rating must name the column of the rating"):
        configure(*LAYOUT, f"dataset.path={file}", "dataset.task=regression")


@pytest.mark.parametrize("layout", [("layout=dense_2",), ("layout=mf_32", "norm=no_norm")])
def test_models_score_pairs_without_features(tmp_path: Path, configure: Configure, layout: tuple[str, ...]) -> None:
    resolved = resolve(configure("dataset=ratings", f"dataset.path={save_ratings(tmp_path / 'b.csv')}", *layout))
    inputs, _ = resolved.splits.val.batch(slice(0, 2))
    scores = build_model(resolved).eval()(inputs)
    assert scores.shape == (2, 9) and torch.isfinite(scores).any(dim=1).all()


NAMES = "user,item,stars,time"


@pytest.mark.parametrize(
    ("names", "edit", "more", "message"),
    [
        ("who,item,stars,time", {}, (), r'columns\.user must name .*Pass \'dataset\.columns\.user="who"\''),
        (NAMES, {}, ("dataset.columns.item=itemm",), r"must be a column of .* but got 'itemm'\. Did you mean item\?"),
        (NAMES, {}, ("dataset.columns.time=stars",), r"must be different columns, but 'stars' stands for two"),
        (NAMES, {"item": None}, (), r"every rating must have its 'item', but row 1 below the header"),
        (NAMES, {"time": "soon"}, (), r"every time must be a number or a date .* row 1 .* has 'soon'"),
        (NAMES, {"time": "now"}, (), r"every time must be a number or a date .* row 1 .* has 'now'"),
        (NAMES, {"stars": "good"}, (), r"every rating must be a number, but row 1 .* has 'good'"),
        ("user,userid,stars,time", {}, ("dataset.columns.item=userid",), r"found 'user', 'userid'"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, configure: Configure, names: str, edit: dict[str, object], more: tuple[str, ...], message: str
) -> None:
    file = save_ratings(tmp_path / "bought.csv", names)
    frame = pd.read_csv(file, dtype=object)
    for name, value in edit.items():
        cell: Any = value
        frame.loc[0, name] = cell
    frame.to_csv(file, index=False)
    with pytest.raises(UserError, match=message):
        _ = open_dataset(configure(*LAYOUT, f"dataset.path={file}", *more).dataset).splits


def test_two_missing_columns_are_named_together(tmp_path: Path, configure: Configure) -> None:
    file = save_ratings(tmp_path / "bought.csv", "who,what,stars,when")
    with pytest.raises(UserError) as caught:
        configure(*LAYOUT, f"dataset.path={file}")
    assert [line.split()[0] for line in str(caught.value).splitlines()] == [
        f"dataset.columns.{what}" for what in ("user", "item", "time")
    ]


def test_too_few_ratings_are_refused(tmp_path: Path, configure: Configure) -> None:
    file = save_ratings(tmp_path / "bought.csv", rows=[(user, user % 2, 1, user) for user in range(25)])
    with pytest.raises(UserError, match="with three of one user"):
        _ = open_dataset(configure(*LAYOUT, f"dataset.path={file}").dataset).splits


@pytest.mark.parametrize(
    ("separator", "advised"), [("\t", "dataset.separator=tab"), (";", "'dataset.separator=\";\"'")]
)
def test_columns_that_are_separated_otherwise_are_told_so(
    separator: str, advised: str, tmp_path: Path, configure: Configure
) -> None:
    file = save_ratings(tmp_path / "books.tsv", "reader,book,score,when")
    file.write_text(file.read_text().replace(",", separator))
    for more in ((), ("dataset.columns.user=reader",)):
        with pytest.raises(UserError, match=re.escape(advised)) as caught:
            configure(*LAYOUT, f"dataset.path={file}", *more)
        assert len(str(caught.value).splitlines()) == 1 and "dataset.columns" not in str(caught.value)


def test_two_missing_columns_are_not_advised_to_be_one(tmp_path: Path, configure: Configure) -> None:
    file = save_ratings(tmp_path / "books.csv", "reader,book,score,when")
    with pytest.raises(UserError) as caught:
        configure(*LAYOUT, f"dataset.path={file}")
    assert re.findall(r"Pass '(.*?)'", str(caught.value)) == [
        'dataset.columns.user="reader"', 'dataset.columns.time="when"',
    ]  # fmt: skip
    file.write_text(file.read_text().replace("reader,book,score,when", "user,item,score,rating"))
    with pytest.raises(UserError, match=r"columns\.time must name .* Add such a column to the file\."):
        configure(*LAYOUT, f"dataset.path={file}", "dataset.columns.rating=score")


def test_ratings_may_have_decimal_commas(tmp_path: Path, configure: Configure) -> None:
    file = save_ratings(tmp_path / "bought.csv")
    points = pd.read_csv(file).assign(stars=lambda frame: frame["stars"] + 0.5)
    points.to_csv(file, index=False, sep=";", decimal=",")
    config = configure(*LAYOUT, f"dataset.path={file}", "dataset.separator=';'", "dataset.decimal=','")
    assert isinstance(config.dataset, RatingsConfig)
    assert sorted(load_ratings(config.dataset).ratings.tolist()) == sorted(points["stars"])
