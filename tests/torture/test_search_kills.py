"""Searches killed at random moments, again and again, come to the trials of undisturbed ones, bit by bit."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.evidence import evidence, leftovers
from tests.torture.killing import WARM, Command, Scenario, choose

pytestmark = pytest.mark.slow

KILLS = 20
SPACE = ("-m", "space=grid", "norm=ln,no_norm", "residual=with,without", "budget.trials=4")
SEARCHES = {
    "tpe": Scenario((*SPACE, "search=tpe", "search.options.startup=2"), WARM),
    "asha": Scenario((*SPACE, "search=asha", "search.options.min_epochs=3"), WARM),
    "two at once": Scenario((*SPACE, "search=random", "parallel=2"), WARM),
}


def history(folder: Path, in_order: bool) -> list[tuple[Any, ...]]:
    """Each trial with what it asked for and what it was told, without what the clock changes."""
    [file] = folder.rglob("history.jsonl")
    events = [json.loads(line) for line in file.read_text().splitlines()]
    told = {event["number"]: event for event in events if event["event"] == "told"}
    assert len(told) == sum(event["event"] == "told" for event in events)  # each once
    asked = [
        (
            *(event["point"], event["seed"], event.get("stop_after"), event.get("continues")),
            *(told[event["number"]][key] for key in ("score", "state", "epochs")),
            told[event["number"]]["cost"]["epochs"],
        )
        for event in events
        if event["event"] == "asked"
    ]
    return asked if in_order else sorted(asked, key=str)


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.long) for name in SEARCHES])
def test_killed_searches_try_the_same_points_and_come_to_the_same_bits(name: str, tmp_path: Path) -> None:
    scenario, chance, in_order = SEARCHES[name], random.Random(name), name != "two at once"
    begun = time.monotonic()
    assert Command(scenario, tmp_path / "whole").end().returncode == 0
    takes_s = time.monotonic() - begun
    folder, counts, searches = tmp_path / "killed", Counter[str](), 0
    while counts.total() < KILLS:
        moment_s, target, sign = choose(scenario, chance, takes_s)
        command = Command(scenario, folder)
        time.sleep(moment_s)
        was_killed = command.kill(target, sign)
        counts[f"{target} by {sign.name}"] += was_killed
        done = command.end()
        assert was_killed or done.returncode == 0, done
        assert "Traceback" not in done.stdout + done.stderr, done
        if done.returncode == 0:  # it came to its end all the same
            searches += 1
            _check(folder, tmp_path / "whole", in_order)
            shutil.rmtree(folder)
    assert Command(scenario, folder).end().returncode == 0
    _check(folder, tmp_path / "whole", in_order)
    print(f"\n{name}: {counts.total()} kills in {searches + 1} searches: {dict(sorted(counts.items()))}", end="")


def _check(folder: Path, whole: Path, in_order: bool) -> None:
    assert history(folder, in_order) == history(whole, in_order)
    assert evidence(folder) == evidence(whole)
    assert leftovers(folder) == leftovers(whole)  # checkpoints of runs that halving has stopped
    assert not list((folder / "contention").glob("*.lock"))
