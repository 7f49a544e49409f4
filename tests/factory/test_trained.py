"""A run's folder as a trained model, and the one line that is said where it is none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from torch import nn

from mgu.errors import UserError
from mgu.factory import trained
from mgu.factory.model import build_model
from mgu.factory.resolved_run import ResolvedRun
from mgu.factory.trained import load_trained
from mgu.results.on_disk.folder import lock_run
from mgu.results.on_disk.result_file import read_result, write_result
from mgu.results.runs.find import find_run
from mgu.tasks.classification import Classification
from mgu.train.loop import evaluate


def test_the_model_is_the_one_that_was_reported(trained_unit: Path) -> None:
    loaded = load_trained(trained_unit)
    assert loaded.folder == trained_unit and loaded.result == read_result(trained_unit / "result.json")
    assert loaded.config.identity == loaded.result.identity and not loaded.model.training
    assert loaded.result.val
    accuracy = evaluate(loaded.model, loaded.splits.val, Classification(10), 1000)["accuracy"]
    assert accuracy == pytest.approx(loaded.result.val.accuracy)
    assert all(parameter.requires_grad and not parameter.is_meta for parameter in loaded.model.parameters())


def test_a_run_goes_by_its_path_or_by_any_name_that_fits_one(trained_unit: Path) -> None:
    bare = "digits_2-mgu-reference-s0"
    for name in (
        trained_unit,
        trained_unit / "result.json",
        trained_unit.name,
        f"single/{trained_unit.name}",
        bare,
        f"single/{bare}",
    ):
        assert find_run(name) == trained_unit
    (trained_unit.parents[1] / "other" / f"{bare}-0123abcd").mkdir(parents=True)
    others = rf"must name one run, but {bare} fits 2: other/{bare}-0123abcd \(not finished\), single/{bare}-\w+ \("
    with pytest.raises(UserError, match=others):
        find_run(bare)


def _rewrite(**changes: object) -> Callable[[Path], None]:
    def rewrite(folder: Path) -> None:
        write_result(folder, msgspec.structs.replace(read_result(folder / "result.json"), **changes))

    return rewrite


def _edit_config(old: str, new: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "config.yaml"
        path.write_text(path.read_text().replace(old, new))

    return edit


def _weights_of_another_layout(folder: Path) -> None:
    weights = load_file(folder / "weights.safetensors")
    save_file({name: torch.zeros(3) for name in weights}, folder / "weights.safetensors")


DAMAGES = [
    (lambda folder: (folder / "result.json").unlink(), "RUN must be finished, but .* has no result.json"),
    (lambda folder: (folder / "result.json").write_text("{"), "result.json must be readable, but is not a result"),
    (_rewrite(status="failed", error="RuntimeError: fire"), r"must have been trained, but .* failed \(RuntimeError"),
    (_rewrite(status="diverged", best_epoch=None), "RUN must have weights, but .* diverged before"),
    (_rewrite(identity="0123abcd"), "must be the configuration of the run 0123abcd, but is that of"),
    (lambda folder: (folder / "config.yaml").unlink(), "config.yaml must be readable, but is not"),
    (lambda folder: (folder / "config.yaml").write_text("a: ["), "config.yaml must be readable, but is not"),
    (lambda folder: (folder / "config.yaml").write_text("- 1"), "config.yaml must be"),
    (_edit_config("num_layers: 2", "num_layers: two"), "must be a configuration of this version, but: layout.num_lay"),
    (lambda folder: (folder / "weights.safetensors").unlink(), "RUN must have weights, but .* is missing"),
    (lambda folder: (folder / "weights.safetensors").write_bytes(b"torn"), "must be whole, but cannot be read"),
    (_weights_of_another_layout, "weights.safetensors must fit .*config.yaml, but does not"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_what_is_no_trained_run_is_told_in_one_line(
    damage: Callable[[Path], object], message: str, trained_unit: Path
) -> None:
    _rewrite(files={})(trained_unit)  # an earlier version kept no checksums, which say less of what is wrong
    damage(trained_unit)
    with pytest.raises(UserError, match=message) as caught:
        load_trained(trained_unit)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("stored", "asked"), [("gone", "elsewhere"), ("", "")])
def test_data_are_looked_for_elsewhere_only_if_they_are_gone(
    stored: str, asked: str, trained_unit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _rewrite(files={})(trained_unit)  # an earlier version kept no checksum
    path = trained_unit / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["dataset"]["root"] = f"{trained_unit}/{stored}"  # not of the identity
    path.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("MGU_DATA", "elsewhere")
    dataset: Any = load_trained(trained_unit).config.dataset
    assert dataset.root == (asked or f"{trained_unit}/")


def test_a_folder_that_is_missing_or_no_runs(trained_unit: Path) -> None:
    with pytest.raises(UserError, match=r"there is no digits_2-mgu-refrence-s0\. Did you mean digits_2-mgu-reference"):
        load_trained("digits_2-mgu-refrence-s0")
    with pytest.raises(UserError, match=r"there is no zzz\. Its folder's name is enough if it is in"):
        load_trained("zzz")
    with pytest.raises(UserError, match=r"the folder of one run, but .*single is not\. Name one of the 1 below it"):
        load_trained(trained_unit.parent)
    (trained_unit.parents[2] / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty is not\. A run's folder holds a result.json"):
        load_trained(trained_unit.parents[2] / "empty")


def _twin(folder: Path, name: str, **changes: object) -> Path:
    """A copy of a run under another hash, whose configuration says something else."""
    twin = Path(shutil.copytree(folder, folder.with_name(name)))
    config = yaml.safe_load((twin / "config.yaml").read_text())
    for key, value in changes.items():
        section, _, field = key.partition("__")
        config[section][field] = value
    (twin / "config.yaml").write_text(yaml.safe_dump(config))
    return twin


def test_runs_of_one_name_are_told_apart_by_what_differs(trained_unit: Path) -> None:
    bare = "digits_2-mgu-reference-s0"
    _twin(trained_unit, f"{bare}-00000001", optimizer__lr=0.5)
    _twin(trained_unit, f"{bare}-00000002", dataset__name="mnist", dataset__root="elsewhere")
    broken = _twin(trained_unit, f"{bare}-00000003")
    (broken / "config.yaml").write_text("- {")
    with pytest.raises(UserError) as caught:
        find_run(bare)
    told = str(caught.value)
    assert f"{bare}-00000001 (digits, optimizer.lr=0.5)," in told and f"{bare}-00000002 (mnist, optim" in told
    assert f"{bare}-00000003 (digits, optimizer.lr=0.01)" in told and "root" not in told and "\n" not in told
    for name in (f"single/{bare}-00000001", f"{bare}-00000002"):  # as the message names them
        assert find_run(name).name == name.rpartition("/")[2]


def test_a_suggestion_fits_one_run_and_is_of_the_kind_that_was_meant(trained_unit: Path) -> None:
    _twin(trained_unit, "digits_2-mgu-reference-s0-00000001")
    _twin(trained_unit, "digits_2-mgv-referenc-s0-00000002")  # nearer, but of no unit
    with pytest.raises(UserError, match=r"there is no digits_2-mgu-refernc-s0\. Did you mean ") as caught:
        find_run("digits_2-mgu-refernc-s0")
    suggested = str(caught.value).rpartition("Did you mean ")[2].rstrip("?")
    assert find_run(suggested).name.startswith("digits_2-mgu-reference-s0-")


@pytest.mark.parametrize("name", ["", "/", "*", ".", "..", "~nobody-here/x", "x" * 5000, "single", "single/", "a\0b"])
def test_a_name_that_is_none_is_told_in_one_line(name: str, trained_unit: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(trained_unit.parents[1])
    with pytest.raises(UserError, match=r"^RUN must be the folder of ") as caught:
        find_run(name)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000


def test_a_run_that_is_being_trained_is_not_read(trained_unit: Path) -> None:
    (trained_unit / "result.json").unlink()
    with lock_run(trained_unit), pytest.raises(UserError, match=r"RUN must be finished, but .* is being trained"):
        load_trained(trained_unit)
    with pytest.raises(UserError, match=r"has no result\.json"):
        load_trained(trained_unit)


def test_buffers_without_values_are_a_bug_that_is_named(trained_unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_an_empty_buffer(resolved: ResolvedRun) -> nn.Module:
        model = build_model(resolved)
        model.register_buffer("features", torch.empty(3, device="meta"), persistent=False)
        return model

    monkeypatch.setattr(trained, "build_model", with_an_empty_buffer)
    with pytest.raises(AssertionError, match="features has no values"):
        load_trained(trained_unit)
