"""A model card says what the files of a run say, and nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from msgspec.structs import replace

from mgu.errors import UserError
from mgu.report.card import to_card
from mgu.report.card.interval import over_groups, wilson
from mgu.results.parts import JOULES_PER_KWH
from mgu.results.result import Component, Energy, read_result


def test_every_number_of_a_card_is_of_the_run(trained_unit: Path) -> None:
    result = read_result(trained_unit / "result.json")
    part = Component(kwh=10 / JOULES_PER_KWH, method="model")
    energy = Energy(
        cpu=part,
        gpu=Component(kwh=0.0, method="model"),
        ram=part,
        cpu_seconds=1.0,
        emissions_kg=0.002,
        country="SWE",
        tracked_s=2.0,
    )
    card = to_card(trained_unit, replace(result, energy=energy))
    cells = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", card, re.MULTILINE))
    assert cells["energy, CPU"] == cells["energy, memory"] == "10 J (model, estimated)" and "energy, GPU" not in cells
    assert cells["place"] == "SWE" and cells["CO2-equivalent"].startswith("2 g, estimated")
    elsewhere = to_card(trained_unit, replace(result, energy=replace(energy, emissions_kg=None, country=None)))
    assert "| CO2-equivalent | not claimed, for energy.country was not set |" in elsewhere
    assert cells["trainable parameters"] == f"{result.params_trainable:,}" and cells["seed"] == "0"
    assert cells["FLOPs of one example"] == f"{result.flops_per_sample:,}" and cells["identity"] == result.identity
    assert cells["classes"] == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9" and cells["input"] == "1 x 8 x 8"
    assert cells["weights.safetensors"] == result.files["weights.safetensors"]
    assert result.val and f"{result.val.accuracy:.2%}" in card and "<!-- The author of the model writes" in card
    front = yaml.safe_load(card.split("---")[1])
    assert front["co2_eq_emissions"]["emissions"] == 2.0
    assert front["co2_eq_emissions"]["geographical_location"] == "SWE"
    value = front["model-index"][0]["results"][0]["metrics"][0]["value"]
    assert value == (result.test or result.val).accuracy  # type: ignore[union-attr]


def test_a_card_says_what_a_run_started_from(trained_unit: Path) -> None:
    result = read_result(trained_unit / "result.json")
    assert "started from" not in to_card(trained_unit, result)
    config = {**result.config, "training": {**result.config["training"], "start_sha256": "a" * 64}}
    card = to_card(trained_unit, replace(result, config=config))
    assert f"| starts from | trained weights, SHA-256 {'a' * 64} |" in card
    assert "training the weights that it started from is not included" in card and "was not checked" not in card
    own = {**config, "dataset": {"name": "python", "target": "my:load"}}
    assert "was not checked" in to_card(trained_unit, replace(result, config=own))


def test_the_interval_is_wilsons() -> None:
    """Against the roots of (p - share)^2 = z^2 p (1 - p) / n, which it is defined by."""
    for hits, count in ((0, 10), (7, 10), (356, 360), (10, 10)):
        low, high, _ = wilson(hits, count, "examples")
        z, share = 1.959964, hits / count
        roots = np.roots([1 + z * z / count, -(2 * share + z * z / count), share * share]).real
        assert [low, high] == pytest.approx(sorted(np.clip(roots, 0, 1)), abs=1e-6)


def test_groups_that_are_alike_make_the_interval_wider() -> None:
    random = np.random.default_rng(0)
    shares = random.uniform(0.3, 1.0, 40)
    right = np.concatenate([random.random(25) < share for share in shares])
    grouped, alone = over_groups(right, [25] * 40, "test images"), wilson(int(right.sum()), len(right), "images")
    assert grouped and grouped.high - grouped.low > 1.5 * (alone.high - alone.low)
    means = right.reshape(40, 25).mean(axis=1)  # groups of one size: the interval of their mean
    half = 2.0227 * means.std(ddof=1) / np.sqrt(40)
    assert (grouped.low, grouped.high) == pytest.approx((right.mean() - half, right.mean() + half), abs=1e-4)
    assert over_groups(right, [1000], "x") is None and over_groups(right, [1, 2], "x") is None
    assert over_groups(np.ones(4, bool), [2, 2], "x") is None


def test_the_interval_is_said_to_be_of_the_examples_that_it_is_of(trained_unit: Path) -> None:
    result = read_result(trained_unit / "result.json")
    assert result.test is None and result.val  # the split of the paper holds no test images out
    told = re.search(
        r"interval of the (\w+) accuracy: .* \(Wilson, over [\d,]+ (\w+) examples\)", to_card(trained_unit, result)
    )
    assert told and told.groups() == ("validation", "validation")
    held_out = re.search(
        r"interval of the (\w+) .* (\w+) examples\)", to_card(trained_unit, replace(result, test=result.val))
    )
    assert held_out and held_out.groups() == ("test", "test")


def test_what_is_no_trained_run_has_no_card(trained_unit: Path, tmp_path: Path) -> None:
    from mgu.cli.card import main

    with pytest.raises(UserError, match="--output must be a file in a folder that is there"):
        main([str(trained_unit), "--output", str(tmp_path / "no" / "card.md")])
    main([str(trained_unit), "--output", str(tmp_path / "card.md")])
    assert (tmp_path / "card.md").read_text().startswith("---\nlibrary_name")
    broken = Path(shutil.copytree(trained_unit, tmp_path / "broken"))
    (broken / "result.json").write_text("{")
    with pytest.raises(UserError, match=r"must be readable, but is .* Train the run again"):
        main([str(broken)])
    (broken / "result.json").unlink()
    with pytest.raises(UserError, match=r"RUN must be finished, but .* Run the same command again"):
        main([str(broken)])
