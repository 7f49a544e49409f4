"""Exports of a regression whose targets are far from zero beside their spread say what the run says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from mgu.errors import RunsFailed
from mgu.export.end_to_end import Unstandardise
from mgu.export.network import Format
from mgu.predict import export_run as exporting
from mgu.predict.export_run import export_run
from mgu.predict.model import Model, load
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.preprocessing import Quantity
from mgu.run.execute import run
from tests.conftest import compose_run

onnxruntime = pytest.importorskip("onnxruntime")

MEAN, STD = 1.7e9 + 37, 100.0  # a float32 has steps of 128 there


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    cells = np.random.default_rng(0).normal(size=(300, 3))
    return pd.DataFrame(cells, columns=[*"abc"]).assign(y=MEAN + STD * cells @ [1, 0.5, 0.2])


@pytest.fixture(scope="module")
def model(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("far")
    rows.to_csv(folder / "rows.csv", index=False)
    words = ("dataset=table", f"dataset.path={folder / 'rows.csv'}", "dataset.target=y", "layout=dense_2", "norm=ln")
    config = compose_run(folder / "runs", *words, "training.epochs=3", "threads=1")
    run_folder(config).mkdir(parents=True)
    run(config)
    return load(run_folder(config))


def ask(content: bytes, rows: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (answers,) = session.run(None, {name: rows[name].to_numpy(float) for name in "abc"})
    assert session.get_outputs()[0].type == "tensor(double)"
    return answers


@pytest.mark.parametrize("form", ["torch", "onnx"])
def test_the_file_and_the_run_agree_beside_the_spread(form: Format, model: Model, rows: pd.DataFrame) -> None:
    outputs = model.preprocessing.outputs
    assert isinstance(outputs, Quantity) and outputs.mean > 1e9
    content, (line, *_) = export_run(model, form)
    assert 0 < float(line.split()[5]) < 1e-5  # of the spread, where 1e-5 of the answers is 17,000
    if form == "onnx":
        own = model.predict(rows)
        assert len(np.unique(own)) == len(rows)
        np.testing.assert_allclose(ask(content, rows), own, rtol=0, atol=1e-5 * outputs.std)


def test_eight_bits_are_around_the_same_mean(model: Model, rows: pd.DataFrame) -> None:
    outputs = model.preprocessing.outputs
    assert isinstance(outputs, Quantity)
    answers = ask(export_run(model, "onnx", int8=True).content, rows)
    assert np.abs(answers - model.predict(rows)).max() < outputs.std
    assert abs((answers - model.predict(rows)).mean()) < 0.03 * outputs.std


def test_a_difference_beside_the_spread_is_found(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    exact: Callable[..., Tensor] = exporting._run
    monkeypatch.setattr(exporting, "_run", lambda *given: exact(*given) + 0.001 * STD)
    with pytest.raises(RunsFailed, match=r"the torch\.export model must equal the one it was derived from"):
        export_run(model, "torch")


def test_the_mean_is_in_float64_in_any_graph() -> None:
    decode = Unstandardise(MEAN, STD)
    program = torch.export.export(nn.Sequential(decode), (torch.zeros(2, 1),))
    assert {own.dtype for own in program.state_dict.values()} == {torch.float64}
    assert decode(torch.tensor([[1.0], [-0.01]])).tolist() == [MEAN + STD, MEAN + STD * np.float64(np.float32(-0.01))]
