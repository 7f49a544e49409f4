"""What a user's file is read as: codes, missing values, types of Parquet, other formats, headers and separators."""

from __future__ import annotations

import datetime
import gzip
import shlex
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mgu.config.datasets import TableConfig
from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.digest import digest_file
from mgu.data.tables.csv_file import read_csv
from mgu.data.tables.dataset import TableDataset
from mgu.data.tables.files import read_table
from mgu.errors import UserError
from mgu.results.on_disk.preprocessing import Columns
from tests.conftest import Configure

ROWS = pd.DataFrame({
    "area": np.random.default_rng(0).uniform(20, 200, 60).round(1),
    "city": ["Bacau", "Cluj", "Iasi"] * 20,
    "sold": ["yes", "no"] * 30,
})  # fmt: skip


def overrides_of(path: Path, *more: str) -> list[str]:
    return ["dataset=table", f"dataset.path={path}", "dataset.target=sold", "layout=dense_2", *more]


def own(config: RunConfig) -> TableConfig:
    assert isinstance(config.dataset, TableConfig)
    return config.dataset


def read(path: Path, separator: str = ",") -> pd.DataFrame:
    return read_table(str(path), separator, digest_file(path))


# Codes and missing values


def test_class_labels_with_leading_zeros_stay_apart(tmp_path: Path, configure: Configure) -> None:
    path = tmp_path / "codes.csv"
    ROWS.assign(sold=["01", "1", "10"] * 20, zip=["01234", "1234", ""] * 20).to_csv(path, index=False)
    dataset = own(configure(*overrides_of(path)))
    table = TableDataset(dataset).table
    assert dataset.task == "classification" and table.classes == ["01", "1", "10"]
    assert table.num_inputs == 1 + 3 + 3  # area, three cities, two codes and none


