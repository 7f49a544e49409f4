"""The space of tile sizes, and the kernel against numpy."""

from __future__ import annotations

import math
import time
from itertools import count
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

from mgu.errors import UserError
from mgu.gemm import measure
from mgu.gemm.kernel import Tiles, find_gemm, multiply
from mgu.gemm.measure import measure_point, time_runs
from mgu.native.library import find_compiler
from mgu.search.parameters.factors import Factors
from mgu.search.space import Space
from mgu.search.spaces.context import SpaceContext
from mgu.search.spaces.gemm import build_gemm

with_compiler = pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler: no kernel was tried")


def space(m: int, k: int, n: int, parts: tuple[int, ...] = (4, 2, 4)) -> Space:
    context: Any = SpaceContext(None, [], None, {})  # type: ignore[arg-type]  # it is built from its settings alone
    return build_gemm({"m": m, "k": k, "n": n, "parts": list(parts), "name": "gemm"}, context)


@pytest.mark.parametrize(
    ("sizes", "parts", "points"),
    [
        *(((side,) * 3, (4, 2, 4), points) for side, points in (
            (64, 49_392), (128, 115_200), (256, 245_025), (512, 484_000), (1024, 899_756), (2048, 1_589_952),
        )),
        ((256, 256, 256), (2, 2, 2), 729),
        ((64, 64, 64), (3, 2, 3), 5_488),
        ((12, 9, 10), (3, 2, 2), 18 * 3 * 4),
    ],
)  # fmt: skip
def test_the_space_has_as_many_points_as_there_are_factorisations(
    sizes: tuple[int, int, int], parts: tuple[int, ...], points: int
) -> None:
    assert space(*sizes, parts).size == points


def test_a_point_within_has_26_neighbours_which_have_it_as_theirs() -> None:
    gemm = space(256, 256, 256)
    point = {"m": (4, 4, 4, 4), "k": (16, 16), "n": (4, 4, 4, 4)}
    neighbours = gemm.neighbours(point)
    assert len(neighbours) == 26
    for other in neighbours:
        assert all(math.prod(factors) == 256 for factors in other.values())
        assert gemm.key(point) in {gemm.key(back) for back in gemm.neighbours(other)}


def test_neighbours_connect_the_whole_space() -> None:
    gemm = space(8, 6, 8, (3, 2, 3))
    reached, left = {gemm.key(gemm.start or {})}, [gemm.start or {}]
    while left:
        for other in gemm.neighbours(left.pop()):
            if (key := gemm.key(other)) not in reached:
                reached.add(key)
                left.append(other)
    assert len(reached) == gemm.size == 10 * 4 * 10


def test_an_innermost_tile_of_too_many_sums_is_not_legal() -> None:
    gemm = space(256, 256, 256)
    assert gemm.is_legal({"m": (8, 1, 1, 32), "k": (1, 256), "n": (16, 1, 1, 16)})
    assert not gemm.is_legal({"m": (8, 1, 1, 32), "k": (1, 256), "n": (8, 1, 1, 32)})
    assert all(gemm.is_legal(gemm.sample(Random(seed))) for seed in range(50))


@with_compiler
@pytest.mark.parametrize("num_points", [6, pytest.param(50, marks=pytest.mark.long)])
def test_the_kernel_computes_what_numpy_does(num_points: int) -> None:
    generator, drawn = Random(3), torch.Generator().manual_seed(0)
    for number in range(num_points):
        m, k, n = ((32, 16, 64), (12, 30, 18), (7, 5, 21))[number % 3]
        parts = ((4, 2, 4), (3, 2, 2))[number % 2]
        tiles = Tiles.of(space(m, k, n, parts).sample(generator))
        left, right, out = torch.rand(m, k, generator=drawn), torch.rand(k, n, generator=drawn), torch.full((m, n), 9.0)
        assert multiply(find_gemm(tiles), tiles, left, right, out) > 0
        np.testing.assert_allclose(out.numpy(), left.numpy() @ right.numpy(), rtol=1e-5)


@with_compiler
def test_a_measurement_has_a_score_and_its_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    point = {"m": (2, 2, 2, 4), "k": (4, 8), "n": (2, 1, 2, 8)}
    measured = measure_point(lambda event: None, point, 0, {})
    seconds = measured.details["seconds"]
    assert measured.score == pytest.approx(2e-9 * 32**3 / seconds) and measured.error is None
    assert measured.cost.seconds >= measured.details["runs"] * measured.details["fastest_s"]
    monkeypatch.setattr(measure, "multiply", lambda *arguments: 0.02)  # computes nothing
    assert "differs from torch's" in (measure_point(lambda event: None, point, 0, {}).error or "")


def test_runs_are_repeated_until_they_are_enough() -> None:
    assert len(time_runs(lambda: 0.03)) == 5
    assert len(time_runs(lambda: 0.001)) == 50
    assert time_runs(lambda: 3.0) == [3.0]
    ticks = count()
    assert time_runs(lambda: (9.0, 0.5, 0.5, 0.5, 0.5, 0.5)[next(ticks) + 1]) == [0.5, 0.5, 0.5]


def test_what_is_shorter_than_its_call_is_measured_for_two_seconds_of_the_wall_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = count()
    monkeypatch.setattr(time, "perf_counter", lambda: 0.25 * next(ticks))  # each call takes a quarter of a second
    assert time_runs(lambda: 1e-7) == [1e-7] * 8


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"m": 0}, "space.m must be a whole number from 1"),
        ({"k": 100_000}, "space.k must be at most 8,192"),
        ({"parts": [5, 2, 4]}, "space.parts must be"),
        ({"parts": 4}, "space.parts must be"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        build_gemm(settings, SpaceContext(None, [], None, {}))  # type: ignore[arg-type]


def test_the_start_is_the_untiled_product() -> None:
    gemm = space(64, 32, 16)
    assert gemm.start == {"m": (64, 1, 1, 1), "k": (32, 1), "n": (16, 1, 1, 1)}
    assert isinstance(gemm.parameters[0], Factors)
    assert gemm.reward(2.0) - gemm.reward(1.0) == pytest.approx(gemm.reward(20.0) - gemm.reward(10.0))
