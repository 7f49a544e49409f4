"""Large numbers that are close, such as times in seconds, are scaled by their differences, from training to exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from mgu.data.tables.close import describe_rounded
from mgu.data.tables.encoding import RowEncoding
from mgu.data.tables.extremes import robust_spread
from mgu.data.tables.inputs import encode_inputs
from mgu.export.held_out import take_held_out
from mgu.export.network import Format
from mgu.factory.trained import load_trained
from mgu.predict.export_run import export_run
from mgu.predict.model import load
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.preprocessing import NumberColumn
from mgu.run.execute import run
from tests.conftest import Configure

OFFSETS = {"id": 10**15, "seconds": 1.7e9, "below": -(10**15), "ordinary": 0}


def differences(rows: int, seed: int = 0) -> pd.DataFrame:
    """Numbers near 0, as fractions that float64 has exactly beside 1.7e9."""
    random = np.random.default_rng(seed)
    steps = {"id": 1.0, "seconds": 2.0**-20, "below": 1.0, "ordinary": 0.1}
    return pd.DataFrame({name: random.integers(0, 100, rows) * step for name, step in steps.items()})


def large(near: pd.DataFrame) -> pd.DataFrame:
    return near.assign(**{name: near[name] + offset for name, offset in OFFSETS.items()})


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("scale", ["standard", "robust"])
def test_the_differences_are_scaled(scale: str, gaps: bool) -> None:
    parts = {"train": differences(1000), "test": differences(200, seed=1)}
    for part in parts.values() if gaps else ():
        part.iloc[::7, 0], part.iloc[::5, 1] = np.nan, np.nan
    expected, near = encode_inputs(parts, scale, max_categories=9)
    moved = {name: large(part) for name, part in parts.items()}
    found, columns = encode_inputs(moved, scale, max_categories=9)
    for name in parts:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-6, atol=1e-6)
        again = RowEncoding(columns)(torch.tensor(moved[name].to_numpy()))
        torch.testing.assert_close(again, found[name], rtol=1e-6, atol=1e-6)
    assert [own.scale for own in columns.numbers] == pytest.approx([own.scale for own in near.numbers])
    assert [bool(own.shift) for own in columns.numbers] == [scale == "standard"] * 3 + [False]


def test_other_columns_are_those_of_scikit_learn() -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal([0, 5, 1e4], [1, 0.01, 0.1], (500, 3)), columns=[*"abc"])
    frame["constant"] = 1e15
    found, columns = encode_inputs({"train": frame}, "standard", max_categories=9)
    expected = StandardScaler().fit_transform(frame).astype(np.float32)
    np.testing.assert_allclose(found["train"], expected, rtol=1e-5, atol=1e-7)
    assert not any(own.shift for own in columns.numbers)


def test_robust_deviations_are_of_the_differences() -> None:
    near = differences(1000)["seconds"].to_numpy()
    _, spread = robust_spread(near)
    assert robust_spread(near + 1.7e9) == (np.median(near + 1.7e9), pytest.approx(spread, rel=1e-12))


def test_earlier_files_have_no_shift() -> None:
    assert msgspec.convert({"name": "a", "center": 1.0, "scale": 2.0, "fill": 0.0}, NumberColumn).shift == 0


@pytest.mark.slow
def test_predictions_and_exports_scale_alike(tmp_path: Path, configure: Configure) -> None:
    pytest.importorskip("onnxruntime")
    near = differences(300)
    rows = large(near).assign(price=near["id"] + 1e7 * near["seconds"])
    rows.to_csv(tmp_path / "rows.csv", index=False)
    words = ("dataset=table", f"dataset.path={tmp_path / 'rows.csv'}", "dataset.target=price", "layout=dense_2")
    config = configure(*words, "norm=ln", "training.epochs=20", "optimizer.lr=0.01", "threads=1")
    run_folder(config).mkdir(parents=True, exist_ok=True)
    result = run(config)
    assert result.test and (result.test.r2 or 0) > 0.5  # of unscaled columns a network learns nothing
    held_out = take_held_out(load_trained(run_folder(config)), load_trained(run_folder(config)).model)
    model = load(run_folder(config))
    kept: Any = json.loads((run_folder(config) / "preprocessing.json").read_text())
    assert sum(bool(own["shift"]) for own in kept["inputs"]["numbers"]) == 3
    pd.DataFrame(held_out.raw).to_csv(tmp_path / "test.csv", index=False)
    of_file = [row["prediction"] for row in model.predict_files([tmp_path / "test.csv"]).rows]
    for found in (model.predict(held_out.raw), of_file):
        np.testing.assert_allclose(found, held_out.expected, rtol=1e-5)
    forms: tuple[Format, ...] = ("torch", "onnx")
    for form in forms:
        assert float(export_run(model, form).lines[0].split()[5]) < 1e-5


def frame(*values: Any, dtype: Any = None) -> dict[str, pd.DataFrame]:
    return {"train": pd.DataFrame({"id": pd.array(list(values), dtype=dtype)})}


def test_digits_that_a_float_has_not_are_named() -> None:
    steam = 76561198000000029
    for kind, values in (("int64", [steam, 5]), ("Int64", [steam, None, 7]), ("UInt64", [2**64 - 1, 1])):
        (note,) = describe_rounded(frame(*values, dtype=kind), ["id"], "price")
        assert "rounded: 'id'" in note and f"{values[0]} counts as " in note and "dataset.drop=[id]" in note
    (note,) = describe_rounded(frame(*(1e17 + 16 * number for number in range(9))), ["id"], "price")
    assert "such as 100000000000000000" in note
    for fine in ([2**53 - 1, 5], [2**60, 2**61], [1e20, 3e22, 5.0, float("inf")], [1.5, None]):
        assert describe_rounded(frame(*fine), ["id"], "price") == ()
