"""An exported file takes images as they are in the user's files, and says what goes in and what comes out."""

from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from mgu.errors import RunsFailed, UserError
from mgu.export.checks import check_equivalent, check_score
from mgu.export.description import describe_export
from mgu.export.network import Format, end_to_end, export_network
from mgu.factory.trained import TrainedRun, load_trained
from mgu.prune import benchmark
from mgu.prune.convert import convert_network, logits_of
from mgu.prune.load import load_pruned
from mgu.prune.pipeline import run_pruning
from mgu.tasks.score import SCORES
from tests.factory.matrix import UNITS, Matrix
from tests.prune.networks import network, quick

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("decoded_apart")]

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("export"))


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "REPEATS", {1: 3, 256: 3})


def exported(matrix: Matrix, data: str, form: Format, *overrides: str) -> tuple[TrainedRun, Path]:
    trained = load_trained(matrix.train(matrix.config(data, UNITS["reference"], *overrides)))
    _, folder = run_pruning(trained, quick("method=threshold", "epochs=0"), form, lambda line: None)
    return trained, folder / {"onnx": "converted.onnx", "torch": "converted.pt2"}[form]


def session_of(file: Path) -> Any:
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def test_onnx_takes_the_digits_of_scikit_learn_as_they_are(matrix: Matrix) -> None:
    """The right value is the accuracy of the run: it was 10 % where the pixels had to be divided by 16 first."""
    trained, file = exported(matrix, "named images", "onnx", "training.epochs=6")
    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = session_of(file)
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.shape, taken.type) == ("images", ["batch", 1, 8, 8], "tensor(uint8)")
    assert (given.name, given.shape) == ("logits", ["batch", 10])
    digits = load_digits()
    _, test = train_test_split(range(len(digits.target)), test_size=0.2, random_state=0, stratify=digits.target)
    pixels = digits.images[test][:, None].astype(np.uint8)
    (logits,) = session.run(None, {"images": pixels})
    classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    assert trained.result.val and trained.result.val.accuracy and trained.result.val.accuracy > 0.5
    found = np.mean([int(classes[index]) for index in logits.argmax(axis=1)] == digits.target[test])
    pruned = logits_of(load_pruned(trained.folder), trained.splits.val).numpy()
    np.testing.assert_allclose(logits, pruned, atol=1e-5 * np.abs(pruned).max(), rtol=0)
    assert found == pytest.approx(np.mean(pruned.argmax(axis=1) == digits.target[test]), abs=1e-3)
    (one,) = session.run(None, {"images": pixels[:1]})
    np.testing.assert_allclose(one, logits[:1], atol=1e-5, rtol=1e-5)
    with pytest.raises(Exception, match="Unexpected input data type"):  # pixels / 255 are refused, not misread
        session.run(None, {"images": pixels.astype(np.float32) / 255})


def test_the_file_says_of_which_run_it_is(matrix: Matrix) -> None:
    trained, file = exported(matrix, "cases", "onnx")
    about = session_of(file).get_modelmeta().custom_metadata_map
    assert about == describe_export(trained, is_pruned=True) == {**describe_export(trained), "pruned": about["pruned"]}
    assert about["pruned"].startswith("mgu-run prune replaced gates by constants")
    assert json.loads(about["classes"]) == ["cancer", "normal", "type_1"]
    assert about["identity"] == trained.result.identity and about["run"] == trained.result.name
    assert about["dataset"] == trained.config.dataset.label and len(about["dataset_sha256"]) == 64
    assert about["input_range"] == "0..255" and json.loads(about["input_shape"]) == ["batch", 3, 8, 8]
    assert about["input_channels"] == "red, green, blue" and "crop" in about["resize"] and about["mgu_version"]


def test_a_torch_program_takes_raw_images_and_says_the_same(matrix: Matrix) -> None:
    trained, file = exported(matrix, "images held out", "torch")
    extra = {"mgu.json": ""}
    program = torch.export.load(io.BytesIO(file.read_bytes()), extra_files=extra).module()
    assert json.loads(extra["mgu.json"]) == describe_export(trained, "torch", is_pruned=True)
    data: Any = trained.splits.val
    pruned = logits_of(convert_network(load_pruned(trained.folder)), data)
    for count in (1, 7, len(data)):
        check_equivalent("exported", program(data.pixels[:count]), pruned[:count])


@pytest.mark.parametrize("form", [pytest.param("torch", marks=pytest.mark.long), "onnx"])
def test_any_number_of_images(form: Format, matrix: Matrix) -> None:
    model, _ = network()
    trained = load_trained(matrix.train(matrix.config("named images", UNITS["reference"])))
    data: Any = trained.splits.val
    module, about = end_to_end(model, trained.preprocessing), {"input": "images", "output": "logits", "key": "ä"}
    _, infer = export_network(module, [data.raw(slice(0, 1))], form, trained.preprocessing, about)
    with torch.inference_mode():
        for count in (1, 2, 300):
            index = slice(0, count)
            check_equivalent("exported", infer(data.raw(index)), model(data.batch(index)[0]))


