"""Whole numbers beyond 2^53 are exact beside missing cells, or refused where they stand for themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mgu.data.datasets import open_dataset
from mgu.data.digest import digest_file
from mgu.data.tables.dataset import TableDataset
from mgu.data.tables.files import read_table
from mgu.errors import UserError
from mgu.predict.model import load
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from tests.conftest import Configure

STEAM = 76561198000000029  # a float64 has ...024 and ...032 beside it
CELLS = [STEAM + place % 3 for place in range(60)]


def save(folder: Path, form: str, cells: list[Any], gap: str | None = "", **more: list[Any]) -> Path:
    """A column `y` with a gap in the fourth row, written as a CSV or Parquet file."""
    path = folder / f"cells.{form}"
    own: list[Any] = [*cells]
    if gap is not None:
        own[3] = None if form == "parquet" else gap
    frame = pd.DataFrame({"x": np.arange(len(own)) % 7, "y": pd.Series(own, dtype=object), **more})
    if form == "csv":
        frame.to_csv(path, index=False)
    else:
        import pyarrow as pa  # type: ignore[import-untyped]

        kind = pa.uint64() if max(cells) >= 2**63 else pa.int64()
        table = pa.table({"x": pa.array(frame["x"]), "y": pa.array(own, type=kind)})
        pa.parquet.write_table(table, path)
    return path


def read(path: Path) -> pd.DataFrame:
    return read_table(str(path), ",", digest_file(path))


@pytest.mark.parametrize("name", [lambda row: 10 + 2 * row, lambda row: f"row {row}"], ids=["filtered", "text"])
def test_rows_of_a_file_with_an_index_keep_their_own_numbers(name: Callable[[int], Any], tmp_path: Path) -> None:
    pytest.importorskip("pyarrow.parquet")
    cells = [None if row == 4 else STEAM + row for row in range(30)]
    who = pd.Index([name(row) for row in range(30)], name="who")
    path = tmp_path / "cells.parquet"
    pd.DataFrame({"x": range(30), "y": pd.Series(cells, dtype=object).array}, index=who).to_parquet(path)
    found = read_table(str(path), ",", digest_file(path))
    assert [None if pd.isna(own) else int(own) for own in found["y"]] == cells and list(found["x"]) == list(range(30))


@pytest.mark.parametrize("top", [STEAM, 2**64 - 3, 5])
@pytest.mark.parametrize(("form", "gap"), [("csv", ""), ("csv", "NA"), ("csv", " "), ("parquet", "")])
def test_numbers_beside_gaps_are_exact(form: str, gap: str, top: int, tmp_path: Path) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow.parquet")
    cells = [top + place % 3 for place in range(60)]
    column = read(save(tmp_path, form, cells, gap))["y"]
    assert column.isna().tolist() == [place == 3 for place in range(60)]
    assert [int(own) for own in column.dropna()] == [own for place, own in enumerate(cells) if place != 3]
    assert (column.dtype == "float64") == (top == 5)  # small numbers are read as before


@pytest.mark.parametrize("gap", ["", "?", None])
def test_classes_are_exact(gap: str | None, tmp_path: Path, configure: Configure) -> None:
    path = save(tmp_path, "csv", CELLS, gap)
    config = configure(
        "dataset=table", f"dataset.path={path}", "dataset.target=y", "dataset.missing_target=drop", "layout=dense_2",
        "norm=ln", "training.epochs=1", "threads=1",
    )  # fmt: skip
    assert config.dataset.task == "classification"
    run_folder(config).mkdir(parents=True, exist_ok=True)
    run(config)
    kept = json.loads((run_folder(config) / "preprocessing.json").read_text())
    assert kept["outputs"]["names"] == [STEAM, STEAM + 1, STEAM + 2]
    (answer,) = load(run_folder(config)).predict({"x": [3]})
    assert int(answer) in kept["outputs"]["names"]


def refuse(path: Path, configure: Configure, *words: str) -> str:
    config = configure("dataset=table", f"dataset.path={path}", "dataset.target=y", "layout=dense_2", *words)
    dataset = open_dataset(config.dataset)
    assert isinstance(dataset, TableDataset)
    with pytest.raises(UserError) as caught:
        _ = dataset.table
    return str(caught.value)


@pytest.mark.parametrize(
    "cells",
    [[1e17 + 16.0 * (place % 3) for place in range(60)], [10**21 + place % 2 * 10**6 for place in range(60)]],
    ids=["float", "long"],
)
def test_classes_that_were_rounded_are_refused(cells: list[Any], tmp_path: Path, configure: Configure) -> None:
    told = refuse(save(tmp_path, "csv", cells, None), configure, "dataset.task=classification")
    assert told.startswith("classes must be told apart, but 'y' has ") and "beyond 2^53" in told


def test_groups_that_were_rounded_are_refused(tmp_path: Path, configure: Configure) -> None:
    groups = [float(10**17 + 16 * (place // 6)) for place in range(60)]
    path = save(tmp_path, "csv", [place % 2 for place in range(60)], None, who=groups)
    assert refuse(path, configure, "dataset.groups=who").startswith("groups must be told apart, but 'who' has 1e+17 in")


@pytest.mark.parametrize("scale", ["standard", "robust"])
@pytest.mark.parametrize(
    "cells", [[10**17 + place for place in range(60)], [1e17 + 16.0 * place for place in range(60)]]
)
def test_targets_that_a_float_cannot_tell_apart_are_refused(
    cells: list[Any], scale: str, tmp_path: Path, configure: Configure
) -> None:
    words = ("dataset.task=regression", f"dataset.scale={scale}")
    told = refuse(save(tmp_path, "csv", cells, None), configure, *words)
    assert told.startswith("targets must differ by more than float64 can tell, but 'y' is usually 1e+17 ± ")
    assert "where numbers are 16 apart. Subtract a number" in told


@pytest.mark.parametrize(
    "cells", [[1_700_000_000 + place for place in range(60)], [10**18 * place for place in range(60)]]
)
def test_other_large_targets_are_learned(cells: list[int], tmp_path: Path, configure: Configure) -> None:
    path = save(tmp_path, "csv", cells, None)
    config = configure("dataset=table", f"dataset.path={path}", "dataset.target=y", "layout=dense_2")
    table: Any = open_dataset(config.dataset).table  # type: ignore[attr-defined]
    targets = table.splits.train.targets.double() * table.target_std + table.target_mean
    nearest = [min(abs(Decimal(own) - cell) for cell in cells) for own in targets.tolist()]
    assert float(max(nearest)) < 1e-6 * table.target_std
