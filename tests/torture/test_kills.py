"""Commands killed at random moments, again and again, come to the results of one that was left alone, bit by bit.

Seeds that are trained together come to them up to rounding, as docs/guide/running.md says of them.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mgu.results.on_disk.result_file import read_result
from tests.evidence import evidence, leftovers
from tests.torture.killing import SCENARIOS, WORDS, Command, choose

pytestmark = pytest.mark.slow

PARTS, KILLS = 40, 25  # of the long form: a thousand kills, in parts that can run side by side
WEIGHTS = {
    **{"one run": 4, "sweep": 6, "side by side": 4, "seeds together": 5},
    **{"trackers": 4, "own server": 5, "joblib": 1},
}
ROUNDING = 0.02  # of losses and scores of seeds together: single precision, over at most twelve epochs
SHORT = {"sweep": 2}  # kills

Kill = tuple[str, str, str]  # scenario, target, signal


class Undisturbed:
    """What each command comes to when it is left alone, and the seconds that it takes; found when first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, tuple[dict[str, Any], float]] = {}

    def of(self, name: str) -> tuple[dict[str, Any], float]:
        if name not in self.known:
            folder, started = self.folder / name.replace(" ", "-"), time.monotonic()
            done = Command(SCENARIOS[name], folder).end()
            assert done.returncode == 0, done
            self.known[name] = evidence(folder), time.monotonic() - started
        return self.known[name]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("part", [pytest.param(part, marks=[pytest.mark.long] * bool(part)) for part in range(PARTS)])
def test_killed_commands_come_to_the_results_of_undisturbed_ones(
    part: int, undisturbed: Undisturbed, tmp_path: Path, long_form: bool
) -> None:
    chance = random.Random(part)
    names = list(WEIGHTS)
    kills = dict(Counter(chance.choices(names, list(WEIGHTS.values()), k=KILLS))) if long_form else SHORT
    counts: Counter[Kill] = Counter()
    for name, number in kills.items():
        counts += _kill_again_and_again(name, number, undisturbed, tmp_path / name.replace(" ", "-"), chance)
    assert counts.total() == sum(kills.values())
    for (name, target, sign), count in sorted(counts.items()):
        print(f"\nkilled {count} x {name}: {target} by {sign}", end="")


def _kill_again_and_again(
    name: str, number: int, undisturbed: Undisturbed, folder: Path, chance: random.Random
) -> Counter[Kill]:
    """Kills a command as often as told, each time continuing what the last one left; counts by target and signal."""
    scenario, (expected, takes_s) = SCENARIOS[name], undisturbed.of(name)
    counts: Counter[Kill] = Counter()
    while counts.total() < number:
        moment_s, target, sign = choose(scenario, chance, takes_s)
        command = Command(scenario, folder)
        time.sleep(moment_s)
        if command.kill(target, sign):
            counts[name, target, sign.name] += 1
        done = command.end()
        assert "Traceback" not in done.stdout + done.stderr, done  # one with a server of its own prints to one file
        assert "is off for the rest" not in done.stdout + done.stderr, done  # no tracker trips over what a kill left
        for file in folder.rglob("result.json"):
            read_result(file)  # whole, or it raises
        if done.returncode == 0:  # it came to its end all the same
            _check(name, folder, expected)
            shutil.rmtree(folder)
    _finish(name, folder, expected)
    return counts


def _finish(name: str, folder: Path, expected: dict[str, Any]) -> None:
    """Continues what was killed to its end; a second call finds all done."""
    for _ in range(2):
        done = Command(SCENARIOS[name], folder).end()
        assert done.returncode == 0, done
    _check(name, folder, expected)


def _check(name: str, folder: Path, expected: dict[str, Any]) -> None:
    """The runs are those of the undisturbed command, and nothing else is left."""
    found = evidence(folder)
    assert found and found.keys() == expected.keys()
    if name == "seeds together":  # one that goes on without the seeds that have finished is rounded otherwise
        for run, (_, rows, *_) in found.items():
            for row, other in zip(rows, expected[run][1], strict=True):
                numbers, others = ({key: float(value) for key, value in own.items()} for own in (row, other))
                assert numbers == pytest.approx(others, rel=ROUNDING, abs=ROUNDING)
    else:
        assert found == expected
    assert not leftovers(folder), f"{WORDS}: left behind in {folder}"
    assert not list((folder / "contention").glob("*.lock"))
    temporary = {file.name for file in (folder / "tmp").iterdir()}
    assert not {name for name in temporary if not name.startswith("torchinductor_")}, temporary  # a cache of torch
