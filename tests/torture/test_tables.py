"""Tables that are damaged or odd: each is learned from or refused in one line, whatever stands in them."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mgu.config.datasets import TableConfig
from mgu.data.tables.dataset import TableDataset
from mgu.data.tables.files import resolve
from mgu.errors import UserError

VALUES: dict[str, Any] = {
    "name": "table", "task": "auto", "drop": [], "separator": ",", "max_categories": 100, "test_share": 0.2,
    "split": "holdout", "sha256": None,
}  # fmt: skip
CELLS = [
    "", " ", "?", "NA", "inf", "-inf", "nan", "1e400", "1e308", "-1e14", "01", "1,5", '"', "'", "\\", "2020-01-31",
    "True", "\x1b[2J", "é", "\0", "9" * 30, "0x1F", "1_000", "=1+1", "[1]", "{}", "null", "x" * 5000, "\r", "1 000",
]  # fmt: skip


def rows() -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"age": random.normal(50, 9, 80).round(1), "city": random.choice(["a", "b"], 80)})
    return frame.assign(price=frame["age"] * 10 + random.normal(0, 30, 80), label=random.choice(["yes", "no"], 80))


def learn(path: Path, **values: Any) -> bool:
    """Whether a table is learned from; anything but that or an error of one line fails the test."""
    try:
        resolved = resolve(VALUES | {"path": str(path)} | values)
        splits = TableDataset(TableConfig(**resolved)).splits
    except UserError as error:
        refusal = str(error)
    else:
        refusal = ""
    if refusal:
        assert len(refusal.splitlines()) == 1 and refusal.isprintable() and refusal.endswith((".", "?"))
        return False
    assert splits.train.batch(slice(None))[0].isfinite().all()
    assert all(len(note.splitlines()) == 1 and note.isprintable() for note in splits.notes)
    return True


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_torn_and_flipped_files(form: str, tmp_path: Path, long_form: bool) -> None:
    text = rows().to_csv(index=False).encode()
    if form == "parquet":
        pytest.importorskip("pyarrow")
        buffer = io.BytesIO()
        rows().to_parquet(buffer)
        text = buffer.getvalue()
    content = gzip.compress(text) if form == "csv.gz" else text
    random = np.random.default_rng(1)
    path = tmp_path / f"table.{form}"
    for number in range(3000 if long_form else 12):
        damaged = bytearray(content[: random.integers(len(content))] if number % 2 else content)
        for place in random.integers(0, max(len(damaged), 1), 3 * (number % 2 == 0)):
            damaged[place] ^= 1 << int(random.integers(8))
        path.write_bytes(damaged)
        learn(path, target="label")


@pytest.mark.parametrize("target", ["label", "price"])
def test_odd_cells(target: str, tmp_path: Path, long_form: bool) -> None:
    random = np.random.default_rng(2)
    path = tmp_path / "table.csv"
    learned = 0
    for number in range(1000 if long_form else len(CELLS)):
        frame = rows().astype(object)
        for cell in [CELLS[number % len(CELLS)], *random.choice(CELLS, number % 3)]:
            frame.iloc[int(random.integers(80)), int(random.integers(4))] = cell
        path.write_text(frame.to_csv(index=False))
        scale, missing = ("standard", "robust")[number % 2], ("refuse", "drop")[number // 2 % 2]
        learned += learn(path, target=target, scale=scale, missing_target=missing)
    assert learned > len(CELLS) // 4


@pytest.mark.parametrize(
    "number", [pytest.param(number, marks=[pytest.mark.long] * bool(number % 3)) for number in range(len(CELLS))]
)
def test_odd_columns(number: int, tmp_path: Path) -> None:
    path, cell = tmp_path / "table.csv", CELLS[number]
    frame = rows().assign(odd=cell, odder=[cell if row % 2 else str(row) for row in range(80)])
    path.write_text(frame.to_csv(index=False))
    learn(path, target="label")
    learn(path, target="odder")
    learn(path, target="odd", task="regression")
    path.write_text(frame.rename(columns={"age": cell}).to_csv(index=False))
    learn(path, target="label")
    learn(path, target=cell or "x")
