"""The folder in which hostile command lines are tried."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a table and a folder of cases."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "ratings.csv").write_text("user,item,time\n" + "".join(f"{i % 5},{i},{i}\n" for i in range(40)))
    (here / "table.csv").write_text("a,b,y\n" + "".join(f"{i},{i % 7},{'pq'[i % 2]}\n" for i in range(60)))
    for label, case in ((label, case) for label in "pq" for case in range(12)):
        images = here / "cases" / label / f"{label}{case}"
        images.mkdir(parents=True)
        Image.new("RGB", (8, 8), (case * 20, ord(label), 7)).save(images / "acetic.png")
    monkeypatch.chdir(here)
    for name, place in {"MGU_RUNS": here / "runs", "MGU_CACHE": tmp_path / "cache"}.items():
        monkeypatch.setenv(name, str(place))
    return here
