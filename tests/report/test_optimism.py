"""Optimism of a selected winner, against closed forms and the whole bootstrap."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from mgu.report.analysis import Analysis
from mgu.report.ranking.rank import rank
from mgu.report.stats.correct import Bits
from mgu.report.stats.optimism import Optimism, describe_optimism, optimism
from mgu.report.stats.sentences import describe_verdict
from mgu.results.runs.load import Run
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.replicate import Replicate
from tests.examples import example_config, example_result, example_unit, ranked
from tests.report.runs import NUM_IMAGES, Trained, analyse

GRID = {"unit": [0.5, 0.5], "a": [0.5, 0.6], "b": [0.5, 0.4]}


def test_holdout_picks_on_validation_and_compares_on_test_images(trained: Trained) -> None:
    def with_test(runs: list[Run], test: list[float]) -> list[Run]:
        metrics = [Metrics(loss=0.1, accuracy=accuracy, precision=0.9, recall=0.9) for accuracy in test]
        return [Run(type(run.result)(**{f: getattr(run.result, f) for f in run.result.__struct_fields__}
                                     | {"test": own, "split": "holdout"}), run.folder)
                for run, own in zip(runs, metrics, strict=True)]  # fmt: skip

    a, b = with_test(trained("a", [0.95, 0.96]), [0.90, 0.93]), with_test(trained("b", [0.94, 0.93]), [0.99, 0.98])
    analysis = analyse(with_test(trained("unit", [0.5, 0.5]), [0.97, 0.98]), a, b)
    own = analysis.verdict
    assert own and own.best.baseline.name == "a" and own.best.difference.mean == pytest.approx(0.06)
    assert (
        "best baseline (selected on validation images), a, is +6.00 points, 95 % interval" in describe_verdict(own)[0]
    )
    lost = (0.05 - (0.05 - 0.05) / 2 + 0.03 - (0.03 - 0.05) / 2) / 2
    assert analysis.optimism == (None, None, pytest.approx(lost))
    assert "it loses 4.50 points more than all models do in the mean" in "\n".join(analysis.lines)


@pytest.mark.parametrize(
    ("bias", "words"),
    [
        (Optimism(None, None, -0.0211), "does not make it look better than it is here (selection bias): from "
         "validation to test images it loses 2.11 points less than all models do in the mean"),
        (Optimism(None, None, 0.0211), "makes it look better than it is (selection bias): from validation to test "
         "images it loses 2.11 points more than all models do"),
        (Optimism(-0.003, 0.0011, None), "makes it look better than it is (selection bias): the winner is 0.30 points "
         "worse than with other seeds and 0.11 points better than on other test images (bootstrap)"),
        (Optimism(-0.003, None, None), "does not make it look better than it is here (selection bias): the winner is "
         "0.30 points worse than with other seeds, on average"),
    ],
)  # fmt: skip
def test_a_negative_bias_is_said_in_words_and_not_by_a_sign(bias: Optimism, words: str) -> None:
    (sentence,) = describe_optimism(bias)
    assert words in sentence


def test_optimism_over_seeds_and_images(trained: Trained) -> None:
    """Two coins: whichever is picked on a sample is there E|difference| / 2 better than on all images."""
    runs = [*trained("a", [0.5, 0.6]), *trained("b", [0.5, 0.4], shift=NUM_IMAGES // 2)]
    (table,) = rank(runs)
    found = optimism(table, Analysis(table).correct)
    assert found.over_seeds == pytest.approx((0.5 - (0.6 + 0.4) / 2 + 0.6 - 0.5) / 2)  # a tie, then a
    first = optimism(rank([runs[0], runs[2]])[0], Analysis(rank([runs[0], runs[2]])[0]).correct)
    # Each image is right in exactly one: the difference has deviation 2 sqrt(1/4 / n), its mean size sqrt(2/pi) of it.
    assert first.over_images == pytest.approx(math.sqrt(2 / math.pi) / math.sqrt(NUM_IMAGES) / 2, rel=0.1)


def test_a_function_without_test_data_has_no_official_ones(trained: Trained) -> None:
    own = {"dataset": "my.load@12ab", "config": example_config(dataset={"name": "python", "target": "my:load"})}
    found = {}
    for kind, changes in {"own": own, "named": {}}.items():
        models = [trained(f"{name}-{kind}", values, **changes) for name, values in GRID.items()]
        found[kind] = "\n".join(analyse(*models).lines)
    for words in ("validation uses the official test data", "on its test images", "on other test images (bootstrap)"):
        assert words in found["named"] and words not in found["own"]
    for words in (
        "my.load@12ab gave no test data, so nothing is held out: the validation data that select the best of the grid",
        "Selecting the best of the grid on its validation examples makes it look better",
        "on other validation examples (bootstrap)",
    ):
        assert words in found["own"] and words not in found["named"]


def test_a_winner_beyond_doubt_is_not_flattered(trained: Trained) -> None:
    (table,) = rank([*trained("a", [0.9]), *trained("b", [0.5])])
    assert optimism(table, Analysis(table).correct).over_images == 0


def test_optimism_over_images_is_that_of_the_whole_bootstrap() -> None:
    """Also where images are easy or hard for all models, which the report leaves out of its draws."""
    random = np.random.default_rng(3)
    hard = random.random(NUM_IMAGES) < 0.2
    hits = np.where(hard, random.random((5, NUM_IMAGES)) < 0.5, random.random((5, NUM_IMAGES)) < 0.99)
    draws = random.multinomial(NUM_IMAGES, np.full(NUM_IMAGES, 1 / NUM_IMAGES), 20_000) / NUM_IMAGES
    resampled = hits @ draws.T
    expected = (resampled.max(axis=0) - hits.mean(axis=1)[resampled.argmax(axis=0)]).mean()
    table = ranked(example_result(f"b{k}") for k in range(5))[0]
    found = optimism(table, [{Replicate(0): Bits(NUM_IMAGES, np.packbits(own).tobytes())} for own in hits])
    assert found.over_images == pytest.approx(expected, rel=0.08)


def test_selection_goes_by_accuracies_which_are_over_rows_and_not_over_groups(tmp_path: Path) -> None:
    config = example_config(dataset={"name": "table", "groups": "patient"})
    runs = [
        Run(make(name, config=config, split="holdout", val_accuracy=val, test=Metrics(loss=1, accuracy=0.8)), tmp_path)
        for make, name, val in ((example_unit, "unit", 0.8), (example_result, "a", 0.9), (example_result, "b", 0.7))
    ]
    [table] = rank(runs)
    text = " ".join(Analysis(table).sections["Verdict"])
    assert "on validation rows makes it look better" in text and "from validation to test rows it loses" in text
