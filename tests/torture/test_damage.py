"""Damage to the files of a run: cut short, bits flipped over contents and structure, foreign files in their place.

The readers are called in this process; `test_the_command_names_what_is_damaged` goes through the command.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from mgu.cli.report import main as report
from mgu.errors import UserError
from mgu.factory.learner import build_learner
from mgu.factory.resolved_run import resolve
from mgu.factory.trained import load_trained
from mgu.measure.cost import RunCost
from mgu.results.on_disk.record import trained_by
from mgu.results.on_disk.result_file import read_result, write_result
from mgu.results.runs.load import load_results
from mgu.results.schema.seconds import Seconds
from mgu.run.checkpoint import restore_checkpoint, save_checkpoint
from mgu.train.loop import Fit
from tests.conftest import Command, Configure
from tests.examples import example_result


def damages(content: bytes, is_long: bool, samples: int) -> Iterator[bytes]:
    """Cuts at every byte and single flips of every bit in the long form; else as many samples of each."""
    bits = range(8 * len(content)) if is_long and len(content) < 10_000 else None
    cuts = range(len(content)) if bits else None
    drawn = random.Random(0)
    most = samples * (10 if is_long else 1)
    for cut in cuts or (drawn.randrange(len(content)) for _ in range(most)):
        yield content[:cut]
    for bit in bits or (drawn.randrange(8 * len(content)) for _ in range(most)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


def test_a_damaged_result_is_never_taken(tmp_path: Path, long_form: bool) -> None:
    write_result(tmp_path, example_result())
    file = tmp_path / "result.json"
    whole, tried = file.read_bytes(), 0
    for content in damages(whole, long_form, 1000):
        tried += 1
        file.write_bytes(content)
        with pytest.raises(ValueError) as caught:
            read_result(file)
        assert "\n" not in str(caught.value)
    print(f"{tried} damaged result.json: none was taken")
    file.write_bytes(whole)
    assert read_result(file) == example_result()


@pytest.mark.parametrize("name", ["config.yaml", "weights.safetensors", "result.json"])
def test_a_damaged_run_is_not_loaded(name: str, trained_unit: Path, long_form: bool) -> None:
    file = trained_unit / name
    before = {each: each.read_bytes() for each in trained_unit.iterdir() if each.is_file() and each != file}
    tried = 0
    for content in damages(file.read_bytes(), long_form, 15):
        tried += 1
        file.write_bytes(content)
        with pytest.raises(UserError) as caught:
            load_trained(trained_unit)
        assert "\n" not in str(caught.value) and name in str(caught.value)
    assert all(each.read_bytes() == content for each, content in before.items())
    print(f"{tried} damaged {name}: none was loaded, nothing was written")


def test_a_damaged_checkpoint_is_never_restored(configure: Configure, tmp_path: Path, long_form: bool) -> None:
    config = configure("layout=digits_2", "norm=ln")
    resolved, generators = resolve(config), {"shuffle": torch.Generator()}
    learner = build_learner(resolved)
    fit = Fit("ok", [{"epoch": 1}], 1, learner.model.state_dict())
    cost = RunCost(seconds=Seconds(setup=0.0, build=0.0, train=1.0, evaluate=0.0), energy=None, contended=False)
    save_checkpoint(tmp_path, config, learner, generators, fit, cost, [trained_by("cpu", 1)])
    file = tmp_path / "checkpoint.pt"
    whole, tried = file.read_bytes(), 0
    assert restore_checkpoint(tmp_path, config, learner, generators)
    structure = len(whole) - 12_000  # the directory of the archive and the checksum
    contents = (whole[:structure] + end for end in damages(whole[structure:], False, 150))
    for content in [*contents, *damages(whole, long_form, 150)]:
        tried += 1
        file.write_bytes(content)
        with pytest.raises(ValueError):
            restore_checkpoint(tmp_path, config, learner, generators)
    print(f"{tried} damaged checkpoints: none was restored")


def values(**changes: Any) -> dict[str, Any]:
    """A result of the version before there were checksums, with some values changed."""
    return msgspec.to_builtins(example_result(schema_version=4)) | changes


def any_of(*wrong: Any) -> tuple[Any, ...]:
    """Values of any types."""
    return wrong


SECTIONS = {"training": {"epochs": 30}, "optimizer": {"lr": 0.01}}
CONFIGS: list[Any] = [
    *({}, None, [], "x", 1),
    *({**SECTIONS, "training": wrong} for wrong in any_of(None, [], {}, {"epochs": "x"}, {"epochs": -1},
                                                          {"epochs": None})),
    *({**SECTIONS, "optimizer": wrong} for wrong in any_of(None, {}, {"lr": []}, {"lr": 0})),
    *({**SECTIONS, "dataset": wrong} for wrong in any_of(None, [], {"name": []}, {"name": {}}, {"num_classes": "x"},
                                                  {"num_classes": -1}, {"name": "cases", "classes": 3})),
    *({**SECTIONS, "mgu": wrong} for wrong in ("unit", [1], 3)),
    *({**SECTIONS, "layout": wrong} for wrong in any_of(None, "x", [])),
    {**SECTIONS, "energy": {"enabled": "yes"}},
]  # fmt: skip
NUMBERS = ("params_trainable", "params_keras", "flops_per_sample", "epochs", "best_epoch", "seed", "resumed")
FOREIGN: list[bytes] = [
    *(json.dumps(values(config=config)).encode() for config in CONFIGS),
    *(json.dumps(values(**{name: wrong})).encode() for name in NUMBERS for wrong in any_of(-1, 0.5, "x", [])),
    *(json.dumps(values(**{name: -1})).encode() for name in ("num_classes", "trained_together")),
    json.dumps(values(best_epoch=13)).encode(),
    json.dumps(values(dataset=["mnist"])).encode(),
    json.dumps(values(seconds={"setup": -1, "build": 0, "train": 0, "evaluate": 0})).encode(),
    json.dumps(values(val={"loss": 0.1, "accuracy": float("nan")})).encode(),
    json.dumps(values(val={"loss": float("inf"), "accuracy": 0.5})).encode(),
    json.dumps(values(val={"loss": 0.1, "accuracy": 1.5})).encode(),
    json.dumps(values(schema_version=5)).encode(),
    b'{"config":' * 100_000,
    b"[" * 100_000,
    *(b"", b"\0" * 100, b"null", b"[]", b"{}", b'"x"', b"\xff\xfe{}", b"PK\x03\x04", b"{" + b'"a":1,' * 9 + b"}"),
]


def as_folder(path: Path) -> None:
    path.mkdir()


def as_loop(path: Path) -> None:
    path.symlink_to(path.name)


def as_dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


KINDS: list[Callable[[Path], None]] = [as_folder, as_loop, as_dangling, as_pipe, as_huge]


def test_foreign_results_are_named_and_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    makers = [*(lambda path, content=content: path.write_bytes(content) for content in FOREIGN), *KINDS]
    for number, make in enumerate(makers):
        (tmp_path / str(number)).mkdir()
        make(tmp_path / str(number) / "result.json")
    (tmp_path / "good").mkdir()
    write_result(tmp_path / "good", example_result())
    loaded = load_results([tmp_path])
    assert [run.folder.name for run in loaded.runs] == ["good"]
    named = {line.removeprefix(f"{tmp_path}/").split("/")[0] for line in loaded.skipped}
    assert named == {str(number) for number in range(len(makers))}
    report([str(tmp_path)])
    out, err = capsys.readouterr()
    assert "digits_2-ln-s0" in out
    assert err.startswith(f"skipped {len(makers)} files: ") and len(err.splitlines()) == 1 < len(makers)
    report([str(tmp_path), "--format", "json"])
    assert json.loads(capsys.readouterr().out)["skipped"] == loaded.skipped
    print(f"{len(makers)} foreign files: all were named and skipped")


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    energy = example_result().energy
    assert energy
    negative = msgspec.structs.replace(energy, cpu=msgspec.structs.replace(energy.cpu, kwh=-1e-7))
    for wrong in any_of({"energy": negative}, {"epochs": -1}, {"config": {}}, {"best_epoch": 99}, {"seed": -1}):
        with pytest.raises(ValueError):
            write_result(tmp_path, example_result(**wrong))
    assert not list(tmp_path.iterdir())


def test_the_command_names_what_is_damaged(trained_unit: Path, mgu_run: Command) -> None:
    file = trained_unit / "result.json"
    edited = file.read_text().replace('"epochs": 1,', '"epochs": 2,')
    weights = trained_unit / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    copy = shutil.copytree(trained_unit, trained_unit.with_name("other"))
    file.write_text(edited)
    (copy / "weights.safetensors").write_bytes(content)
    for run, name in ((trained_unit, "result.json"), (copy, "weights.safetensors")):
        before = {each.name: each.read_bytes() for each in run.iterdir() if each.is_file()}
        done = mgu_run("explain", str(run))
        assert done.returncode == 2 and f"{name} must be as its run wrote it, but was changed" in done.stderr
        assert "Traceback" not in done.stderr
        assert before == {each.name: each.read_bytes() for each in run.iterdir() if each.is_file()}
