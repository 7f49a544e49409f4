"""The statistics of the report against closed forms and scipy, and the verdict's words against constructed cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from scipy.stats import binomtest, t, ttest_1samp, ttest_rel

from mgu.config.run import RunConfig
from mgu.report.analysis import Analysis
from mgu.report.ranking.rank import rank
from mgu.report.ranking.seeds import group_seeds, spread
from mgu.report.stats.correct import Bits
from mgu.report.stats.optimism import optimism
from mgu.report.stats.power import Variance, seeds_needed
from mgu.report.stats.replication import beside_paper, correlation
from mgu.results.correct import write_correct
from mgu.results.load import Run
from mgu.results.result import Metrics
from tests.conftest import Configure
from tests.examples import example_result, example_unit, ranked
from tests.report.test_report import paper_result

NUM_IMAGES = 400


@pytest.fixture
def trained(tmp_path: Path) -> Callable[..., list[Run]]:
    """Runs of one model whose accuracies by seed are given, with bits that have them; `shift` moves the wrong ones."""

    def build(
        name: str, accuracies: Sequence[float], *, bits: bool = True, shift: int = 0, **changes: Any
    ) -> list[Run]:
        runs = []
        for seed, accuracy in enumerate(accuracies):
            folder = tmp_path / f"{name}-{seed}"
            folder.mkdir()
            correct = np.roll(np.arange(NUM_IMAGES) < round(accuracy * NUM_IMAGES), shift)
            if bits:
                write_correct(folder, NUM_IMAGES, np.packbits(correct).tobytes())
            make = example_unit if name.startswith("unit") else example_result
            result = make(f"{name}-s{seed}", seed=seed, val_accuracy=float(correct.mean()), **changes)
            runs.append(Run(result, folder))
        return runs

    return build


Trained = Callable[..., list[Run]]


def analyse(*models: list[Run], margin: float = 0.005) -> Analysis:
    (table,) = rank(run for runs in models for run in runs)
    return Analysis(table, margin)


def verdict(*models: list[Run], margin: float = 0.005) -> tuple[str, str]:
    found = analyse(*models, margin=margin).verdict
    assert found
    return found.outcome, found.sentence


def test_a_spread_is_that_of_the_t_distribution() -> None:
    values = [0.91, 0.94, 0.90, 0.97, 0.93]
    own = spread(values)
    low, high = ttest_1samp(values, 0).confidence_interval(0.95)
    assert own and own == pytest.approx((np.mean(values), 5, np.std(values, ddof=1), low, high))
    assert spread([0.5]) == (0.5, 1, None, None, None) and spread([]) is None


def test_seeds_of_what_has_one_identity_but_for_them_are_a_group(configure: Configure) -> None:
    """What belongs to no identity must not part seeds, and what does must."""
    same = {"runs_dir": "a", "force": True, "training.timeout": 9.0, "dataset.root": "b", "energy.enabled": True,
            "device": "auto", "experiment_name": "c", "layout.name": "d"}  # fmt: skip
    other = {"optimizer.lr": 0.5, "training.epochs": 3, "threads": 7, "engine": "eager", "norm.eps": 0.5}
    base = configure("norm=ln", "seed=3")
    for key, value in (same | other).items():
        values = base.model_dump()
        section, _, name = key.rpartition(".")
        (values[section] if section else values)[name] = value
        changed = RunConfig.model_validate(values)
        runs = [Run(example_result(f"x-s{seed}", config=config.model_dump(mode="json"), seed=seed), Path())
                for seed, config in enumerate((base, changed))]  # fmt: skip
        assert (changed.identity == base.identity) == (key in same) == (len(group_seeds(runs)[0]) == 1), key


def test_a_repeated_seed_is_left_out_and_said(trained: Trained) -> None:
    once = trained("a", [0.9, 0.8])
    analysis = analyse(once, once[:1])
    assert [len(row.runs) for row in analysis.table.rows] == [2]
    assert "Left out, for they repeat a seed of their model: 1 of all runs." in analysis.lines


def test_of_a_repeated_seed_the_one_that_did_not_fail_counts(trained: Trained) -> None:
    lost = Run(example_result("a-s0", status="failed", val_accuracy=None), Path())
    assert analyse([lost], trained("a", [0.9])).table.rows[0].status == "ok"


def test_p_values_are_those_of_the_named_tests(trained: Trained) -> None:
    ours, theirs = [0.95, 0.96, 0.955, 0.97], [0.90, 0.93, 0.94, 0.92]
    found = analyse(trained("unit", ours), trained("a", theirs, shift=7)).verdict
    assert found
    images = [np.arange(NUM_IMAGES) < round(a * NUM_IMAGES) for a in ours]
    against = [np.roll(np.arange(NUM_IMAGES) < round(a * NUM_IMAGES), 7) for a in theirs]
    own, d = found.best, np.subtract(ours, theirs)
    assert own.p_seeds == pytest.approx(ttest_rel(ours, theirs).pvalue)
    assert own.p_images == pytest.approx(ttest_rel(np.mean(images, axis=0), np.mean(against, axis=0)).pvalue)
    assert own.effect == pytest.approx(d.mean() / d.std(ddof=1)) and own.num_images == NUM_IMAGES
    half = t.ppf(0.975, 3) * d.std(ddof=1) / 2
    assert (own.difference.low, own.difference.high) == pytest.approx((d.mean() - half, d.mean() + half))
    on_images = np.mean(images, axis=0) - np.mean(against, axis=0)
    errors = d.var(ddof=1) / 4, on_images.var(ddof=1) / NUM_IMAGES
    degrees = sum(errors) ** 2 / (errors[0] ** 2 / 3 + errors[1] ** 2 / (NUM_IMAGES - 1))
    assert own.p == own.p_corrected == pytest.approx(2 * t.sf(d.mean() / math.sqrt(sum(errors)), degrees))


def test_one_seed_is_mcnemar_over_images_and_no_verdict(trained: Trained) -> None:
    found = analyse(trained("unit", [0.95]), trained("a", [0.90])).verdict
    assert found and found.best.p_images == pytest.approx(binomtest(20, 20).pvalue)
    assert found.outcome == "not decided" and found.best.p_seeds is None and found.best.p_corrected is None
    assert "5.00 points above a-s0: seeds" in found.sentence and "train at least 5" in found.sentence


def test_a_clear_win_and_a_clear_loss(trained: Trained) -> None:
    high, low = [0.96, 0.965, 0.955, 0.96, 0.9625], [0.90, 0.91, 0.895, 0.905, 0.90]
    middle = trained("b", [0.8, 0.81, 0.79, 0.8, 0.82])
    outcome, sentence = verdict(trained("unit", high), trained("a", low), middle)
    assert outcome == "better" and sentence == "Better: the unit unit is 5.85 points above the best of 2 baselines, a."
    outcome, sentence = verdict(trained("unit2", low), trained("c", high), middle)
    assert outcome == "worse" and sentence == "Worse: the unit unit2 is 5.85 points below the best of 2 baselines, c."


def test_as_good_within_the_margin_and_worse_yet_within_it(trained: Trained) -> None:
    theirs = [0.95, 0.9525, 0.9475, 0.95, 0.955]
    near = [0.95, 0.95, 0.95, 0.9525, 0.9525]
    outcome, sentence = verdict(trained("unit", near), trained("a", theirs), margin=0.02)
    assert outcome == "as good" and "and by its 5 seeds loses less than 2 points" in sentence
    below = [a - b for a, b in zip(theirs, [0.0275, 0.03, 0.03, 0.0275, 0.03], strict=True)]
    outcome, sentence = verdict(trained("unit2", below), trained("c", theirs), margin=0.06)
    assert outcome == "worse" and "which is within the margin of 6 points" in sentence


def test_not_decided_says_how_many_seeds_would_do(trained: Trained) -> None:
    ours, theirs = [0.90, 0.95, 0.92, 0.97, 0.91], [0.89, 0.91, 0.94, 0.93, 0.92]
    analysis = analyse(trained("unit", ours, bits=False), trained("a", theirs, bits=False), margin=0.001)
    own = analysis.verdict
    assert own and own.outcome == "not decided" and own.best.p_images is None
    assert own.variance == Variance(pytest.approx(np.var(np.subtract(ours, theirs), ddof=1)))
    assert f"about {seeds_needed(own.best.difference.mean, own.variance, 1)} seeds would be needed" in own.sentence
    assert any("there is no test over images: not every seed" in line for line in own.lines)


def test_too_few_images_are_not_called_too_few_seeds(trained: Trained) -> None:
    ours, theirs = [0.91, 0.9125, 0.9075], [0.905, 0.9075, 0.9025]
    theirs[0] -= 0.0025
    outcome, sentence = verdict(trained("unit", ours), trained("a", theirs, shift=50))
    assert outcome == "not decided" and "no number of seeds is enough on 400 test images" in sentence


def test_what_is_the_same_on_every_image_is_as_good(trained: Trained) -> None:
    own = [0.95, 0.94]
    outcome, sentence = verdict(trained("unit", own), trained("a", own))
    assert outcome == "as good" and "is as accurate as a, and by its 2 seeds loses less than" in sentence


def test_the_best_baseline_is_the_best_also_without_a_common_seed(trained: Trained) -> None:
    best = trained("best", [0.98, 0.99])
    best = [Run(structs.replace(r.result, seed=10 + k, name=f"best-s{10 + k}"), r.folder) for k, r in enumerate(best)]
    found = analyse(trained("unit", [0.9, 0.91]), best, trained("a", [0.8, 0.81])).verdict
    assert found and found.best.baseline.name == "best" and found.outcome == "not decided"
    assert "they have no seed in common" in found.sentence and "seed=10,11" in found.sentence


def test_the_best_of_many_units_is_corrected_for_all_of_them(trained: Trained) -> None:
    accuracies = [0.95, 0.9575, 0.97], [0.94, 0.95, 0.93], [0.93, 0.96, 0.92]
    units = [trained(f"unit{k}", own) for k, own in enumerate(accuracies)]
    found = analyse(*units, trained("a", [0.90, 0.91, 0.92])).verdict
    assert found and found.num_tests == 3 and "the best of 3 units, unit0, is" in found.sentence
    assert found.best.p and found.best.p_corrected == pytest.approx(3 * found.best.p)  # the smallest, by Holm's rule


def test_seeds_that_images_do_not_tell_of_are_not_tested_over_images(trained: Trained) -> None:
    unit = trained("unit", [0.96, 0.97, 0.95])
    lost = example_unit("unit-s3", seed=3, status="diverged", val_accuracy=None)
    found = analyse([*unit, Run(lost, Path())], trained("a", [0.90, 0.91, 0.90, 0.92])).verdict
    assert found and found.best.p_images is None and found.best.p == found.best.p_seeds


def test_a_unit_that_never_ended_an_epoch_is_worse(trained: Trained) -> None:
    lost = Run(example_unit("unit-s0", status="diverged", val_accuracy=None), Path())
    assert "Worse: no unit has an accuracy, for unit-s0 is diverged." in analyse([lost], trained("a", [0.9])).lines


def test_seeds_without_deviation_decide_nothing(trained: Trained) -> None:
    outcome, sentence = verdict(trained("unit", [0.9, 0.9]), trained("a", [0.8, 0.8]))
    assert outcome == "not decided" and "leaves no deviation to judge by" in sentence


def test_a_diverged_seed_counts_as_a_guess_and_is_named(trained: Trained) -> None:
    config = {"dataset": {"num_classes": 4}}
    unit = trained("unit", [0.96, 0.97, 0.95], config=config)
    lost = example_unit("unit-s3", seed=3, status="diverged", val_accuracy=None, config=config)
    broken = example_unit("unit-s4", seed=4, status="failed", val_accuracy=None, config=config, seconds=None)
    unit += [Run(lost, Path()), Run(broken, Path())]
    analysis = analyse(unit, trained("a", [0.90, 0.91, 0.90, 0.92, 0.9], config=config))
    row = analysis.table.units[0]
    assert row.accuracies("val") == {0: 0.96, 1: 0.97, 2: 0.95, 3: 0.25} and row.status == "3 ok, 1 diverged, 1 failed"
    assert analysis.verdict and analysis.verdict.best.seeds == (0, 1, 2, 3)
    assert "1 of the unit's 5 runs diverged" in analysis.verdict.sentence and analysis.verdict.outcome == "not decided"
    assert any("in a mean each counts as a guess" in line for line in analysis.lines)


@pytest.mark.parametrize("model", ["block", "unit"])  # as it is written, and as schema version 3 wrote it
def test_blocks_of_others_are_ranked_and_on_neither_side(model: str) -> None:
    config = example_unit().config
    highway = {"mgu": {"wiring": "highway", "processors": {"activated": ["activation"]}, "skip_gate": True}}
    known = [example_result(val_accuracy=0.9), example_unit("unit-s0", val_accuracy=0.8)]
    block = example_unit("highway-s0", model=model, val_accuracy=0.99, train_s=2000, config=config | highway)
    (table,), (without,) = ranked([*known, block]), ranked(known)
    assert [row.name for row in table.rows] == ["highway-s0", "digits_2-ln-s0", "unit-s0"]
    assert [row.name for row in table.blocks] == ["highway-s0"]
    ours, theirs = Analysis(table), Analysis(without)
    assert ours.verdict and theirs.verdict and ours.verdict.lines == theirs.verdict.lines
    assert ours.charges == theirs.charges and ours.optimism == theirs.optimism
    assert any(line.startswith("1 of 3 models are neither the paper's unit nor of the grid") for line in ours.lines)


def test_the_three_opponents(trained: Trained) -> None:
    models = [trained(f"b{i}", [0.9 - i / 100, 0.91 - i / 100], layout="[4]" if i < 2 else "[2]") for i in range(4)]
    own = analyse(trained("unit", [0.88, 0.9], layout="[2]"), *models).verdict
    assert own and own.own_layout
    assert [c.baseline.name for c in (own.best, own.own_layout, own.median)] == ["b0", "b2", "b1"]


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
    assert "Against the best (picked on validation images), a: +6.00 points, 95 % interval" in own.lines[1]
    lost = (0.05 - (0.05 - 0.05) / 2 + 0.03 - (0.03 - 0.05) / 2) / 2
    assert analysis.optimism == (None, None, pytest.approx(lost))
    assert "flatters it: by +4.50 points beyond what all models lose" in "\n".join(analysis.lines)


def test_optimism_over_seeds_and_images(trained: Trained) -> None:
    """Two coins: whichever is picked on a sample is there E|difference| / 2 better than on all images."""
    runs = [*trained("a", [0.5, 0.6]), *trained("b", [0.5, 0.4], shift=NUM_IMAGES // 2)]
    (table,) = rank(runs)
    found = optimism(table, Analysis(table).correct)
    assert found.over_seeds == pytest.approx((0.5 - (0.6 + 0.4) / 2 + 0.6 - 0.5) / 2)  # a tie, then a
    first = optimism(rank([runs[0], runs[2]])[0], Analysis(rank([runs[0], runs[2]])[0]).correct)
    # Each image is right in exactly one: the difference has deviation 2 sqrt(1/4 / n), its mean size sqrt(2/pi) of it.
    assert first.over_images == pytest.approx(math.sqrt(2 / math.pi) / math.sqrt(NUM_IMAGES) / 2, rel=0.1)


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
    found = optimism(table, [{0: Bits(NUM_IMAGES, np.packbits(own).tobytes())} for own in hits])
    assert found.over_images == pytest.approx(expected, rel=0.08)


def test_the_paper_beside_ours() -> None:
    ours = [paper_result(0, val_accuracy=0.9), paper_result(5, val_accuracy=0.99),
            paper_result(24, val_accuracy=None, status="diverged")]  # fmt: skip
    pairs = beside_paper(ranked(ours)[0])
    assert [pair.difference for pair in pairs] == [pytest.approx(-9.32), pytest.approx(0.03), None]
    assert [pair.diverged for pair in pairs] == ["neither", "neither", "ours"]
    found = correlation(pairs)
    assert found and found[0] == pytest.approx(1 / 3)
    assert correlation(pairs[:1]) is None
    alike = beside_paper(ranked([paper_result(place, val_accuracy=0.9) for place in range(3)])[0])
    assert correlation(alike) is None
