"""The files of runs/: whole or not there."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import PIL
import pytest
import scipy
import sklearn

from mgu.errors import UserError
from mgu.results.on_disk.correct import read_correct, write_correct
from mgu.results.on_disk.files import make_folder, replacing, write_text
from mgu.results.on_disk.finished import read_finished
from mgu.results.on_disk.folder import check_not_foreign, find_result, find_state, run_folder
from mgu.results.on_disk.record import make_result
from mgu.results.on_disk.result_file import OtherVersion, read_result, write_result
from mgu.results.on_disk.sealed import digest_files, seal
from mgu.results.runs.load import load_results
from mgu.results.schema.result import Result
from tests.conftest import Configure
from tests.examples import example_result
from tests.unprivileged import unprivileged


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    result = example_result()
    write_result(tmp_path, result)
    assert read_result(tmp_path / "result.json") == result
    assert os.listdir(tmp_path) == ["result.json"]


def test_what_a_failed_run_did_not_measure_is_none(configure: Configure) -> None:
    result = make_result(configure("norm=ln"), "failed", error="ValueError: x")
    assert (result.status, result.error, result.norm, result.epochs) == ("failed", "ValueError: x", "ln", 0)
    unmeasured = ("params_trainable", "params_keras", "flops_per_sample", "best_epoch", "num_classes", "device")
    assert [getattr(result, name) for name in (*unmeasured, "train", "val", "test", "seconds", "energy")] == [None] * 11


def test_the_libraries_that_decide_numbers_are_recorded_and_change_no_identity(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only those of Python, torch, torchvision, codecarbon and the package were."""
    config = configure("norm=ln")
    monkeypatch.delitem(sys.modules, "networkx", raising=False)
    versions = make_result(config, "failed").versions
    modules = {"numpy": np, "scipy": scipy, "scikit-learn": sklearn, "pandas": pd, "pillow": PIL}
    assert {name: versions[name] for name in modules} == {name: m.__version__ for name, m in modules.items()}
    assert "networkx" not in versions
    monkeypatch.setitem(sys.modules, "networkx", SimpleNamespace(__version__="9.9"))
    again = make_result(config, "failed")
    assert again.versions["networkx"] == "9.9" and again.identity == config.identity


def test_a_result_must_have_all_that_its_schema_requires(tmp_path: Path) -> None:
    values = msgspec.to_builtins(example_result(schema_version=4))
    del values["params_trainable"]  # which may be null, but not absent
    (tmp_path / "result.json").write_text(json.dumps(values))
    with pytest.raises(ValueError, match="params_trainable"):
        read_result(tmp_path / "result.json")


def test_a_result_of_the_first_schema_is_read(tmp_path: Path) -> None:
    values = msgspec.to_builtins(example_result()) | {"schema_version": 1}
    del values["resumed"], values["contended"], values["seconds"]["checkpoint"], values["seconds"]["explain"]
    (tmp_path / "result.json").write_text(json.dumps(values))
    assert read_result(tmp_path / "result.json") == example_result(schema_version=1)


def test_bits_are_read_as_they_were_written_or_not_at_all(tmp_path: Path) -> None:
    write_correct(tmp_path, 11, b"\x0a\xe0")  # a line feed among the bits
    assert read_correct(tmp_path) == (11, b"\x0a\xe0", ()) and os.listdir(tmp_path) == ["correct.bits"]
    for torn in (b"", b"11", b"11\n", b"11\n\x0a", b"11\n\x0a\xe0\x00", b"many\n\x0a", b"0\n"):
        (tmp_path / "correct.bits").write_bytes(torn)
        skipped: list[str] = []
        assert read_correct(tmp_path, skipped=skipped) is None and skipped == [f"{tmp_path}/correct.bits is not whole"]
    assert read_correct(tmp_path / "nowhere", skipped=(skipped := [])) is None and not skipped


def test_bits_that_this_user_may_not_read_are_told(tmp_path: Path) -> None:
    write_correct(tmp_path, 11, b"\x0a\xe0")
    (tmp_path / "correct.bits").chmod(0o000)
    skipped: list[str] = []
    with unprivileged():
        assert read_correct(tmp_path, skipped=skipped) is None
    assert skipped == [f"{tmp_path}/correct.bits is not readable (Permission denied)"]


def test_bits_that_were_changed_after_the_run_are_named_and_not_read(tmp_path: Path) -> None:
    write_correct(tmp_path, 11, b"\x0a\xe0")
    digests = digest_files(tmp_path, ["correct.bits"])
    assert read_correct(tmp_path, digests)
    write_correct(tmp_path, 11, b"\x0b\xe0")  # as whole as before
    skipped: list[str] = []
    assert read_correct(tmp_path, digests, skipped=skipped) is None
    assert skipped == [f"{tmp_path}/correct.bits was changed after it was written"]


def test_writing_that_is_cut_short_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_text(path, "old")

    def write_half() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["result.json"]


@pytest.mark.parametrize(
    "change",
    [{"schema_version": 7}, {"status": "fine"}, {"epochs": "many"}, {"surplus": 1}, {"seconds": {"train": 1.0}}],
)
def test_a_foreign_result_is_refused_in_one_line(change: dict[str, Any], tmp_path: Path) -> None:
    values = msgspec.to_builtins(example_result(schema_version=4)) | change
    (tmp_path / "result.json").write_text(json.dumps(values))
    with pytest.raises(ValueError, match="not a result of schema version 1 to 6: ") as caught:
        read_result(tmp_path / "result.json")
    assert next(iter(change)) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [{"schema_version": 7}, {"surplus": 1}])
def test_what_another_version_wrote_whole_is_told_from_what_is_damaged(
    change: dict[str, Any], configure: Configure
) -> None:
    """It may be newer: it is not trained over but by force. What is damaged is trained again."""
    config = configure()
    file = run_folder(config) / "result.json"
    file.parent.mkdir(parents=True)
    values = msgspec.to_builtins(example_result(identity=config.identity)) | change
    text = (json.dumps(values, indent=2) + "\n").encode()
    file.write_bytes(seal(text))
    with pytest.raises(OtherVersion, match="of another version of mgu than this one, which reads schema"):
        read_result(file)
    for refuse in (check_not_foreign, lambda config: read_finished(run_folder(config))):
        with pytest.raises(UserError, match=r"\)\. Use that version, or move the run's folder away\.$"):
            refuse(config)
    assert find_result(config) is None and find_state(config) == "foreign"
    [line] = load_results([file.parent]).skipped
    assert line.endswith("). Use that version, or move the run's folder away.")
    check_not_foreign(config.model_copy(update={"force": True}))
    assert find_state(config.model_copy(update={"force": True})) == "pending"
    file.write_bytes(text)
    assert find_result(config) is None and find_state(config) == "pending"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_torn_result_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_bytes(content)
    with pytest.raises(ValueError, match="not a result"):
        read_result(tmp_path / "result.json")


def test_not_a_number_never_reaches_a_file() -> None:
    encoded = msgspec.json.encode(example_result(val_accuracy=float("nan")))
    assert b"NaN" not in encoded
    read = msgspec.json.decode(encoded, type=Result)
    assert read.val and read.val_score is None  # which ranks last, and is not taken for a number


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="the runs folder must be a folder that can be written"):
        make_folder(tmp_path / "file" / "runs")
