"""Cells of new rows are what training took them for."""

from __future__ import annotations

import math
from typing import Any

import pytest

from mgu.predict.pairs import PairReader
from mgu.predict.rows import RowReader, as_number
from mgu.predict.table_files import Cells
from mgu.results.on_disk.preprocessing import (
    CategoryColumn,
    Classes,
    Columns,
    Entities,
    NumberColumn,
    Pairs,
    Preprocessing,
)


@pytest.mark.parametrize("cell", ["True", "TRUE", "true", " True", True])
def test_a_truth_value_is_one_class_however_it_is_spelled(cell: object) -> None:
    columns = Columns(
        numbers=[], categories=[CategoryColumn(name="a", values=["False", "True"], rare=[], has_other=False)]
    )
    names: Any
    for names in ([False, True], ["False", "True"]):
        reader = RowReader(Preprocessing(inputs=columns, outputs=Classes(names=names, target="y")))
        found = reader.convert(Cells([1, 2], {"a": [cell, "x"], "y": [cell, "maybe"]}, []), "new.csv")
        assert found.raw[0].tolist() == [[1], [-1]]
        assert found.remarks == [
            "new.csv row 2: 'a' is 'x', which training never saw; it counts like none; "
            "'y' is 'maybe', a class that training never saw"
        ]


@pytest.mark.parametrize("cell", ["", " ", "NA", "?", None, float("nan")])
def test_an_empty_cell_is_a_missing_number(cell: object) -> None:
    number = as_number(cell)
    assert number is not None and math.isnan(number)


def test_numbers_have_the_decimal_mark_of_training() -> None:
    columns = Columns(numbers=[NumberColumn(name="a", center=0.0, scale=1.0, fill=0.0)], categories=[], decimal=",")
    reader = RowReader(Preprocessing(inputs=columns, outputs=Classes(names=[0.5, 1.5], target="y")))
    found = reader.convert(Cells([1, 2, 3], {"a": ["1,5", "1.234", 2.5], "y": ["0,5", "1,5", 0.5]}, []), "new.csv")
    assert found.raw[0].tolist() == [[1.5], [2.5]] and not found.remarks
    assert found.faults == ["new.csv row 2: 'a' must be a finite number with a decimal comma, but is '1.234'"]


def test_a_row_is_one_line_whatever_is_wrong_with_it() -> None:
    """The command counts lines: four rows were told as `1 predicted; 4 inputs could not be`, and one of them twice."""
    numbers = [NumberColumn(name=name, center=0.0, scale=1.0, fill=0.0) for name in "ab"]
    columns = Columns(numbers=numbers, categories=[CategoryColumn(name="c", values=["x"], rare=[], has_other=False)])
    reader = RowReader(Preprocessing(inputs=columns, outputs=Classes(names=[0, 1], target="")))
    cells = {"a": ["1", "much", "much", "1"], "b": ["1", "1", "more", "1"], "c": ["x", "y", "x", "y"]}
    found = reader.convert(Cells([1, 2, 3, 5], cells, ["new.csv row 4 has 2 fields, and the header 3"]), "new.csv")
    rule = "must be a finite number, but is"
    assert found.faults == [
        "new.csv row 4 has 2 fields, and the header 3",
        f"new.csv row 2: 'a' {rule} 'much'",
        f"new.csv row 3: 'a' {rule} 'much'; 'b' {rule} 'more'",
    ]
    assert found.remarks == ["new.csv row 5: 'c' is 'y', which training never saw; it counts like none"]
    assert [own["row"] for own in found.where] == [1, 5]


def test_a_pair_is_one_line_whatever_is_wrong_with_it() -> None:
    users, items = (Entities(column=name, names=["1", "2"], are_numbers=False, untrained=[1]) for name in ("u", "i"))
    reader = PairReader(Pairs(users=users, items=items))
    found = reader.convert(Cells([1, 2, 3], {"u": ["1", "9", "2"], "i": ["1", "9", "9"]}, []), "")
    assert found.faults == [
        "row 2: 'u' '9' is none that training knew; 'i' '9' is none that training knew",
        "row 3: 'i' '9' is none that training knew",
    ]
    assert not found.remarks and [own["row"] for own in found.where] == [1]
