"""Axes: runs that differ in any key have names of their own, and what cannot change a result tells none apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mgu.config.run import RunConfig
from mgu.results.compare.axes import Axes, find_axes, shorten_keys, write_value
from mgu.results.schema.stored_config import parse_config
from tests.conftest import Configure


def test_an_option_that_one_run_leaves_out_is_an_axis() -> None:
    configs = [{"layout": {"name": "Net", "options": options}, "seed": 0} for options in ({}, {"width": 8})]
    axes = find_axes([("Net", config) for config in configs])
    assert axes.keys == ("layout.options.width",)
    assert [axes.name("Net-s0", 0, config) for config in configs] == ["Net-s0", "Net-width8-s0"]


def test_an_import_path_is_a_name_and_its_digest_an_axis_only_where_the_path_is_the_same() -> None:
    sources = {("my:Lion", "a" * 64), ("my:Sign", "b" * 64)}
    configs = [{"optimizer": {"name": "python", "target": path, "sha256": sha}} for path, sha in sorted(sources)]
    axes = find_axes([("net", config) for config in configs])
    assert axes.keys == ("optimizer.target",)
    assert [axes.name("net-s0", 0, config) for config in configs] == ["net-my:Lion-s0", "net-my:Sign-s0"]
    edited: dict[str, Any] = {"optimizer": {"name": "python", "target": "my:Lion", "sha256": "c" * 64}}
    axes = find_axes([("net", config) for config in (*configs, edited)])
    assert axes.keys == ("optimizer.target", "optimizer.sha256")
    assert axes.name("net-s0", 0, edited) == "net-my:Lion-sha256-cccccccc-s0"


def dump(config: RunConfig) -> dict[str, Any]:
    return json.loads(config.model_dump_json())  # as result.json has it


def named(*configs: RunConfig) -> tuple[tuple[str, ...], list[str]]:
    axes = find_axes([(config.stem, dump(config)) for config in configs])
    return axes.keys, [axes.name(config.name, config.seed, dump(config)) for config in configs]


@pytest.mark.parametrize(
    ("overrides", "keys", "names"),
    [
        (["optimizer.lr=0.001", "optimizer.lr=0.003"], ["optimizer.lr"], ["bn_pre-lr0.001-s0", "bn_pre-lr0.003-s0"]),
        (["threads=1", "threads=2"], ["threads"], ["bn_pre-threads1-s0", "bn_pre-threads2-s0"]),
        (["threads=null", "threads=2"], ["threads"], ["bn_pre-threads-none-s0", "bn_pre-threads2-s0"]),
        (["training.score=null", "training.score=recall"], ["training.score"],
         ["bn_pre-score-accuracy-s0", "bn_pre-score-recall-s0"]),
        (["optimizer.beta1=0.5", "optimizer.beta1=0.9"], ["optimizer.beta1"],
         ["bn_pre-beta1=0.5-s0", "bn_pre-beta1=0.9-s0"]),
        (["engine=auto", "engine=eager"], ["engine"], ["bn_pre-engine-auto-s0", "bn_pre-engine-eager-s0"]),
        (["tf32=true", "tf32=false"], ["tf32"], ["bn_pre-tf32-true-s0", "bn_pre-tf32-false-s0"]),
        (["norm.eps=0.1", "norm.eps=0.2"], ["norm.eps"], ["bn_pre-eps0.1-s0", "bn_pre-eps0.2-s0"]),
        (["layout.kernel_size=1", "layout.kernel_size=3"], ["layout.kernel_size"],
         ["bn_pre-kernel_size1-s0", "bn_pre-kernel_size3-s0"]),
        (["dataset=digits", "dataset=mnist"], ["dataset.name"], ["bn_pre-digits-s0", "bn_pre-mnist-s0"]),
        (["norm=ln", "norm=bn_pre"], [], ["ln-s0", "bn_pre-s0"]),
        (["seed=0", "seed=1"], [], ["bn_pre-s0", "bn_pre-s1"]),
        (["runs_dir=/a", "runs_dir=/b"], [], ["bn_pre-s0", "bn_pre-s0"]),
        (["energy.enabled=true", "energy.country=FRA"], [], ["bn_pre-s0", "bn_pre-s0"]),
        (["training.timeout=1", "training.timeout=2"], [], ["bn_pre-s0", "bn_pre-s0"]),
    ],
)  # fmt: skip
def test_keys_and_names(overrides: list[str], keys: list[str], names: list[str], configure: Configure) -> None:
    found = named(*(configure(word) for word in overrides))
    assert found == (tuple(keys), [f"digits_3-{name}" for name in names])


def test_a_rule_of_learning_that_the_name_tells_is_told_once(configure: Configure) -> None:
    rule = "dataset=gates layout=directed_gates norm=no_norm learning=equilibrium"
    words = [rule, f"{rule} learning.rule=published", rule.replace("equilibrium", "backpropagation")]
    keys, names = named(*(configure(*each.split()) for each in words))
    assert keys == ("learning.name", "learning.rule")
    assert names == [
        "directed_gates-no_norm-equilibrium-rule-exact-s0",
        "directed_gates-no_norm-equilibrium-rule-published-s0",
        "directed_gates-no_norm-s0",
    ]


def test_keys_of_one_last_part_are_told_apart(configure: Configure) -> None:
    keys, names = named(configure("norm.eps=0.1"), configure("optimizer.eps=0.1"))
    assert keys == ("norm.eps", "optimizer.eps") and names[0] == "digits_3-bn_pre-norm.eps0.1-optimizer.eps1e-07-s0"
    assert shorten_keys(["a.x", "b.x", "c.y", "z"]) == {"a.x": "a.x", "b.x": "b.x", "c.y": "y", "z": "z"}


def test_units_are_told_apart_by_what_their_names_do_not_tell(configure: Configure) -> None:
    """The start of a penalty counts only among units of one name, of which a baseline has none."""
    words = ["mgu=lean", "mgu=reference", "mgu=reference mgu.bn_momentum=0.1", "norm=ln"]
    units = [configure(*word.split()) for word in words]
    keys, names = named(*units)
    assert keys == ("mgu.bn_momentum",)
    assert names == ["digits_3-mgu-lean-bn_momentum0.01-s0", "digits_3-mgu-reference-bn_momentum0.01-s0",
                     "digits_3-mgu-reference-bn_momentum0.1-s0", "digits_3-ln-s0"]  # fmt: skip


def test_the_lean_unit_is_called_lean_with_what_it_has_beyond(configure: Configure) -> None:
    _, names = named(configure("mgu=lean"), configure("mgu=lean", "mgu.decisive.gates=settling"))
    assert names == ["digits_3-mgu-lean-s0", "digits_3-mgu-lean-settling-s0"]


def test_a_result_of_an_earlier_version_has_the_defaults_of_today(configure: Configure) -> None:
    """A field that is younger than a run makes no axis; an endless layer number is a string in result.json."""
    old, new = dump(configure("seed=0")), dump(configure("seed=1"))
    del old["tf32"], old["step"]
    assert old["layout"]["min_layer_padding_same"] == "Infinity" and parse_config(old)
    assert find_axes([("x", old), ("x", new)]) == Axes()
    assert find_axes([("x", old), ("x", dump(configure("tf32=true")))]).keys == ("tf32",)


def test_values_that_are_equal_are_written_alike() -> None:
    values = [None, True, False, 64, 64.0, 0.001, 1e9, 1e-7, 0.1 + 0.2, [1, 8, 8], "a b", -0.5]
    assert list(map(write_value, values)) == ["null", "true", "false", "64", "64", "0.001", "1e+09", "1e-07",
                                              "0.30000000000000004", "[1,8,8]", "a b", "-0.5"]  # fmt: skip


def test_whole_numbers_beyond_those_of_floats_are_told_apart() -> None:
    runs = [("x", {"layout": {"name": "sparse_mlp", "mask_seed": 2**53 + step}}) for step in range(2)]
    axes = find_axes(runs)
    assert axes.keys == ("layout.mask_seed",)
    assert [axes.name("x-s0", 0, config) for _, config in runs] == [
        "x-mask_seed9007199254740992-s0", "x-mask_seed9007199254740993-s0"]  # fmt: skip


def test_a_section_that_is_null_differs_from_one_that_is_not() -> None:
    runs: list[tuple[str, dict[str, Any]]] = [
        ("x", {"schedule": None}),
        ("x", {"schedule": {"name": "cosine", "warmup": 1}}),
    ]
    axes = find_axes(runs)
    assert [axes.name(name, 0, config) for name, config in runs][1].startswith("x-cosine") and axes.keys


def test_data_are_told_apart_by_path_and_not_by_digest() -> None:
    runs = [("x", {"dataset": {"name": "table", "path": f"/data/{own}.csv", "sha256": own * 64}}) for own in "ab"]
    axes = find_axes(runs)
    assert [axes.name("x-s0", 0, config) for _, config in runs] == ["x-path-a-s0", "x-path-b-s0"]
    axes = find_axes([runs[0], ("x", {"dataset": {**runs[1][1]["dataset"], "sha256": "a" * 64}})])
    assert axes.keys == ()
