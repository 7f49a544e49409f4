"""What tests of whole commands in this process share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mgu.cli.main import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the runs in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "runs"))
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code of the command in this process."""
    monkeypatch.setattr(sys, "argv", ["mgu-run", *arguments])
    try:
        main()
    except SystemExit as exited:
        return int(exited.code or 0)
    return 0
