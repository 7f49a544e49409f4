"""Users, items and codes keep their names: whole numbers of any size, and codes whose leading zeros matter."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from mgu.data.datasets import open_dataset
from mgu.data.ratings.names import as_name, check_names, describe_entities
from mgu.data.tables.spellings import CategoryCodes
from mgu.errors import UserError
from mgu.export.columns import are_whole
from mgu.predict.pairs import PairReader
from mgu.results.on_disk.preprocessing import CategoryColumn, Entities, Pairs
from tests.conftest import Configure
from tests.data.test_own_ratings import LAYOUT, ROWS

STEAM = 76561198000000029  # a float64 has ...024 and ...032 beside it


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        *((own, str(STEAM)) for own in (STEAM, str(STEAM), f" {STEAM} ", f"{STEAM}.0", np.int64(STEAM))),
        *((own, "7") for own in (7, 7.0, "7", "7.0", "7e0", "+7", np.float64(7))),
        (7.5, "7.5"),
        ("7.5", "7.5"),
        (float(STEAM), "7.656119800000003e+16"),  # rounded, and the name of nobody
        ("0012", "0012"),
        ("1_000", "1_000"),
        ("12 a", "12 a"),
        (str(2**64), str(2**64)),
    ],
)
def test_numbers_are_named_exactly(cell: Any, name: str) -> None:
    assert as_name(cell, is_number=True) == name


def users(*names: Any) -> Entities:
    return describe_entities("user", names, [True] * len(names), [])


def test_no_user_answers_for_another() -> None:
    people, items = users(STEAM - 1, STEAM, STEAM + 1), describe_entities("item", [1, 2], [True, True], [])
    reader = PairReader(Pairs(users=people, items=items))
    found = reader.read_frame({"user": pd.Series([STEAM + 1, STEAM, STEAM - 1]), "item": np.array([1, 2, 1])})
    assert found.raw[0].tolist() == [2, 1, 0] and [own["user"] for own in found.where][1] == str(STEAM)
    assert "is none that training knew" in reader.read_frame({"user": [float(STEAM)], "item": [1]}).faults[0]
    assert are_whole(people) and not are_whole(users(2**63, 1))


def test_names_that_are_not_told_apart_are_refused(tmp_path: Path, configure: Configure) -> None:
    with pytest.raises(UserError, match=r"must differ in more than blanks, but 'user' has 'a' and 'a '\. Write them"):
        users("a", "a ")
    rated = pd.DataFrame(ROWS, columns=["user", "item", "rating", "time"])
    rated["user"] = rated["user"].map(lambda user: f"{STEAM + user}.0")
    rated.to_csv(tmp_path / "rated.csv", index=False)
    with pytest.raises(UserError, match=r"names must be told apart, but 'user' has 7\.656\d*e\+16, beyond 2\^53"):
        _ = open_dataset(configure(*LAYOUT, f"dataset.path={tmp_path / 'rated.csv'}").dataset).ratings  # type: ignore[attr-defined]


def test_names_that_an_earlier_version_rounded_are_refused() -> None:
    rounded = replace(users(STEAM, STEAM + 1), are_exact=False)
    with pytest.raises(
        UserError, match=r"rounded those of 'user' beyond 2\^53, such as 76561198000000029: .* force=true"
    ):
        check_names(rounded)
    for fine in (users(STEAM), replace(users(1, 2.5), are_exact=False), replace(users("a"), are_exact=False)):
        check_names(fine)


def test_a_code_that_training_never_saw_is_told() -> None:
    codes = CategoryCodes(CategoryColumn(name="code", values=["", "01", "12"]), [])
    odd = defaultdict[int, list[str]](list)
    assert codes.codes(["0012", "12", 12, 12.0, "01", "1"], odd) == [-1, 2, 2, 2, 1, -1]
    assert {place: told.split(", which")[0] for place, [told] in odd.items()} == {
        0: "'code' is '0012'",
        5: "'code' is '1'",
    }


@pytest.mark.parametrize(
    ("values", "rare", "words", "others"),
    [
        (["blue", "red "], ["red"], [], {}),
        (["", "7", "12"], ["-3"], [], {"7.0": "7", "12.0": "12"}),
        (["7", "7.0", "007"], [], [], {}),
        (["", "x"], [], ["?"], {"?": ""}),
        (["?", ""], [], ["?"], {}),
        (["x"], [], ["?"], {}),
    ],
)
def test_texts_that_stand_for_a_category(
    values: list[str], rare: list[str], words: list[str], others: dict[str, str]
) -> None:
    codes = CategoryCodes(CategoryColumn(name="code", values=values, rare=rare, has_other=bool(rare)), words)
    assert codes.texts() == {value: value for value in values} | others


def test_truth_values_are_known_in_any_case_unless_a_spelling_is_a_category() -> None:
    texts = CategoryCodes(CategoryColumn(name="paid", values=["False", "True"]), []).texts()
    assert len(texts) == 2**4 + 2**5 and texts["true"] == texts["TRUE"] == "True" and texts["fALSE"] == "False"
    words = CategoryCodes(CategoryColumn(name="paid", values=["NA", "True", "true"], rare=["TRUE"]), []).texts()
    assert words["true"] == "true" and words["tRue"] == "True" and "TRUE" not in words and "False" not in words
