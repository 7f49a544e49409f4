"""What `mgu-run prune` left is loaded as it was written, or refused in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file

from mgu.errors import UserError
from mgu.factory.trained import load_trained
from mgu.prune import benchmark
from mgu.prune.load import load_pruned, load_pruned_of
from mgu.prune.outcome import read_outcome, write_outcome
from mgu.prune.pipeline import run_pruning
from mgu.results.on_disk.sealed import unseal
from tests.prune.networks import quick


@pytest.fixture(scope="module")
def kept_pruned(kept_unit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a unit that was pruned, once for all tests of this file."""
    folder = Path(shutil.copytree(kept_unit, tmp_path_factory.mktemp("pruned") / "single" / kept_unit.name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmark, "REPEATS", {1: 3, 256: 3})
        run_pruning(load_trained(folder), quick("method=threshold", "epochs=0"), None, lambda line: None)
    return folder


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def _of_other_shapes(path: Path) -> None:
    save_file({name: torch.zeros(3) for name in load_file(path)}, path)


def _without_checksum(path: Path) -> None:
    _of_other_shapes(path)
    _edit(path, files={})


def _strange_decisions(path: Path) -> None:
    _edit(path, decisions={"1.skip": "open"})


def _edit(path: Path, **changes: Any) -> None:
    """Edits prune.json as its writer would have written it."""
    write_outcome(path.parent, msgspec.structs.replace(read_outcome(path.parent), **changes))


def _in_prune_json(old: bytes, new: bytes) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        outcome = path.with_name("prune.json")
        content = outcome.read_bytes()
        assert content.count(old) == 1
        outcome.write_bytes(content.replace(old, new))

    return edit


def _without_seal(path: Path) -> None:
    outcome = path.with_name("prune.json")
    outcome.write_bytes(unseal(outcome.read_bytes())[0])


CHANGED = "must be as pruning wrote it, but was changed after it was written"
DAMAGES: list[tuple[Callable[[Path], object], str]] = [
    (_flip, f"pruned.safetensors {CHANGED}"),
    (_of_other_shapes, f"pruned.safetensors {CHANGED}"),
    (lambda path: path.write_bytes(b"torn"), f"pruned.safetensors {CHANGED}"),
    (_in_prune_json(b'"gates": 10', b'"gates": 11'), f"prune.json {CHANGED}"),
    (_in_prune_json(b'  "sha256": "', b'  "sha256": "0'), f"prune.json {CHANGED}"),
    (_without_seal, f"prune.json {CHANGED}"),
    (_without_checksum, "pruned.safetensors must fit prune.json, but does not"),
    (_strange_decisions, "pruned.safetensors must fit prune.json, but does not"),
    (Path.unlink, "RUN must have been pruned by this version, but .* cannot be read"),
    (lambda path: path.with_name("prune.json").write_text("[1"), "RUN must have been pruned by this version"),
    (lambda path: path.with_name("prune.json").write_text("[" * 100_000), "RUN must have been pruned by this version"),
    (lambda path: _edit(path, identity="0123abcd"), "must be of the run beside it, but is of 0123abcd"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_what_was_damaged_is_refused_in_one_line(
    damage: Callable[[Path], object], message: str, kept_pruned: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(kept_pruned, tmp_path / "runs" / "single" / kept_pruned.name))
    assert load_pruned(folder)
    damage(folder / "prune" / "pruned.safetensors")
    with pytest.raises(UserError, match=message) as caught:
        load_pruned(folder)
    assert "\n" not in str(caught.value) and "Call mgu-run prune" in str(caught.value)


def test_the_outcome_of_an_earlier_version_is_read(kept_pruned: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(kept_pruned, tmp_path / "runs" / "single" / kept_pruned.name))
    outcome = folder / "prune" / "prune.json"
    values = json.loads(outcome.read_text())
    assert len(values.pop("files")) == 2 and values.pop("sha256")
    known = [[(each["name"], each["val"]) for each in values[part]] for part in ("rows", "points")]
    for each in values["rows"] + values["points"]:
        each["accuracy"] = each.pop("val")
    outcome.write_text(json.dumps(values))
    assert load_pruned(folder)
    read = read_outcome(outcome.parent)
    assert [[(each.name, each.val) for each in part] for part in (read.rows, read.points)] == known


def test_no_value_is_called_accuracy_where_another_score_was_trained_for(kept_pruned: Path) -> None:
    """All values of a run with training.score=macro_f1 were called accuracy."""
    text = (kept_pruned / "prune" / "prune.json").read_text()
    assert '"score": "accuracy"' in text and '"accuracy":' not in text


def test_the_unit_keeps_its_weights_where_what_pruning_left_of_it_is_loaded(kept_pruned: Path, tmp_path: Path) -> None:
    """Weights of fine-tuning got into the unit, which export --pruned then refused for its other score."""
    folder = Path(shutil.copytree(kept_pruned, tmp_path / "runs" / "single" / kept_pruned.name))
    tuned = {name: values + 1 for name, values in load_file(folder / "prune" / "pruned.safetensors").items()}
    save_file(tuned, folder / "prune" / "pruned.safetensors")
    _edit(folder / "prune" / "pruned.safetensors", files={})
    trained = load_trained(folder)
    before = {name: values.clone() for name, values in trained.model.state_dict().items()}
    pruned = load_pruned_of(trained)
    assert all(torch.equal(values, tuned[name]) for name, values in pruned.state_dict().items())
    assert all(torch.equal(values, before[name]) for name, values in trained.model.state_dict().items())


def test_a_baseline_is_said_to_have_no_pruned_network(trained_unit: Path) -> None:
    """It was told to be pruned first, which prune refuses."""
    trained = load_trained(trained_unit)
    baseline = msgspec.structs.replace(trained.result, model="baseline", name="digits_3-ln-s0")
    with pytest.raises(UserError, match=r"but digits_3-ln-s0 is a baseline, which has no gates\. Leave out --pruned"):
        load_pruned_of(replace(trained, result=baseline))