def test_names_of_classes_are_those_that_the_authors_publish() -> None:
    from mgu.config.datasets import NamedImagesConfig
    from mgu.data.images.class_names import class_names

    def names(name: str) -> list[str]:
        config = NamedImagesConfig(name=name, root="", split="paper", image_shape=[1, 8, 8], num_classes=10)
        return class_names(config)

    assert names("mnist") == names("digits") == [*"0123456789"]
    from torchvision.datasets import FashionMNIST

    assert names("fashion_mnist") == FashionMNIST.classes and len(names("cifar10")) == 10


@pytest.mark.parametrize("form", ["torch", "onnx"])
def test_data_of_a_function_go_in_as_it_returned_them(form: Format, matrix: Matrix, tmp_path: Path) -> None:
    lines: list[str] = []
    trained = load_trained(matrix.train(matrix.config("classes of a function", UNITS["reference"])))
    run_pruning(trained, quick("method=threshold", "epochs=0"), form, lines.append)
    assert lines[0].startswith(
        "the exported file takes float32 inputs; preprocessing none in the graph: inputs as own_code"
    )
    about = describe_export(trained)
    assert (about["input"], about["input_shape"], about["classes"]) == ("inputs", '["batch", 4]', '["0", "1", "2"]')
    assert about["input_source"].startswith("own_code:classes, source ") and "input_range" not in about
    data: Any = trained.splits.val
    pruned = logits_of(convert_network(load_pruned(trained.folder)), data)
    rows = data.raw(slice(None))
    if form == "torch":
        program = torch.export.load(trained.folder / "prune" / "converted.pt2").module()
        check_equivalent("exported", program(rows), pruned)
    else:
        session = session_of(trained.folder / "prune" / "converted.onnx")
        assert session.get_inputs()[0].shape == ["batch", 4]
        check_equivalent("exported", torch.from_numpy(session.run(None, {"inputs": rows.numpy()})[0]), pruned)


def test_images_of_a_function_go_in_as_bytes(matrix: Matrix) -> None:
    trained, file = exported(matrix, "images of a function", "onnx")
    data: Any = trained.splits.val
    (logits,) = session_of(file).run(None, {"images": data.pixels.numpy()})
    pruned = logits_of(convert_network(load_pruned(trained.folder)), data)
    check_equivalent("exported", torch.from_numpy(logits), pruned)
    about = describe_export(trained)
    assert about["preprocessing"] == "in the graph: pixels / 255" and about["input_channels"] == "grey"


def own_layer(matrix: Matrix, name: str) -> TrainedRun:
    layer = f"layout.layer={{target: own_code:{name}, folder: {matrix.folder}, options: {{}}}}"
    return load_trained(matrix.train(matrix.config("images held out", UNITS["reference"], layer)))


@pytest.mark.parametrize("form", [None, pytest.param("torch", marks=pytest.mark.long)])
def test_a_unit_around_a_layer_of_the_users_is_pruned_and_exported(form: Format | None, matrix: Matrix) -> None:
    trained, lines = own_layer(matrix, "Conv"), list[str]()
    outcome, folder = run_pruning(
        trained, quick("method=threshold", "thresholds=[0.5]", "epochs=0"), form, lines.append
    )
    assert lines[form is not None].startswith("layers of own_code:Conv stay as they are")
    rows = {row.name: row for row in outcome.rows}
    assert rows["converted"].val == rows["pruned"].val and (folder / "converted.pt2").exists() == bool(form)
    assert rows["converted"].cost.params_keras < rows["unit"].cost.params_keras
    assert rows["unit"].cost.flops == trained.result.flops_per_sample
    layers = [module for module in load_pruned(trained.folder).modules() if type(module).__name__ == "Conv"]
    assert layers  # none has become a layer of torch's, which would compute half of it


def test_a_layer_that_cannot_be_exported_is_told_before_pruning(matrix: Matrix) -> None:
    trained = own_layer(matrix, "Choosing")
    with pytest.raises(
        UserError, match=r"that torch.export can trace, as layout.layer own_code:Choosing, but .*\.py:42"
    ):
        run_pruning(trained, quick(), "torch", pytest.fail)
    assert not (trained.folder / "prune").exists()


def test_tables_are_not_exported_yet_and_nothing_is_trained(matrix: Matrix) -> None:
    trained = load_trained(matrix.train(matrix.config("classification", UNITS["reference"])))
    with pytest.raises(
        UserError, match=r"^--export must be of a run on images or on .*, but .* is of dataset=table.*Leave out"
    ):
        run_pruning(trained, quick(), "onnx", pytest.fail)
    assert not (trained.folder / "prune").exists()


def test_an_export_that_classifies_otherwise_is_refused() -> None:
    check_score("exported", 0.9713, 0.9715)
    for found in (0.10, float("nan")):
        with pytest.raises(RunsFailed, match=r"must be as good as .* 97\.15%"):
            check_score("exported", found, 0.9715)


@pytest.mark.parametrize("unit", [1e-7, 1.0, 1e7])
def test_an_export_whose_error_differs_is_refused_whatever_the_unit_of_the_target(unit: float) -> None:
    error = partial(check_score, "exported", score=SCORES["regression"], spread=2 * unit)
    error(0.5015 * unit, 0.5 * unit)
    error(0.001 * unit, 1e-6 * unit)  # of a fit beyond rounding
    with pytest.raises(RunsFailed, match="must be as good as"):
        error(0.6 * unit, 0.5 * unit)
