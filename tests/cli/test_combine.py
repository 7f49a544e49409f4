"""A sweep's configurations are those that Hydra composes one by one, however few of them it really composes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from mgu.cli.combine import Combiner
from mgu.cli.compose import read_config, read_jobs
from mgu.cli.composed import Composed, FrozenOverrides
from mgu.config.conf import conf_dir
from mgu.errors import UserError

GRID = [
    [f"layout={layout}", f"norm={norm}", f"residual={residual}", "optimizer.lr=0.1"]
    for layout, norm, residual in product(("digits_2", "digits_3"), ("ln", "bn_pre"), ("with", "without"))
]
UNITS = [  # Hydra changes what it has read in place: the second would have the first one's gates
    ["dataset=cifar10", "layout=cifar_15", "mgu=reference", "mgu.residual_gate=false"],
    ["dataset=cifar10", "layout=cifar_7", "mgu=reference"],
]
SECTION = [
    [f"optimizer={name}", f"optimizer.lr={lr}", f"seed={seed}"]
    for name, lr, seed in product(("sgd", "adamw"), (0.1, 1.0), (0, 1))
]
AUTO = [[f"optimizer={name}", f"dataset={data}"] for name, data in product(("nadam", "sgd"), ("digits", "mnist"))]
NUMBERS = [[f"seed={seed}"] for seed in (0, 1, 5, 2**62, 7)]
# Whole numbers where others stand, too, and one that is also another value's: 3 layers.
MIXED = [["layout=digits_3", f"optimizer.lr={lr}", "++seed=4"] for lr in (1, 3, 2, 0.5, "1e-3", "auto")]
REPEATED = [[f"norm={norm}", f"training.epochs={n}"] for norm, n in product(("ln", "no_norm"), (1, 2, 3, 20, 30))]


@pytest.fixture
def loader() -> Any:
    with initialize_config_dir(config_dir=str(conf_dir()), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


def load(loader: Any, mode: RunMode, words: list[str]) -> Any:
    loaded = loader.load_configuration(config_name="config", overrides=words, run_mode=mode)
    HydraConfig.instance().set_config(loaded)
    return loaded


@pytest.mark.parametrize("jobs", [GRID, UNITS, SECTION, AUTO, NUMBERS, MIXED, REPEATED])
def test_a_sweep_is_what_its_jobs_are_alone(loader: Any, jobs: list[list[str]]) -> None:
    alone = [read_config(load(loader, RunMode.RUN, job)) for job in jobs]
    swept = read_jobs(loader, load(loader, RunMode.MULTIRUN, []), jobs)
    assert [config.model_dump() for config in swept] == [config.model_dump() for config in alone]
    assert [config.identity for config in swept] == [config.identity for config in alone]


def compose(overrides: FrozenOverrides) -> Composed:
    """`a` and `b` have a part each, and share `both`; -1 is refused."""
    given = dict(word.split("=") for word in overrides)
    if given["a"] == "-1":
        raise UserError(f"a must be positive in {overrides}")
    return Composed({"a": given["a"], "b": {"c": given["b"]}, "both": given["a"] + given["b"], "n": 0}, True)


def test_what_two_words_change_is_composed() -> None:
    jobs = [[f"a={a}", f"b={b}"] for a, b in product(range(4), range(4))]
    combiner = Combiner(jobs, compose)
    assert [combiner(job) for job in jobs] == [compose(tuple(job)).values for job in jobs]


@pytest.mark.parametrize(
    ("of_number", "num_composed"),
    [
        (lambda n: {"n": n, "seed": n, "fixed": 7}, 2),  # in two places
        (lambda n: {"n": n, "name": f"run {n}"}, 6),
        (lambda n: {"n": {"depth": n, "width": n if n < 3 else 9}}, 6),  # n names a file of a group
        (lambda n: {"n": float(n)}, 6),
    ],
)
def test_jobs_that_differ_in_a_number_are_made_of_two(of_number: Callable[[int], Any], num_composed: int) -> None:
    called = list[FrozenOverrides]()

    def composed(words: FrozenOverrides) -> Composed:
        called.append(words)
        if words == ("n=-1",):
            raise UserError("n must be positive")
        return Composed(of_number(int(words[0].partition("=")[2])), True)

    combiner = Combiner([[f"n={n}"] for n in (1, 2, 3, -1, 4, 20)], composed)
    assert [combiner([f"n={n}"]) for n in (1, 2, 3, 4, 20, 3)] == [of_number(n) for n in (1, 2, 3, 4, 20, 3)]
    assert len(called) == num_composed


def test_a_number_that_chooses_another_value_is_composed_each_time() -> None:
    """As in `layout.width=${widths.${seed}}`, which is the same for the first two seeds."""

    def looked_up(words: FrozenOverrides) -> Composed:
        seed = int(words[0].partition("=")[2])
        return Composed({"seed": seed, "width": (8, 8, 16, 32)[seed]}, is_plain=False)

    combiner = Combiner([[f"seed={seed}"] for seed in range(4)], looked_up)
    assert [combiner([f"seed={seed}"])["width"] for seed in range(4)] == [8, 8, 16, 32]


def test_a_first_job_that_is_refused_is_no_ground_for_others() -> None:
    jobs = [[f"a={a}", "b=0"] for a in (-1, 2, 3, 4)]
    combiner = Combiner(jobs, compose)
    with pytest.raises(UserError, match="a must be positive"):
        combiner(jobs[0])
    assert [combiner(job)["a"] for job in jobs[1:]] == ["2", "3", "4"]


def test_a_grid_is_composed_from_its_edges() -> None:
    called = list[FrozenOverrides]()

    def separate(words: FrozenOverrides) -> Composed:
        called.append(words)
        return Composed(dict(word.split("=") for word in words), True)

    jobs = [[f"a={a}", f"b={b}", f"c={c}"] for a, b, c in product(range(5), range(5), range(5))]
    combiner = Combiner(jobs, separate)
    assert [combiner(job) for job in jobs] == [separate(tuple(job)).values for job in jobs]
    assert len(called) == 13 + 125


def test_a_refusal_is_of_the_job_itself() -> None:
    jobs = [[f"a={a}", f"b={b}"] for a, b in product((1, 2, -1), range(5))]
    combiner = Combiner(jobs, compose)
    with pytest.raises(UserError, match="'a=-1', 'b=4'"):
        combiner(["a=-1", "b=4"])


def test_one_and_one_point_zero_are_not_the_same() -> None:
    def typed(words: FrozenOverrides) -> Composed:
        a, b = (word.split("=")[1] for word in words)
        return Composed({"a": float(a) if "." in a else int(a), "b": b}, True)

    jobs = [[f"a={a}", f"b={b}"] for a, b in product(("1", "1.0", "2"), range(4))]
    combiner = Combiner(jobs, typed)
    assert [repr(combiner(job)) for job in jobs] == [repr(typed(tuple(job)).values) for job in jobs]
