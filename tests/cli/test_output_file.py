"""What `--output` names: files are replaced, links are followed, devices and pipes stay what they are."""

from __future__ import annotations

import os
import re
import socket
import stat
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from mgu.cli import card, export, predict, schema
from mgu.cli.output_file import check_suffix
from mgu.cli.schema import main
from mgu.errors import UserError

REFUSED = "--output must be a file in a folder that is there and can be written, but got "


def test_a_link_stays_one_and_the_file_that_it_leads_to_is_written(tmp_path: Path) -> None:
    for there, name in ((True, "old"), (False, "new")):
        file, link = tmp_path / f"{name}.json", tmp_path / f"{name}.link"
        if there:
            file.write_text("an earlier one")
        link.symlink_to(file.name)
        main(["optimizer", "--output", str(link)])
        assert link.is_symlink() and file.read_text().startswith("{")
    assert sorted(os.listdir(tmp_path)) == ["new.json", "new.link", "old.json", "old.link"]


def test_what_is_no_plain_file_is_not_replaced_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to(os.devnull)
    (tmp_path / "circle").symlink_to("circle")
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("socket")
        for name in ("pipe", "null", "circle", "socket"):
            with pytest.raises(UserError, match=f"{REFUSED}{name}. Pass another."):
                main(["optimizer", "--output", name])
    assert stat.S_ISFIFO(os.stat("pipe").st_mode) and stat.S_ISCHR(os.stat(os.devnull).st_mode)
    assert sorted(os.listdir(tmp_path)) == ["circle", "null", "pipe", "socket"]


@pytest.mark.parametrize(
    ("command", "words", "advice"),
    [
        (export, "run --to torch --output a.onnx", "torch, but got a.onnx. Name it a.pt2, or pass --to onnx."),
        (export, "run --to onnx --output A.PT2", "onnx, but got A.PT2. Name it A.onnx, or pass --to torch."),
        (export, "run --to onnx --output a.csv", "onnx, but got a.csv. Name it a.onnx."),
        (predict, "run x --output a.json", "csv, but got a.json. Name it a.csv, or pass --format json."),
        (predict, "run x --format json --output a.csv", "json, but got a.csv. Name it a.json, or pass --format csv."),
        (card, "run --output b/a.json", "md, but got b/a.json. Name it b/a.md."),
        (schema, "run --output a.onnx", "json, but got a.onnx. Name it a.json."),
    ],
)
def test_a_file_is_not_called_as_if_it_held_another_format(
    command: ModuleType, words: str, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=re.escape(f"--output must be called as what it holds, {advice}")):
        command.main(words.split())
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["a.pt2", "a.pt", "a", "a.bin", "a.v2"])
def test_other_names_say_nothing(name: str) -> None:
    check_suffix(Path(name), "torch")


@pytest.mark.parametrize(("name", "is_told"), [("a.torch", True), ("a.pt", True), ("a.pt2", False)])
def test_what_torch_reads_with_a_warning_is_told(
    name: str, is_told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = SimpleNamespace(name="a-s0")
    monkeypatch.setattr(
        "mgu.predict.model.load", lambda *_, **__: SimpleNamespace(trained=SimpleNamespace(result=result))
    )
    exported = SimpleNamespace(content=b"program", lines=[])
    monkeypatch.setattr("mgu.predict.export_run.export_run", lambda *_: exported)
    monkeypatch.chdir(tmp_path)
    export.main(["run", "--to", "torch", "--output", name])
    assert Path(name).read_bytes() == b"program"
    assert ("expects a name that ends in .pt2" in capsys.readouterr().out) == is_told
