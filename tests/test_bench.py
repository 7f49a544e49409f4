"""`make bench` compares figures with the recorded ones, in the direction in which each is better."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    import bench

    yield bench
    sys.modules.pop("bench")


def test_a_tenth_worse_is_a_regression(bench: Any) -> None:
    one = bench.Bench("some", 1, ("layout",), lower=("cost",), higher=("ratios.peer / ours.ratio",))
    before = [{"layout": "M2", "cost": 1.0, "ratios": {"peer / ours": {"ratio": 2.0}}}]
    worse = [{"layout": "M2", "cost": 1.1, "ratios": {"peer / ours": {"ratio": 1.8}}}]
    assert list(bench.compare(one, before, worse)) == [
        "REGRESSION M2, cost: 1 recorded, 1.1 now",
        "REGRESSION M2, ratios.peer / ours.ratio: 2 recorded, 1.8 now",
    ]
    better = [{"layout": "M2", "cost": 0.5, "ratios": {"peer / ours": {"ratio": 4.0}}}]
    assert not list(bench.compare(one, before, better))


def test_what_is_new_or_was_not_measured_is_none(bench: Any) -> None:
    one = bench.Bench("some", 1, ("layout",), lower=("cost",))
    assert not list(bench.compare(one, [], [{"layout": "M2", "cost": 1.0}]))
    assert not list(bench.compare(one, [{"layout": "M2", "cost": None}], [{"layout": "M2"}]))


def test_every_benchmark_is_a_script_that_fits_the_time(bench: Any) -> None:
    folder = Path(bench.__file__).parent
    assert all((folder / f"{each.script}.py").is_file() for each in bench.BENCHES)
    assert sum(each.minutes for each in bench.BENCHES) <= 20


def test_without_mnist_what_needs_it_is_skipped(bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGU_DATA", str(tmp_path))
    (epochs,) = (each for each in bench.BENCHES if each.script == "epochs")
    (line,) = bench.run(epochs, 600.0)
    assert line.startswith("skipped, for it needs MNIST")