@pytest.mark.parametrize("labels", [["1", "2", "10"], ["0", "1", "2"], ["0.5", "1.0", "2"], ["-1", "0", "1"]])
def test_numbers_without_leading_zeros_stay_numbers(labels: list[str], tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    ROWS.assign(sold=labels * 20).to_csv(path, index=False)
    assert read_csv(path, ",")["sold"].tolist() == [float(label) for label in labels] * 20


@pytest.mark.parametrize("mark", ["", " ", "   ", "NA", "?", "-", "--", "null", "N/A"])
def test_marks_of_missing_numbers(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    ROWS.assign(area=ROWS["area"].astype(str).where(ROWS.index % 5 > 0, mark)).to_csv(path, index=False)
    assert read_csv(path, ",")["area"].tolist() == pytest.approx(ROWS["area"].where(ROWS.index % 5 > 0), nan_ok=True)


def test_a_blank_is_missing_among_words_where_other_marks_are_words(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    ROWS.assign(city=["Cluj", " ", "?"] * 20).to_csv(path, index=False)
    city = read_csv(path, ",")["city"]
    assert city.isna().tolist() == [False, True, False] * 20 and city[2] == "?"


@pytest.mark.parametrize(
    ("mark", "target"), [("", "sold"), (" ", "sold"), ("?", "sold"), ("", "area"), ("inf", "area")]
)
def test_rows_without_a_target_are_left_out_on_request(
    mark: str, target: str, tmp_path: Path, configure: Configure
) -> None:
    path = tmp_path / "gaps.csv"
    ROWS.assign(**{target: ROWS[target].astype(str).where(ROWS.index % 10 != 3, mark)}).to_csv(path, index=False)
    overrides = overrides_of(path, f"dataset.target={target}")
    with pytest.raises(UserError, match=r"not in 6 of 60 rows \(first in row 4\)\. Pass (\S+) to leave") as caught:
        configure(*overrides)
    config = configure(*overrides, str(caught.value).split("Pass ")[1].split()[0])
    splits = open_dataset(config.dataset).splits
    assert len(splits.train) + len(splits.val) + len(splits.test or ()) == 54
    assert "6 of 60 rows are left out, for their target is missing or infinite" in splits.notes


def test_new_fields_are_no_part_of_an_identity_by_default(tmp_path: Path, configure: Configure) -> None:
    path = tmp_path / "houses.csv"
    ROWS.to_csv(path, index=False)
    usual = configure(*overrides_of(path))
    assert configure(*overrides_of(path, "dataset.scale=standard")).identity == usual.identity
    for override in ("dataset.scale=robust", "dataset.missing_target=drop"):
        assert configure(*overrides_of(path, override)).identity != usual.identity


def test_all_columns_that_cannot_be_used_are_dropped_by_one_override(tmp_path: Path, configure: Configure) -> None:
    path = tmp_path / "houses.csv"
    names = ["sold on", 'x,"y"', "it's", "empty", "price, net"]
    bad = ["2020-01-31", "1. May ", "text ", "", "1,"]
    columns = {name: [f"{text}{row}" if text[-1:] in (" ", ",") else text for row in range(60)]
               for name, text in zip(names, bad, strict=True)}  # fmt: skip
    ROWS.assign(**columns).to_csv(path, index=False)
    with pytest.raises(UserError, match=r"'sold on' has dates .* and 2 more cannot be used") as caught:
        _ = open_dataset(configure(*overrides_of(path)).dataset).splits
    (override,) = shlex.split(str(caught.value).split("out with ")[1].removesuffix("."))
    assert TableDataset(own(configure(*overrides_of(path, override)))).table.num_inputs == 4


# Parquet


def test_types_of_parquet_are_numbers_categories_or_refused_by_name(tmp_path: Path, configure: Configure) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "houses.parq"
    good: dict[str, Any] = {
        "decimal": [Decimal(number) / 4 for number in range(60)],
        "duration": pd.to_timedelta(np.arange(60) * 1.5, "s"),
        "half": (np.arange(60) / 8).astype("float16"),
        "whole": pd.array([1, None, 3] * 20, dtype="Int64"),
        "truth": pd.array([True, False, None] * 20, dtype="boolean"),
        "kind": pd.Categorical(["x", "y"] * 30),
    }
    bad: dict[str, Any] = {
        "day": [datetime.date(2020, 1, 1)] * 60,
        "time": [datetime.time(12)] * 60,
        "bytes": [b"a"] * 60,
        "list": [[1, 2]] * 60,
        "moment": pd.Timestamp("2020-01-31"),
    }
    ROWS.assign(**good, **bad).to_parquet(path)
    with pytest.raises(UserError, match=r"'day' has dates .*dataset.drop=\[day,time,bytes,list,moment\]"):
        _ = open_dataset(configure(*overrides_of(path)).dataset).splits
    for target in bad:
        with pytest.raises(UserError, match=f"must be numbers or classes, but '{target}' has"):
            configure(*overrides_of(path, f"dataset.target={target}"))
    ROWS.assign(**good).to_parquet(path)
    frame = read(path)
    assert frame["decimal"].tolist() == [number / 4 for number in range(60)]
    assert frame["duration"].tolist() == [number * 1.5 for number in range(60)]
    (note, *_) = open_dataset(configure(*overrides_of(path)).dataset).splits.notes
    assert note.startswith("columns taken for numbers: area, decimal, duration, half, whole, and for categories: city")
    assert configure(*overrides_of(path, "dataset.target=decimal")).dataset.task == "regression"


def test_a_named_index_of_parquet_is_a_column(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "houses.parquet"
    ROWS.set_index(pd.Index(range(100, 160), name="house")).to_parquet(path)
    assert read(path)["house"].tolist() == [*range(100, 160)]
    ROWS.set_index(["city", "area"]).to_parquet(path)
    assert sorted(read(path).columns) == ["area", "city", "sold"]
    ROWS.iloc[::-1].to_parquet(path)  # an index without a name
    assert [*read(path).columns] == ["area", "city", "sold"] and read(path).index.tolist() == [*range(60)]


# Other formats, headers and separators


def _zipped(*names: str) -> bytes:
    from io import BytesIO

    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", _zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook .*save the sheet as CSV"),
        ("a.csv", _zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook"),
        ("a.ods", _zipped("mimetype"), "a spreadsheet of LibreOffice"),
        ("a", _zipped("a.csv"), "a zip archive. Unpack it"),
        ("a.npz", _zipped("x.npy", "y.npy"), "an archive of NumPy arrays .*dataset=python dataset.target=my_data:load"),
        ("a.npy", b"\x93NUMPY\1\0", "a NumPy array. Load it in a function of yours"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(100), "an Excel workbook .*save the sheet as CSV"),
        ("a.feather", b"ARROW1\0\0", "a Feather or Arrow file"),
        ("a.json", b'[{"area": 1}]', "is JSON"),
        ("a.h5", b"\x89HDF\r\n", "an HDF5 file"),
        ("a.db", b"SQLite format 3\0", "an SQLite data base"),
        ("a.csv", b"\n<!DOCTYPE html><html>", "a page of HTML"),
        ("a.csv", gzip.compress(b"a,b\n", mtime=0), "packed with gzip"),
        ("a.csv", "a,b\n".encode("utf-16"), "text in UTF-16. Save it as UTF-8"),
        ("a.parquet", b"a,b\n1,2\n", "no Parquet file in spite of its name"),
        ("a.parq", b"PAR1 and no more", "cannot be read as one|must have pyarrow"),
        ("a.csv", b"", "is empty"),
    ],
)  # fmt: skip
def test_other_formats_are_refused_by_what_they_are(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        read(tmp_path / name)


def test_a_missing_header_is_not_blamed_on_the_separator(tmp_path: Path, configure: Configure) -> None:
    path = tmp_path / "houses.csv"
    ROWS.to_csv(path, index=False, header=False)
    with pytest.raises(UserError, match="The first line looks like data: write a line with the names") as caught:
        configure(*overrides_of(path))
    assert "separator" not in str(caught.value)
    ROWS.assign(twice=ROWS["area"]).to_csv(path, index=False, header=False)
    with pytest.raises(UserError, match=r"must differ, .* The first line looks like data"):
        configure(*overrides_of(path))


@pytest.mark.parametrize("separator", [";", "\t", "|", ":"])
def test_the_separator_is_named_and_can_be_pasted(separator: str, tmp_path: Path, configure: Configure) -> None:
    path = tmp_path / "houses.tsv"
    ROWS.to_csv(path, index=False, sep=separator)
    with pytest.raises(UserError, match="separated otherwise: pass") as caught:
        configure(*overrides_of(path))
    (override,) = shlex.split(str(caught.value).rsplit("pass ", 1)[1].removesuffix("."))
    assert TableDataset(own(configure(*overrides_of(path, override)))).table.num_inputs == 4


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([], "and dataset.target must be .*, but are not set. Pass dataset.path=FILE dataset.target=COLUMN."),
        (["dataset.path=a.csv"], "dataset.target must be .*, but is not set. Pass dataset.target=COLUMN."),
        (["dataset.path=a.csv", "dataset.target=1.5"], """pass 'dataset.target="1.5"'."""),
        (["dataset.path=a.csv", "dataset.target=true"], """pass 'dataset.target="true"'."""),
        (["dataset.path=a.csv", "dataset.target=[a]"], "Pass one name."),
        (["dataset.path=.", "dataset.target=a"], "must be a file, but . is a folder"),
        (["dataset.path=/dev/zero", "dataset.target=a"], "must be a file, but /dev/zero is none"),
    ],
)  # fmt: skip
def test_a_path_and_a_target_that_are_missing_or_odd(overrides: list[str], message: str, configure: Any) -> None:
    with pytest.raises(UserError, match=message):
        configure("dataset=table", "layout=dense_2", *overrides)


# Decimal commas


def test_decimal_commas_are_read_as_points_are(tmp_path: Path, configure: Configure) -> None:
    gaps = ROWS.assign(share=np.where(ROWS.index % 5 > 0, ROWS["area"] / 7, np.nan), whole=ROWS.index)
    for name, mark in (("points.csv", "."), ("commas.csv", ",")):
        gaps.to_csv(tmp_path / name, index=False, sep=";", decimal=mark, na_rep="?")
    points, commas = read_csv(tmp_path / "points.csv", ";"), read_csv(tmp_path / "commas.csv", ";", ",")
    pd.testing.assert_frame_equal(points, commas)
    of_file = overrides_of(tmp_path / "commas.csv", "dataset.separator=';'", "dataset.decimal=','")
    dataset = TableDataset(own(configure(*of_file)))
    assert dataset.table.num_inputs == 4 + 3  # numbers, one with gaps, and three cities
    inputs = dataset.preprocessing.inputs
    assert isinstance(inputs, Columns) and inputs.decimal == ","


def test_what_separates_thousands_is_no_decimal_mark(tmp_path: Path) -> None:
    path = tmp_path / "thousands.csv"
    path.write_text("a;b\n" + "1.234;1,5\n2.345;?\n" * 3)
    frame = read_csv(path, ";", ",")
    assert frame["a"].tolist() == ["1.234", "2.345"] * 3
    assert frame["b"].tolist() == pytest.approx([1.5, np.nan] * 3, nan_ok=True)


def test_a_file_with_semicolons_and_decimal_commas_leads_to_both_settings(tmp_path: Path, configure: Configure) -> None:
    path = tmp_path / "clinic.csv"
    ROWS.to_csv(path, index=False, sep=";", decimal=",")
    overrides: list[str] = []
    for advised in ("dataset.separator=", "dataset.decimal="):
        with pytest.raises(UserError, match=advised) as caught:
            _ = open_dataset(own(configure(*overrides_of(path, *overrides)))).splits
        overrides += [word.rstrip(".,") for word in shlex.split(str(caught.value).replace("'sold'", "")) if
                      word.startswith(advised)]  # fmt: skip
    assert overrides == ['dataset.separator=";"', 'dataset.decimal=","']
    assert open_dataset(own(configure(*overrides_of(path, *overrides)))).splits
    with pytest.raises(UserError, match=r"dataset\.decimal must be a point or a comma, but got 'x'"):
        configure(*overrides_of(path, overrides[0], "dataset.decimal=x"))


def test_the_decimal_mark_is_part_of_the_identity_where_it_is_no_point(tmp_path: Path, configure: Configure) -> None:
    ROWS.to_csv(tmp_path / "houses.csv", index=False)
    usual, point, comma = (
        configure(*overrides_of(tmp_path / "houses.csv", *more)).identity
        for more in ((), ("dataset.decimal=.",), ("dataset.decimal=','",))
    )
    assert usual == point != comma
