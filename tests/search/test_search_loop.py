"""The loop around a strategy, with Hydra's own launcher: ask, train, tell, until nothing is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mgu.cli.main import main
from mgu.config.run import RunConfig
from mgu.results import Result
from mgu.search import GridSearch, Overrides
from mgu.sweep import Sweep

QUICK = ("layout=digits_2", "training.epochs=1", "energy.enabled=false")


@pytest.mark.slow
def test_a_strategy_is_asked_until_it_asks_for_nothing_and_told_every_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three rounds of a strategy that chooses the next seed by the last result."""
    rounds: list[list[Overrides]] = [[[*QUICK, "seed=0"], [*QUICK, "seed=1"]]]
    told: list[tuple[Overrides, int]] = []
    done: list[int] = []

    def ask(self: GridSearch) -> list[Overrides]:
        return rounds.pop() if rounds else []

    def tell(self: GridSearch, overrides: Overrides, result: Result | None) -> None:
        assert result and result.status == "ok" and result.val_score
        told.append((overrides, result.seed))
        if result.seed in (1, 2):
            rounds.append([[*QUICK, f"seed={result.seed + 1}"]])

    def mark_done(self: Sweep, config: RunConfig) -> None:
        done.append(config.seed)

    monkeypatch.setattr(GridSearch, "ask", ask)
    monkeypatch.setattr(GridSearch, "tell", tell)
    monkeypatch.setattr(Sweep, "mark_done", mark_done)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(sys, "argv", ["mgu-run", "-m", *QUICK])
    main()
    assert told == [([*QUICK, f"seed={seed}"], seed) for seed in range(4)]
    assert done == [0, 1, 2, 3]  # the jobs know the sweep that they belong to
    shown = capsys.readouterr().out
    assert "2 runs: 2 ok" in shown and shown.count("1 run: 1 ok") == 2
