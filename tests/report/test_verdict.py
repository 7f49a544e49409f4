"""The verdict against closed forms and scipy, and its words for constructed cases."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from msgspec import structs
from scipy.stats import binomtest, t, ttest_rel

from mgu.report.analysis import Analysis
from mgu.report.stats.compare import is_the_same
from mgu.report.stats.power import Variance, seeds_needed
from mgu.report.stats.sentences import describe_verdict, verdict_sentence
from mgu.results.on_disk.correct import write_correct
from mgu.results.on_disk.file_names import CORRECT_FILE
from mgu.results.runs.load import Run
from tests.examples import example_config, example_result, example_unit, ranked
from tests.report.runs import NUM_IMAGES, Trained, analyse


def verdict(*models: list[Run], margin: float = 0.005) -> tuple[str, str]:
    found = analyse(*models, margin=margin).verdict
    assert found
    return found.outcome, verdict_sentence(found)


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
    min_f_prime = 2 * t.sf(d.mean() / math.sqrt(sum(errors)), degrees)
    assert min_f_prime < own.p_seeds and own.p == own.p_corrected == own.p_seeds  # no surer than over seeds alone


def test_one_seed_is_mcnemar_over_images_and_no_verdict(trained: Trained) -> None:
    found = analyse(trained("unit", [0.95]), trained("a", [0.90])).verdict
    assert found and found.best.p_images == pytest.approx(binomtest(20, 20).pvalue)
    assert found.outcome == "not decided" and found.best.p_seeds is None and found.best.p_corrected is None
    sentence = verdict_sentence(found)
    assert "5.00 points above a-s0: a single seed" in sentence and "train at least 5" in sentence


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
    assert outcome == "as good" and "and its 5 seeds show that it loses less than 2 points" in sentence
    below = [a - b for a, b in zip(theirs, [0.0275, 0.03, 0.03, 0.0275, 0.03], strict=True)]
    outcome, sentence = verdict(trained("unit2", below), trained("c", theirs), margin=0.06)
    assert outcome == "worse" and "which is within the margin of 6 points" in sentence


def test_not_decided_says_how_many_seeds_would_do(trained: Trained) -> None:
    ours, theirs = [0.90, 0.95, 0.92, 0.97, 0.91], [0.89, 0.91, 0.94, 0.93, 0.92]
    analysis = analyse(trained("unit", ours, bits=False), trained("a", theirs, bits=False), margin=0.001)
    own = analysis.verdict
    assert own and own.outcome == "not decided" and own.best.p_images is None
    assert own.variance == Variance(cast(float, pytest.approx(np.var(np.subtract(ours, theirs), ddof=1))))
    needed = seeds_needed(own.best.difference.mean, own.variance, 1)
    assert f"about {needed} seeds would be needed" in verdict_sentence(own)
    assert any("there is no test over images: runs of earlier versions" in line for line in describe_verdict(own))


def test_right_answers_of_other_test_data_are_left_out_by_name(
    trained: Trained, caplog: pytest.LogCaptureFixture
) -> None:
    """They were left out without a word, and the report said that the run was one of an earlier version."""
    unit, other = trained("unit", [0.95, 0.9]), trained("a", [0.9, 0.85])
    write_correct(other[1].folder, 100, bytes(13))
    found = analyse(unit, other).verdict
    assert found and found.best.p_images is None
    said = "leave out 1 run that counted another number of test examples than most"
    assert f"{said}: {other[1].folder} (100, most 400)" in caplog.text
    assert any(
        "runs that counted another number of test examples than most are left out" in line
        for line in describe_verdict(found)
    )
    caplog.clear()
    analyse(unit, trained("b", [0.9, 0.85]))
    assert not caplog.text


def test_without_a_common_seed_the_seeds_to_train_are_named_and_no_bits_are_missed(trained: Trained) -> None:
    other, folds = trained("a", [0.90, 0.91, 0.92])[1:], example_config(dataset={"folds": 3, "fold": 2})
    found = analyse(trained("unit", [0.95]), other).verdict
    assert found
    text = "\n".join(describe_verdict(found))
    assert "no correct.bits" not in text and "Train the unit with seed=1,2." in text
    assert "For 1 of 1 baseline there is no test: it shares no seed with unit-s0" in text
    found = analyse(trained("unit2", [0.95]), trained("b", [0.90], config=folds)).verdict
    assert found and "Train the unit with dataset.fold=2 seed=0." in "\n".join(describe_verdict(found))


def test_too_few_images_are_not_called_too_few_seeds(trained: Trained) -> None:
    ours, theirs = [0.91, 0.9125, 0.9075], [0.905, 0.9075, 0.9025]
    theirs[0] -= 0.0025
    outcome, sentence = verdict(trained("unit", ours), trained("a", theirs, shift=50))
    assert outcome == "not decided" and "no number of seeds is enough on 400 test images" in sentence


def test_what_is_the_same_on_every_image_is_as_good_where_there_are_images_enough(trained: Trained) -> None:
    """Who is wrong on a hundredth more of all images is so on none of 400 in 0.99 ** 400 = 2 % of all cases."""
    own = [0.95, 0.94]
    unit, baseline = trained("unit", own), trained("a", own)
    found = analyse(unit, baseline, margin=0.01).verdict
    assert found and found.best.p_margin == pytest.approx(0.99**400) and found.outcome == "as good"
    said = "is as accurate as a, and equal answers on each of 400 images show that it loses less than 1 point"
    assert said in verdict_sentence(found)
    for margin in (0.005, 0.0):  # 13 %, and what is equal is not less
        found = analyse(unit, baseline, margin=margin).verdict
        assert found and found.best.p_margin == pytest.approx((1 - margin) ** 400) and found.outcome == "not decided"
        said = "equal answers on 400 test images do not show that less than 0.5 points are lost, those on 598 would"
        assert (said in verdict_sentence(found)) == (margin > 0)


def test_means_that_are_equal_are_no_equal_answers(trained: Trained) -> None:
    """Each is right where the other is wrong, and with the next seed the other way round."""
    halves = [0.5, 0.5]
    unit, baseline = trained("unit", halves), trained("a", halves, shift=200)
    ours, theirs = (runs[1].folder / CORRECT_FILE for runs in (unit, baseline))
    bits = theirs.read_bytes()
    theirs.write_bytes(ours.read_bytes())
    ours.write_bytes(bits)
    found = analyse(unit, baseline, margin=0.01).verdict
    assert found and not is_the_same(found.best) and found.outcome == "not decided"


def test_bits_that_cannot_be_read_are_told_in_one_line(trained: Trained, caplog: pytest.LogCaptureFixture) -> None:
    unit, baseline = trained("unit", [0.96, 0.97, 0.95]), trained("a", [0.90, 0.91, 0.92])
    lost = unit[0].folder / CORRECT_FILE
    lost.write_bytes(b"torn")
    (baseline[1].folder / CORRECT_FILE).unlink()  # runs of earlier versions have none
    correct = analyse(unit, baseline).correct
    assert sorted(map(len, correct)) == [2, 2]
    (line,) = caplog.messages
    assert line == f"figures and tests over examples leave out 1 run: {lost} is not whole"


def test_the_best_baseline_is_the_best_also_without_a_common_seed(trained: Trained) -> None:
    best = trained("best", [0.98, 0.99])
    best = [Run(structs.replace(r.result, seed=10 + k, name=f"best-s{10 + k}"), r.folder) for k, r in enumerate(best)]
    found = analyse(trained("unit", [0.9, 0.91]), best, trained("a", [0.8, 0.81])).verdict
    assert found and found.best.baseline.name == "best" and found.outcome == "not decided"
    assert "they share no seed" in verdict_sentence(found) and "seed=10,11" in verdict_sentence(found)


def test_the_best_of_many_units_is_corrected_for_all_of_them(trained: Trained) -> None:
    accuracies = [0.95, 0.9575, 0.97], [0.94, 0.95, 0.93], [0.93, 0.96, 0.92]
    units = [trained(f"unit{k}", own) for k, own in enumerate(accuracies)]
    found = analyse(*units, trained("a", [0.90, 0.91, 0.92])).verdict
    assert found and found.num_kinds == 3 and "the unit unit0 is" in verdict_sentence(found)
    assert found.best.p and found.best.p_corrected == pytest.approx(3 * found.best.p)  # the smallest, by Holm's rule


def test_seeds_that_images_do_not_tell_of_are_not_tested_over_images(trained: Trained) -> None:
    unit = trained("unit", [0.96, 0.97, 0.95])
    lost = example_unit("unit-s3", seed=3, status="diverged", val_accuracy=None)
    found = analyse([*unit, Run(lost, Path())], trained("a", [0.90, 0.91, 0.90, 0.92])).verdict
    assert found and found.best.p_images is None and found.best.p == found.best.p_seeds


def test_a_unit_that_never_ended_an_epoch_is_not_compared(trained: Trained) -> None:
    lost = Run(example_unit("unit-s0", status="diverged", val_accuracy=None), Path())
    assert (
        "Not decided: no unit has an accuracy, because unit-s0 is diverged."
        in analyse([lost], trained("a", [0.9])).lines
    )


def test_seeds_without_deviation_decide_nothing(trained: Trained) -> None:
    outcome, sentence = verdict(trained("unit", [0.9, 0.9]), trained("a", [0.8, 0.8]))
    assert outcome == "not decided" and "no variance to test with" in sentence


def test_a_diverged_seed_counts_as_a_guess_and_is_named(trained: Trained) -> None:
    config = {"dataset": {"num_classes": 4}}
    unit = trained("unit", [0.96, 0.97, 0.95], config=config)
    lost = example_unit("unit-s3", seed=3, status="diverged", val_accuracy=None, config=config)
    broken = example_unit("unit-s4", seed=4, status="failed", val_accuracy=None, config=config, seconds=None)
    unit += [Run(lost, Path()), Run(broken, Path())]
    analysis = analyse(unit, trained("a", [0.90, 0.91, 0.90, 0.92, 0.9], config=config))
    row = analysis.table.unit_models[0]
    by_seed = {run.seed: own for run, own in row.accuracies("val").items()}
    assert by_seed == {0: 0.96, 1: 0.97, 2: 0.95, 3: 0.25} and row.status == "3 ok, 1 diverged, 1 failed"
    assert analysis.verdict and [run.seed for run in analysis.verdict.best.shared] == [0, 1, 2, 3]
    assert analysis.verdict.outcome == "not decided"
    assert "1 of the unit's 5 runs diverged" in verdict_sentence(analysis.verdict)
    assert any("in a mean it counts as a guess" in line for line in analysis.lines)


@pytest.mark.parametrize("model", ["block", "unit"])  # as it is written, and as schema version 3 wrote it
def test_blocks_of_others_are_ranked_and_on_neither_side(model: str) -> None:
    config = example_unit().config
    highway = {"mgu": {"wiring": "highway", "processors": {"activated": ["activation"]}, "skip_gate": True}}
    known = [example_result(val_accuracy=0.9), example_unit("unit-s0", val_accuracy=0.8)]
    block = example_unit("highway-s0", model=model, val_accuracy=0.99, train_s=2000, config=config | highway)
    (table,), (without,) = ranked([*known, block]), ranked(known)
    assert [row.name for row in table.rows] == ["highway-s0", "digits_2-ln-s0", "unit-s0"]
    assert [row.name for row in table.other_models] == ["highway-s0"]
    ours, theirs = Analysis(table), Analysis(without)
    assert ours.verdict and theirs.verdict and describe_verdict(ours.verdict) == describe_verdict(theirs.verdict)
    assert ours.charges == theirs.charges and ours.optimism == theirs.optimism
    assert any(line.startswith("1 of 3 models is neither the paper's unit nor of the grid") for line in ours.lines)


def test_the_three_opponents(trained: Trained) -> None:
    models = [trained(f"b{i}", [0.9 - i / 100, 0.91 - i / 100], layout="[4]" if i < 2 else "[2]") for i in range(4)]
    own = analyse(trained("unit", [0.88, 0.9], layout="[2]"), *models).verdict
    assert own and own.same_layout
    assert [c.baseline.name for c in (own.best, own.same_layout, own.median)] == ["b0", "b2", "b1"]
