"""Runs stay what they were: identities, bits of weights, accuracies of `make demo`; see tests/golden/record.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command
from tests.golden import record


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text())
    return content


@pytest.mark.slow
@pytest.mark.parametrize("with_experiments", [False, pytest.param(True, marks=pytest.mark.long)])
def test_every_run_that_can_be_composed_keeps_name_and_identity(with_experiments: bool) -> None:
    recorded, now = _read(record.IDENTITIES), record.identities(with_experiments)
    wanted = {what: run for what, run in recorded.items() if with_experiments or not what.startswith("+experiment")}
    changed = {what: (run, now.get(what)) for what, run in wanted.items() if now.get(what) != run}
    assert len(recorded) > 1000 and len(wanted) > 500 and not changed


def test_trained_weights_keep_their_bits(tmp_path: Path) -> None:
    recorded = _read(record.WEIGHTS)
    now = record.weights(tmp_path)
    for name, before in recorded["runs"].items():
        assert now[name]["norm"] == pytest.approx(before["norm"], rel=0.01), name
        if recorded["arithmetic"] == record.arithmetic():  # other processors and versions of torch round otherwise
            assert now[name]["sha256"] == before["sha256"], name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("narrowed", "num_runs"),
    [
        (["layout=digits_2", "norm=bn_pre,bn_post,ln,no_norm", "residual=without"], 4),
        pytest.param([], 26, marks=pytest.mark.long, id="whole"),
    ],
)
def test_the_demo_keeps_its_accuracies(narrowed: list[str], num_runs: int, mgu_run: Command, tmp_path: Path) -> None:
    recorded = _read(record.DEMO)
    done = mgu_run("+experiment=digits", "-m", "energy.enabled=false", "device=cpu", *narrowed)
    now = record.accuracies(tmp_path / "runs")
    before = {run: recorded["accuracies"][run] for run in now}
    assert done.returncode == 0 and len(now) == num_runs
    if recorded["arithmetic"] == record.arithmetic():
        assert now == before
    else:
        assert sum(now.values()) / num_runs == pytest.approx(sum(before.values()) / num_runs, abs=0.02)
