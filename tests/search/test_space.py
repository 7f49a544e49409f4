"""Parameters and spaces: sizes, draws, neighbours, and points as Hydra reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product
from random import Random

import pytest

from mgu.errors import UserError
from mgu.search.grids import Grids, Overrides
from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.condition import Condition
from mgu.search.parameters.factors import Factors
from mgu.search.space import Space
from mgu.search.spaces import build_space
from mgu.search.spaces.context import SpaceContext
from mgu.search.spaces.listed import read_parameter
from tests.search.spaces import GRID, MIXED, TILES

NESTED = Space("nested", (Int("n", 1, 3), Int("x", 0, 4, when=Condition("n", (2,)))))


@pytest.mark.parametrize(
    ("space", "size"),
    [(GRID, 24), (MIXED, None), (TILES, 28 * 6), (NESTED, 7)],
)  # fmt: skip
def test_a_space_counts_its_points(space: Space, size: int | None) -> None:
    assert space.size == size
    if size is not None:
        points = list(space.points())
        assert len(points) == len({space.key(point) for point in points}) == size


@pytest.mark.parametrize(
    ("product_", "parts", "size"), [(512, 4, 220), (512, 2, 10), (1024, 4, 286), (12, 2, 6), (1, 3, 1)]
)
def test_factors_are_all_products_in_order(product_: int, parts: int, size: int) -> None:
    own = Factors("m", product_, parts)
    divisors = [d for d in range(1, product_ + 1) if product_ % d == 0]
    if product_ < 100:
        by_hand = [v for v in product(divisors, repeat=parts) if _times(v) == product_]
        assert set(own.values) == set(by_hand)
    assert own.size == len(set(own.values)) == size


def _times(values: tuple[int, ...]) -> int:
    total = 1
    for value in values:
        total *= value
    return total


def test_factors_are_drawn_alike() -> None:
    own, generator = Factors("m", 4, 2), Random(0)
    counts = Counter(own.sample(generator) for _ in range(3000))
    assert set(counts) == set(own.values) and max(abs(count - 1000) for count in counts.values()) < 110  # 4 deviations


@pytest.mark.parametrize("space", [GRID, MIXED, TILES])
def test_neighbours_are_legal_points_and_of_finite_steps_mutual(space: Space) -> None:
    point = space.sample(Random(3))
    for other in space.neighbours(point):
        assert space.key(other) != space.key(point) and space.read(other) == other
        if space.size is not None:
            assert space.key(point) in {space.key(back) for back in space.neighbours(other)}
    assert len({space.key(other) for other in space.neighbours(point)}) == len(space.neighbours(point))


def test_what_is_inactive_is_no_part_of_a_point() -> None:
    point = {"depth": 1, "lr": 0.01, "batch": 32, "density": 0.5, "deepest": 0.5}
    assert list(MIXED.canonical(point)) == ["depth", "lr", "batch"]
    assert MIXED.key(point) == MIXED.key({"depth": 1, "lr": 0.01, "batch": 32})
    deeper = next(own for own in MIXED.neighbours(point) if own["depth"] == 2)
    assert deeper["density"] == pytest.approx(0.02**0.5, rel=1e-5)  # the middle of its logarithm, to six digits
    assert len(MIXED.encode(point)) == len(MIXED.encode(deeper)) == 5


def test_points_survive_json() -> None:
    import json

    for space in (GRID, MIXED, TILES):
        point = space.sample(Random(1))
        assert space.read(json.loads(json.dumps(point))) == point
    with pytest.raises(ValueError, match="is none of a, b, c"):
        GRID.read({"layout": "d"})
    with pytest.raises(ValueError, match="other is no parameter"):
        GRID.read({"other": 1})


def test_numbers_stay_in_their_bounds_and_logarithms_are_even() -> None:
    rate = Float("lr", 1e-4, 1e-1, log=True)
    draws = [rate.sample(Random(seed)) for seed in range(2000)]
    assert all(1e-4 <= own <= 1e-1 for own in draws)
    assert sum(own < 1e-3 for own in draws) / 2000 == pytest.approx(1 / 3, abs=0.05)
    width = Int("w", 5, 100, log=True)
    assert {width.sample(Random(seed)) for seed in range(3000)} >= {5, 100}
    letters = Categorical("c", tuple("xyz"))
    assert [width.neighbours(5), Ordinal("b", (1, 2)).neighbours(2), letters.neighbours("y")] == [
        [6], [1], ["x", "z"]
    ]  # fmt: skip


def test_words_are_those_of_hydra() -> None:
    space = Space("s", (Categorical("a", ("it's", None, True)), Float("b", 0, 1), Factors("c", 4, 2)))
    assert space.overrides({"a": "it's", "b": 0.1, "c": (2, 2)}) == ["a='it\\'s'", "b=0.1", "c=[2,2]"]
    assert space.overrides({"a": None}) == ["a=null"] and space.overrides({"a": True}) == ["a=true"]


def test_a_condition_on_what_comes_later_is_refused() -> None:
    with pytest.raises(UserError, match="must name a parameter before it"):
        Space("s", (Int("x", 0, 1, when=Condition("n", (1,))), Int("n", 0, 1)))


class NoWords:
    """The grammar of a command line without words."""

    def keys(self, overrides: Sequence[str]) -> list[str]:
        return []

    def expand(self, overrides: Sequence[str]) -> list[Overrides]:
        return [list(overrides)]


def listed(**choices: list[object]) -> Space:
    """A space of categorical parameters; a double underscore stands for the dot of a key."""
    parameters = {name.replace("__", "."): {"kind": "categorical", "choices": own} for name, own in choices.items()}
    context = SpaceContext(Grids({}), [], NoWords(), {})
    return build_space({"kind": "listed", "name": "mine", "parameters": parameters}, context)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"norm": ["ln", "bn_pre", "ln"]}, "choices of norm must be different, but got ln twice"),
        ({"layout__mask_seed": [2**53, 2**53 + 1, 2**53 + 1]}, "but got 9007199254740993 twice"),
        ({"optimizer__lr": [0.01, 1, 1.0]}, r"choices of optimizer\.lr must be different, but got 1 twice"),
        ({"seed": [0, 1]}, "seed must be left out of a space, for the study gives each trial its seed"),
        ({"runs_dir": ["a", "b"]}, "runs_dir must be left out of a space, for it cannot change the result"),
        ({"energy__period_s": [1.0, 2.0]}, r"energy\.period_s must be left out of a space"),
        ({"training__timeout": [1.0, 2.0]}, r"training\.timeout must be left out of a space"),
    ],
)
def test_points_that_are_one_run_are_refused(choices: dict[str, list[object]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        listed(**choices)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "int"}, r"must have low and high, but got {'kind': 'int'}\. Add them\."),
        ({"kind": "int", "low": 0}, r"must have high, but got .*\. Add it\."),
        ({"kind": "ordinal", "choices": [1], "log": True}, r"choices, when only, but got log\. Leave it out\."),
        ({"kind": "categorical", "choices": []}, r"must be a list that is not empty, but got \[\]\. List the values\."),
        ({"kind": "float", "low": 1, "high": 0}, r"with low <= high, but got 1 and 0\. Write them as in: low: 1\.0e-4"),
        ({"kind": "int", "low": 0, "high": 0.5}, r"must be whole numbers, but got 0 and 0\.5\. Take kind: float"),
        ({"kind": "float", "low": 0, "high": 1, "log": True}, r"above 0 with log, but got 0\. Raise it, or leave"),
        ({"kind": "factors", "product": 0, "parts": 2}, r"above 0, but got 0 and 2\. Write them as in: product: 512"),
        ({"kind": "ordinal", "choices": [1], "when": []}, r"with its values, but got \[\]\. Write it as in: when"),
    ],
)
def test_what_is_wrong_with_a_parameter_comes_with_what_to_do(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_parameter("size", settings)


@pytest.mark.parametrize("high", [10**400, float("inf"), float("nan"), -1, "9"])
def test_bounds_are_numbers_in_order(high: object) -> None:
    parameters = {"seed_of_mask": {"kind": "int", "low": 0, "high": high}}
    with pytest.raises(UserError, match="low and high of seed_of_mask must be numbers with low <= high"):
        build_space(
            {"kind": "listed", "name": "mine", "parameters": parameters}, SpaceContext(Grids({}), [], NoWords(), {})
        )


def test_runs_that_are_told_apart_by_what_a_key_names_are_searched() -> None:
    assert listed(training__start_from=["a", "b"], norm=[True, 1, "1", None]).size == 8
