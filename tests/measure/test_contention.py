"""Runs that share a host notice one another, also when one comes and goes between two looks of the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgu.isolation import Crashed, Send, call
from mgu.measure.contention import ContentionMonitor


def visit(send: Send, folder: Path) -> bool:
    with ContentionMonitor(folder) as monitor:
        return monitor.contended


def die_here(send: Send, folder: Path) -> None:
    import os

    ContentionMonitor(folder).__enter__()
    os._exit(0)


def test_alone(tmp_path: Path) -> None:
    with ContentionMonitor(tmp_path) as monitor:
        assert not monitor.look()
    assert not monitor.contended and not list(tmp_path.glob("*.lock"))


def test_both_notice(tmp_path: Path) -> None:
    with ContentionMonitor(tmp_path) as here:
        assert call("tests.measure.test_contention:visit", tmp_path) is True
    assert here.contended


def test_one_after_the_other_is_no_company(tmp_path: Path) -> None:
    assert call("tests.measure.test_contention:visit", tmp_path) is False
    with ContentionMonitor(tmp_path) as here:
        pass
    assert not here.contended


def test_the_dead_are_cleared_away(tmp_path: Path) -> None:
    with pytest.raises(Crashed, match="exit code 0"):
        call("tests.measure.test_contention:die_here", tmp_path)
    assert len(list(tmp_path.glob("*.lock"))) == 1
    with ContentionMonitor(tmp_path) as here:
        assert len(list(tmp_path.glob("*.lock"))) == 1
    assert not here.contended


def test_a_host_where_nothing_can_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with ContentionMonitor(tmp_path / "file" / "folder") as monitor:
        pass
    assert not monitor.contended
