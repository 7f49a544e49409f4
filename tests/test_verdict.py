"""The statistics of the report against closed forms and scipy, and the verdict's words against constructed cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, t, ttest_1samp, ttest_rel
from statsmodels.stats.power import tt_solve_power

from mgu.config import RunConfig
from mgu.report.analysis import Analysis
from mgu.report.beside import beside_paper, correlation
from mgu.report.budget import budget, win_probabilities
from mgu.report.compare import correct_for_many, seeds_needed
from mgu.report.images import Bits
from mgu.report.load import Run
from mgu.report.optimism import optimism
from mgu.report.rank import Table, rank
from mgu.report.seeds import group_seeds, spread
from mgu.results import Metrics, write_correct
from tests.conftest import Configure
from tests.examples import example_result, example_unit, ranked
from tests.test_report import paper_result

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
    assert "1 runs repeat a seed of their model and are left out." in analysis.lines


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
    assert own.p == own.p_corrected == max(own.p_seeds or 0, own.p_images or 0)


def test_one_seed_is_mcnemar_over_images_and_no_verdict(trained: Trained) -> None:
    found = analyse(trained("unit", [0.95]), trained("a", [0.90])).verdict
    assert found and found.best.p_images == pytest.approx(binomtest(20, 20).pvalue)
    assert found.outcome == "not decided" and found.best.p_seeds is None and found.best.p_corrected is None
    assert "5.00 points above the best of 1 baselines" in found.sentence and "train at least 5" in found.sentence


def test_holm_is_its_step_down_rule() -> None:
    p = [0.01, 0.04, 0.03, None]
    assert correct_for_many(p) == pytest.approx([0.04, 0.09, 0.09, None])  # 4 x .01, then max(3 x .03, 2 x .04)
    assert correct_for_many([None, None]) == [None, None]


@pytest.mark.parametrize(("effect", "comparisons"), [(2.0, 1), (0.8, 24), (-0.3, 24)])
def test_seeds_needed_are_the_fewest_that_have_the_power(effect: float, comparisons: int) -> None:
    exact = tt_solve_power(abs(effect), alpha=0.05 / comparisons, power=0.8)
    assert seeds_needed(effect, comparisons) == math.ceil(exact)
    assert seeds_needed(0.01, comparisons) is None and seeds_needed(None, 1) is None and seeds_needed(0.0, 1) is None


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
    assert f"about {seeds_needed(own.best.effect, 1)} seeds would be needed" in own.sentence
    assert any("there is no test over images: their runs" in line for line in own.lines)


def test_too_few_images_are_not_called_too_few_seeds(trained: Trained) -> None:
    ours, theirs = [0.91, 0.9125, 0.9075], [0.905, 0.9075, 0.9025]
    theirs[0] -= 0.0025
    outcome, sentence = verdict(trained("unit", ours), trained("a", theirs, shift=50))
    assert outcome == "not decided" and "400 test images are too few to confirm" in sentence


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
    assert analysis.optimism == (None, None, pytest.approx(0.04)) and "+4.00 points more" in "\n".join(analysis.lines)


def test_optimism_over_seeds_and_images(trained: Trained) -> None:
    """Two coins: whichever is picked on a sample is there E|difference| / 2 better than on all images."""
    runs = [*trained("a", [0.5, 0.6]), *trained("b", [0.5, 0.4], shift=NUM_IMAGES // 2)]
    (table,) = rank(runs)
    found = optimism(table, Analysis(table).correct)
    assert found.over_seeds == pytest.approx(((0.5 - 0.6) + (0.6 - 0.5)) / 2)
    first = optimism(rank([runs[0], runs[2]])[0], Analysis(rank([runs[0], runs[2]])[0]).correct)
    # Each image is right in exactly one: the difference has deviation 2 sqrt(1/4 / n), its mean size sqrt(2/pi) of it.
    assert first.over_images == pytest.approx(math.sqrt(2 / math.pi) / math.sqrt(NUM_IMAGES) / 2, rel=0.1)


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


@pytest.mark.parametrize("seed", range(8))
def test_the_budget_curve_is_that_of_all_orders(seed: int) -> None:
    random = np.random.default_rng(seed)
    costs = [int(cost) for cost in random.integers(1, 7, size=5)]
    scores = [float(score) for score in random.integers(0, 4, size=5)]  # with ties
    counts = np.zeros((6, sum(costs) + 1))
    orders = list(permutations(range(5)))
    for order in orders:
        for spent in range(sum(costs) + 1):
            over = [k for place, k in enumerate(order) if sum(costs[i] for i in order[: place + 1]) <= spent]
            counts[max(over, key=lambda k: (scores[k], -k)) if over else 5, spent] += 1
    np.testing.assert_allclose(win_probabilities(costs, scores), counts / len(orders), atol=1e-12)


def one_search(*accuracies: float, unit: float, unit_s: float) -> Table:
    results = [example_result(f"b{i}", val_accuracy=a, train_s=100.0) for i, a in enumerate(accuracies)]
    return ranked([*results, example_unit(val_accuracy=unit, train_s=unit_s)])[0]


def test_where_the_unit_pays() -> None:
    """Equal costs: after k of four models in random order the best of them is the mean of maxima of k draws."""
    own = budget(one_search(0.6, 0.7, 0.8, 0.9, unit=0.85, unit_s=250.0))
    assert own
    assert own.expected[own.at_unit] == pytest.approx((0.7 + 2 * 0.8 + 3 * 0.9) / 6, abs=1e-9)  # two are over
    assert own.low[own.at_unit] == 0.7 and own.high[own.at_unit] == 0.9
    assert own.expected[0] == 0 and own.expected[-1] == pytest.approx(0.9)
    assert own.reached_s == pytest.approx(300.0, rel=2e-3) and "1.2x the unit's time; the unit pays" in own.sentence
    dear = budget(one_search(0.6, 0.7, 0.8, 0.9, unit=0.85, unit_s=350.0))
    assert dear and "0.86x the unit's time; the unit does not pay" in dear.sentence
    best = budget(one_search(0.6, 0.7, unit=0.85, unit_s=350.0))
    assert best and best.reached_s is None and "not expected to reach the unit" in best.sentence


def test_no_curve_from_times_that_were_disturbed() -> None:
    assert budget(ranked([example_result(contended=True), example_unit()])[0]) is None
    assert budget(ranked([example_result(), example_unit(resumed=1)])[0]) is None


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
