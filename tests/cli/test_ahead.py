"""The server begins before the configuration is composed, for commands that will need it."""

from __future__ import annotations

import pytest

from mgu.cli import ahead
from mgu.isolation import PRELOAD_ENERGY, PRELOAD_RUN


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(ahead, "start_server", lambda *modules: calls.append(modules))
    return calls


@pytest.mark.parametrize("words", [["layout=digits_2"], ["-m", "seed=0,1"], ["--config-dir=mine", "layout=own"], []])
def test_what_trains_starts_it(words: list[str], started: list[tuple[str, ...]]) -> None:
    ahead.start_ahead(words, [PRELOAD_ENERGY, PRELOAD_RUN])
    assert started == [(PRELOAD_ENERGY, PRELOAD_RUN)]


def test_sensors_are_not_searched_where_energy_may_be_off(started: list[tuple[str, ...]]) -> None:
    ahead.start_ahead(["energy.enabled=false"], [PRELOAD_ENERGY, PRELOAD_RUN])
    assert started == [(PRELOAD_RUN,)]


@pytest.mark.parametrize("option", ["--help", "-h", "--cfg=job", "--info", "--resolve", "--hel"])
def test_what_only_shows_something_does_not(option: str, started: list[tuple[str, ...]]) -> None:
    ahead.start_ahead(["layout=digits_2", option], [PRELOAD_RUN])
    assert not started
