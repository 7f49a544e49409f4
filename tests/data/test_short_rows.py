"""Rows of a CSV that are cut short: refused, for pandas takes what they lack for missing values."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from mgu.data.tables.csv_file import read_csv
from mgu.errors import UserError

WHOLE = "a,b,y\n" + "".join(f"{row},{row % 7},{'pq'[row % 2]}\n" for row in range(30))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("5,1", "line 32 of .* has 2. Fill it in"),
        ("5", "line 32 of .* has 1. Fill it in"),
        (",", "line 32 of .* has 2. Fill it in"),
        ('"5\n5",1\n6,1', "line 33 of .* has 2, and 1 more are too short. Fill"),
    ],
)
@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_a_row_that_is_cut_short_is_refused(row: str, said: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"table{ending}"
    text = (WHOLE + row).encode()
    path.write_bytes(gzip.compress(text) if ending.endswith(".gz") else text)
    with pytest.raises(UserError, match=said):
        read_csv(path, ",")


@pytest.mark.parametrize("row", ["", "  ", "5,1,", ",,", '"5, 1",,p', "5,1,p\n\n\n"])
def test_blank_lines_and_missing_values_are_none(row: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n" + WHOLE + row)
    frame = read_csv(path, ",")
    assert len(frame) == 30 + bool(row.strip())
    assert frame["y"].notna().sum() >= 30
