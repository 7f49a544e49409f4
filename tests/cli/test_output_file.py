"""What `--output` names: files are replaced, links are followed, devices and pipes stay what they are."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

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
