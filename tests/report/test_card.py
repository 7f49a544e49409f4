"""A model card says what the files of a run say, and nothing else."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from msgspec.structs import replace

from mgu.errors import UserError
from mgu.export.description import describe_export
from mgu.factory.trained import load_trained
from mgu.predict.model import Model
from mgu.report.card.card import to_card
from mgu.report.card.interval import over_groups, wilson
from mgu.report.ranking.rank import rank
from mgu.results.compare.axes import LEAN
from mgu.results.on_disk.correct import write_correct
from mgu.results.on_disk.result_file import read_result
from mgu.results.runs.load import Run
from mgu.results.schema.energy import Component, Energy
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.parts import JOULES_PER_KWH
from tests.examples import example_config, example_result


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
    nothing = replace(energy, cpu=replace(part, kwh=0.0), ram=replace(part, kwh=0.0), emissions_kg=0.0)
    unread = to_card(trained_unit, replace(result, energy=nothing))
    assert "| energy, CPU | not known: the run was too short for a reading |" in unread and "0 J" not in unread
    assert "| CO2-equivalent | not known, as the energy |" in unread
    assert cells["place"] == "SWE" and cells["CO2-equivalent"].startswith("2 g, estimated")
    elsewhere = to_card(trained_unit, replace(result, energy=replace(energy, emissions_kg=None, country=None)))
    assert "| CO2-equivalent | not claimed, for energy.country was not set |" in elsewhere
    parts = replace(result, energy=replace(energy, emissions_kg=None, country="FRA"), resumed=1)
    assert re.search(
        r"CO2-equivalent \| not claimed, for the run was .* not all of its parts were trained at one",
        to_card(trained_unit, parts),
    )
    last = replace(parts, energy=replace(energy, emissions_kg=None, country=None))
    assert "energy.country was not set in all parts of the run |" in to_card(trained_unit, last)
    assert cells["trainable parameters"] == f"{result.params_trainable:,}" and cells["seed"] == "0"
    assert cells["FLOPs of one example"] == f"{result.flops_per_sample:,}" and cells["identity"] == result.identity
    assert cells["classes"] == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9" and cells["input"] == "1 x 8 x 8"
    assert cells["weights.safetensors"] == result.files["weights.safetensors"]
    assert result.val and f"{result.val.accuracy:.2%}" in card and "<!-- The author of the model writes" in card
    front = yaml.safe_load(card.split("---")[1])
    assert front["co2_eq_emissions"]["emissions"] == 2.0
    assert front["co2_eq_emissions"]["geographical_location"] == "SWE"
    value = front["model-index"][0]["results"][0]["metrics"][0]["value"]
    assert value == (result.test or result.val).accuracy


def test_what_leaves_the_house_is_called_as_the_console_calls_it(trained_unit: Path) -> None:
    """Of one run the report, the card, the export and the model told the name that only its folder has."""
    result = read_result(trained_unit / "result.json")
    result = replace(result, name=f"digits_2-mgu-{LEAN}-s0")
    card = to_card(trained_unit, result)
    assert "# digits_2-mgu-lean-s0\n" in card and LEAN not in card
    assert yaml.safe_load(card.split("---")[1])["model-index"][0]["name"] == "digits_2-mgu-lean-s0"
    (table,) = rank([Run(result, trained_unit)])
    assert [row.name for row in table.rows] == ["digits_2-mgu-lean-s0"]
    trained = dataclasses.replace(load_trained(trained_unit), result=result)
    assert describe_export(trained)["run"] == "digits_2-mgu-lean-s0"
    assert repr(Model(trained)).startswith("<mgu.Model digits_2-mgu-lean-s0: ")


def test_a_card_says_what_a_run_started_from(trained_unit: Path) -> None:
    result = read_result(trained_unit / "result.json")
    assert "started from" not in to_card(trained_unit, result)
    config = {**result.config, "training": {**result.config["training"], "start_sha256": "a" * 64}}
    card = to_card(trained_unit, replace(result, config=config))
    assert f"| starts from | trained weights, SHA-256 {'a' * 64} |" in card
    assert "training the weights that it started from is not included" in card and "was not checked" not in card
    own = {**config, "dataset": {"name": "python", "target": "my:load"}}
    assert "was not checked" in to_card(trained_unit, replace(result, config=own))


def test_a_card_of_a_function_without_test_data_does_not_call_its_split_the_papers(trained_unit: Path) -> None:
    result = replace(read_result(trained_unit / "result.json"), split="paper")
    own = replace(result, config={**result.config, "dataset": {"name": "python", "target": "my:load"}})
    assert "| split | paper |" in to_card(trained_unit, result)
    assert "| split | no test data |" in to_card(trained_unit, own)
    assert "| split | holdout |" in to_card(trained_unit, replace(own, split="holdout"))


def test_a_card_says_what_chose_the_epoch_and_where_the_data_come_from(trained_unit: Path) -> None:
    result = read_result(trained_unit / "result.json")
    assert "best epoch was chosen by the validation" in to_card(trained_unit, result)
    config = {**result.config, "training": {**result.config["training"], "select": "last"}}
    card = to_card(trained_unit, replace(result, config=config))
    assert "best epoch" not in card and "the weights of the last one were kept (training.select=last)" in card
    assert "validation data are the training data" in to_card(trained_unit, replace(result, split="all"))
    for name, words in {
        "digits": "published set, known by its name",
        "gates": "generated by",
        "adding": "generated by",
    }.items():
        config = {**result.config, "dataset": {"name": name}}
        assert f"| SHA-256 | {words}" in to_card(trained_unit, replace(result, config=config))


@pytest.mark.parametrize(("status", "said"), [("diverged", "diverged in its first epoch"), ("failed", "failed")])
def test_a_card_of_a_run_without_metrics_says_why_and_nothing_else(status: str, said: str, tmp_path: Path) -> None:
    """It had an empty table, weights of epoch None, and validation data that had chosen the best epoch."""
    config = example_config(dataset={"name": "digits"})
    result = example_result(val_accuracy=None, status=status, best_epoch=None, epochs=1, config=config)
    card = to_card(tmp_path, result)
    assert f"\n## Metrics\n\nThe run {said}: it has no metrics.\n\n## Cost\n" in card
    assert "| epochs | 1 trained, no weights kept |" in card and "None" not in card
    assert "mgu-run predict" not in card and "Files (SHA-256)" not in card


def test_a_card_says_how_many_classes_it_leaves_out(tmp_path: Path) -> None:
    for num_classes, told in ((101, "\n... and 1 more of 101 classes, whose F1 is no lower.\n"), (100, "")):
        matrix = np.eye(num_classes, dtype=int)
        matrix[-1] = np.roll(matrix[-1], 1)  # the last class is taken for the first
        judged = Metrics(loss=0.1, accuracy=0.9, confusion=matrix.tolist())
        card = to_card(tmp_path, example_result(val=judged, config=example_config(dataset={"name": "digits"})))
        classes = card.split("## Classes")[1].split("## Cost")[0]
        assert classes.count("100.00 |") > 90 and classes.index(f"| {num_classes - 1} |") < classes.index("| 1 |")
        assert told in classes and ("more of" in classes) == bool(told)


def test_the_interval_counts_in_english() -> None:
    """It was over 1 examples."""
    assert [wilson(1, n, "test examples").method for n in (1, 1200)] == [
        "Wilson, over 1 test example",
        "Wilson, over 1,200 test examples",
    ]


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


@pytest.mark.parametrize(
    ("name", "sizes", "said"),
    [
        ("table", (20,) * 12, "(Student's t, linearised, over 12 groups of test rows)"),
        ("images", (20,) * 12, "(Student's t, linearised, over 12 groups of test images)"),
        ("table", (1,) * 240, "(Wilson, over 240 test examples)"),
        ("table", (), "The test accuracy has no interval: rows of one group resemble each other, and this run of an"),
    ],
)
def test_the_interval_of_rows_in_groups_is_over_groups(
    name: str, sizes: tuple[int, ...], said: str, tmp_path: Path
) -> None:
    """12 patients of 20 rows each had the interval of 240 independent rows."""
    right = np.repeat(np.arange(12) % 4 > 0, 20)
    write_correct(tmp_path, 240, np.packbits(right).tobytes(), sizes)
    config = example_config(dataset={"name": name, "groups": "patient"})
    card = to_card(tmp_path, example_result(test=Metrics(loss=0.1, accuracy=0.75), split="holdout", config=config))
    assert said in card and card.count("95 % interval") == bool(sizes)
    if sizes == (20,) * 12:  # the mean of 12 values of 0 and 1
        half = 2.20099 * np.std([0, 1, 1, 1] * 3, ddof=1) / np.sqrt(12)
        assert f"{0.75 - half:.2%} to 100.00%" in card


def test_a_card_says_why_the_accuracy_has_no_interval(trained_unit: Path) -> None:
    (trained_unit / "correct.bits").write_bytes(b"torn")
    text = to_card(trained_unit, read_result(trained_unit / "result.json"))
    assert "The accuracy has no interval: correct.bits was changed after it was written." in text


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
