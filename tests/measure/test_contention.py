"""Runs that share a host notice one another, also when one comes and goes between two looks of the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgu.isolation import Crashed, Send, call
from mgu.measure.contention import Presence


def visit(send: Send, folder: Path) -> bool:
    with Presence(folder) as presence:
        return presence.contended


def die_here(send: Send, folder: Path) -> None:
    import os

    Presence(folder).__enter__()
    os._exit(0)


def test_alone(tmp_path: Path) -> None:
    with Presence(tmp_path) as presence:
        assert not presence.look()
    assert not presence.contended and not list(tmp_path.glob("*.lock"))


def test_both_notice(tmp_path: Path) -> None:
    with Presence(tmp_path) as here:
        assert call("tests.test_presence:visit", tmp_path) is True
    assert here.contended


def test_one_after_the_other_is_no_company(tmp_path: Path) -> None:
    assert call("tests.test_presence:visit", tmp_path) is False
    with Presence(tmp_path) as here:
        pass
    assert not here.contended


def test_the_dead_are_cleared_away(tmp_path: Path) -> None:
    with pytest.raises(Crashed, match="exit code 0"):
        call("tests.test_presence:die_here", tmp_path)
    assert len(list(tmp_path.glob("*.lock"))) == 1
    with Presence(tmp_path) as here:
        assert len(list(tmp_path.glob("*.lock"))) == 1
    assert not here.contended


def test_a_host_where_nothing_can_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Presence(tmp_path / "file" / "folder") as presence:
        pass
    assert not presence.contended
