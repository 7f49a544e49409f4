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
def test_every_run_that_can_be_composed_keeps_name_and_identity() -> None:
    recorded, now = _read(record.IDENTITIES), record.identities()
    changed = {what: (run, now.get(what)) for what, run in recorded.items() if now.get(what) != run}
    assert len(recorded) > 1000 and not changed


def test_trained_weights_keep_their_bits(tmp_path: Path) -> None:
    recorded = _read(record.WEIGHTS)
    now = record.weights(tmp_path)
    for name, before in recorded["runs"].items():
        assert now[name]["norm"] == pytest.approx(before["norm"], rel=0.01), name
        if recorded["arithmetic"] == record.arithmetic():  # other processors and versions of torch round otherwise
            assert now[name]["sha256"] == before["sha256"], name


@pytest.mark.slow
def test_the_demo_keeps_its_accuracies(mgu_run: Command, tmp_path: Path) -> None:
    recorded = _read(record.DEMO)
    done = mgu_run("+experiment=digits", "-m", "energy.enabled=false", "device=cpu")
    now = record.accuracies(tmp_path / "runs")
    assert done.returncode == 0 and len(now) == 25
    if recorded["arithmetic"] == record.arithmetic():
        assert now == recorded["accuracies"]
    else:
        assert sum(now.values()) / 25 == pytest.approx(sum(recorded["accuracies"].values()) / 25, abs=0.02)
