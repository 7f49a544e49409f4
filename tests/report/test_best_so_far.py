"""The expected best-so-far of a grid search, against all orders counted one by one."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from scipy.stats import ttest_1samp

from mgu.report.analysis import Analysis
from mgu.report.formats.plain_statistics import best_so_far_to_plain
from mgu.report.ranking.rank import Table
from mgu.report.stats.best_so_far import BestSoFar, best_so_far, obstacle
from mgu.report.stats.correct import Bits
from mgu.report.stats.in_order import grid_in_order
from mgu.report.stats.random_order import win_probabilities
from mgu.report.stats.sentences import search_sentence
from mgu.results.on_disk.correct import read_correct
from mgu.results.runs.load import Run
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.replicate import Replicate
from mgu.results.schema.result import Result
from mgu.search.curve import Curve
from tests.examples import example_config, example_result, example_unit, ranked
from tests.report.runs import Trained, analyse


@pytest.mark.parametrize("seed", range(8))
def test_the_budget_curve_is_that_of_all_orders(seed: int) -> None:
    random = np.random.default_rng(seed)
    costs = [int(cost) for cost in random.integers(1, 7, size=5)]
    scores = [[2.0, 1.0, 1.0, 3.0, 2.0], [1.0, 1.0, 1.0, 0.0, 2.0]][seed % 2]  # a pair, or three that are equal
    counts = np.zeros((6, sum(costs) + 1))
    orders = list(permutations(range(5)))
    for order in orders:
        for spent in range(sum(costs) + 1):
            over = [k for place, k in enumerate(order) if sum(costs[i] for i in order[: place + 1]) <= spent]
            best = max(over, key=lambda k: scores[k]) if over else 5  # of equal ones the first that was tried
            counts[best, spent] += 1
    is_exact = seed % 2 == 0
    np.testing.assert_allclose(win_probabilities(costs, scores), counts / len(orders), atol=1e-12 if is_exact else 0.03)


def test_a_model_that_cannot_have_ended_wins_no_tie() -> None:
    found = win_probabilities([1, 9], [0.5, 0.5])
    assert found[:, 1].tolist() == [0.5, 0.0, 0.5] and found[:, 10].tolist() == pytest.approx([0.5, 0.5, 0.0])


def one_search(*accuracies: float, unit: float, unit_s: float, **changes: Any) -> Table:
    results = [example_result(f"b{i}", val_accuracy=a, train_s=100.0, **changes) for i, a in enumerate(accuracies)]
    return ranked([*results, example_unit(val_accuracy=unit, train_s=unit_s, **changes)])[0]


def at_cost(table: Table) -> tuple[BestSoFar, int, str]:
    """The curve, the place of the unit's cost on it, and the sentence on what that would have bought."""
    analysis = Analysis(table)
    assert analysis.best_so_far and analysis.verdict
    cost_s = analysis.best_so_far.cost_of(table.unit_models)
    assert cost_s
    return (
        analysis.best_so_far,
        analysis.best_so_far.at(cost_s),
        search_sentence(analysis.verdict, analysis.best_so_far),
    )


def test_where_the_unit_pays() -> None:
    """Equal costs: after k of four models in random order the best of them is the mean of maxima of k draws."""
    own, place, sentence = at_cost(one_search(0.6, 0.7, 0.8, 0.9, unit=0.85, unit_s=250.0))
    assert own.expected[place] == pytest.approx((0.7 + 2 * 0.8 + 3 * 0.9) / 6, abs=1e-9)  # two are over
    assert own.low[place] == 0.7 and own.high[place] == 0.9
    assert own.expected[0] == 0 and own.expected[-1] == pytest.approx(0.9)
    assert own.reached_s(0.85) == pytest.approx(300.0, rel=2e-3)
    assert sentence.endswith("1.2x the unit's cost: whether the unit is worth its cost here is not decided.")
    assert "(250 s of time to solution without set-up) is expected to reach" in sentence
    *_, dear = at_cost(one_search(0.6, 0.7, 0.8, 0.9, unit=0.85, unit_s=350.0))
    assert dear.endswith("0.86x the unit's cost: whether the unit is worth its cost here is not decided.")
    best, _, sentence = at_cost(one_search(0.6, 0.7, unit=0.85, unit_s=350.0))
    assert best.reached_s(0.85) is None and "is not expected to reach the unit" in sentence


@pytest.mark.parametrize(("unit", "said"), [(0.1, "as good"), (0.05, "better")])
def test_where_a_guess_is_as_good_as_the_unit(unit: float, said: str) -> None:
    """It was matched after 0 s, 0x the unit's cost."""
    curve, _, sentence = at_cost(one_search(0.6, 0.7, unit=unit, unit_s=250.0, num_classes=10))
    assert curve.chance == curve.expected[0] == pytest.approx(0.1)
    assert sentence.endswith(f"). A guess is {said} (10.00%): the unit is not worth its cost here.")


def test_what_stands_beside_a_difference_over_shared_seeds_is_over_these() -> None:
    """Means over all seeds were of the other sign: the search 70 %, the unit 60 %, the difference +10 points."""
    results = [
        example_result(f"{name}-s{seed}", seed=seed, val_accuracy=accuracy, train_s=100.0)
        for name in "ab"
        for seed, accuracy in enumerate((0.5, 0.9))
    ]
    (table,) = ranked([*results, example_unit(val_accuracy=0.6, train_s=150.0)])
    curve, place, sentence = at_cost(table)
    assert curve.expected[place] == pytest.approx(0.7)
    assert sentence.startswith("Over 1 shared seed, a grid search in random order that takes as long as ")
    assert "expected to reach 50.00% (50.00% to 50.00% in four of five searches)" in sentence
    assert "the unit reaches 60.00% (not decided, +10.00 points, 1 seed" in sentence
    assert "The whole grid search is not expected to reach the unit: " in sentence  # it is expected to with seed 1
    plain = best_so_far_to_plain(curve, Analysis(table).verdicts[0])
    assert (plain["unit_accuracy"], plain["grid_expected_at_unit_s"]) == pytest.approx((0.6, 0.5))
    assert plain["grid_reaches_unit_after_s"] is None and plain["shared_seeds_and_folds"] == 1


def test_a_unit_is_worth_its_cost_only_where_a_test_decides() -> None:
    """Five seeds; a search of the unit's cost finds the one baseline."""

    def worth(*units: float) -> tuple[str, float]:
        """The end of the sentence, and the p-value by hand."""
        theirs = (0.70, 0.71, 0.72, 0.73, 0.74)
        results = [
            make(f"{name}-s{seed}", seed=seed, val_accuracy=value, train_s=100.0)
            for make, name, values in ((example_result, "b", theirs), (example_unit, "unit", units))
            for seed, value in enumerate(values)
        ]
        *_, sentence = at_cost(ranked(results)[0])
        return sentence, float(ttest_1samp(np.subtract(units, theirs), 0).pvalue)

    better, p = worth(0.80, 0.82, 0.81, 0.84, 0.83)
    assert p < 0.001 and better.endswith(
        "is not expected to reach the unit: the unit is worth its cost here (p < 0.001, paired Student's t-test over "
        "seeds)."
    )
    worse, p = worth(0.60, 0.72, 0.60, 0.64, 0.63)
    assert 0.01 < p < 0.05 and worse.endswith(
        f"the unit is not worth its cost here (p = {p:.2g}, paired Student's t-test over seeds)."
    )
    undecided, p = worth(0.80, 0.60, 0.90, 0.70, 0.75)
    assert p > 0.05 and undecided.endswith("whether the unit is worth its cost here is not decided.")
    equal, _ = worth(0.700, 0.711, 0.720, 0.731, 0.740)
    assert "the unit is as good here as the search at its cost (p < 0.001 of a loss of 0.5 points or more, " in equal


def test_each_kind_of_unit_is_at_its_own_cost() -> None:
    results = [example_result(f"b{i}", val_accuracy=a, train_s=100.0) for i, a in enumerate((0.6, 0.7, 0.8, 0.9))]
    results += [example_unit("x-mgu-dear-s0", val_accuracy=0.9, train_s=300.0),
                example_unit("x-mgu-cheap-s0", val_accuracy=0.7, train_s=100.0),
                example_unit("y-mgu-cheap-s0", val_accuracy=0.65, train_s=100.0)]  # fmt: skip
    (table,) = ranked(results)
    found = {own.kind.name: own for own in Analysis(table).verdicts}
    assert list(found) == ["mgu-dear", "mgu-cheap"] and found["mgu-cheap"].unit.name == "x-mgu-cheap-s0"
    means = {name: own.search.second.scores[Replicate(0)] for name, own in found.items() if own.search}
    assert means["mgu-dear"] == pytest.approx((0.8 + 3 * 0.9) / 4)  # three of four
    assert means["mgu-cheap"] == pytest.approx((0.7 + 2 * 0.8 + 3 * 0.9) / 6)  # two layouts of a kind: two of four


def bits_of(run: Run) -> Bits:
    """Which answers were right."""
    read = read_correct(run.folder)
    assert read
    return Bits(*read)


def test_a_search_is_compared_over_seeds_and_images(trained: Trained) -> None:
    """Of two baselines of equal cost a budget for one finds either: per image the mean of their right answers."""
    a, b, unit = trained("a", [0.9, 0.8]), trained("b", [0.7, 0.6], shift=100), trained("unit", [0.95, 0.9])
    analysis = analyse(unit, a, b)
    own = analysis.verdict
    assert own and own.search
    assert own.search.second.scores == pytest.approx({Replicate(0): 0.8, Replicate(1): 0.7})
    ours, *theirs = ([bits_of(run).unpack() for run in runs] for runs in (unit, a, b))
    expected = np.mean([own[0] for own in theirs], axis=0)
    np.testing.assert_allclose(own.search.second.images[Replicate(0)].unpack(), expected)
    per_image = np.mean(ours, axis=0) - np.mean(theirs, axis=(0, 1))
    assert own.search.p_images == pytest.approx(ttest_1samp(per_image, 0).pvalue)
    assert own.search.p_seeds == pytest.approx(ttest_1samp([0.15, 0.2], 0).pvalue)


def test_the_curve_is_of_seeds_that_all_baselines_have() -> None:
    """A seed of which a model was not trained has no grid to search."""
    results = [example_result(f"a-s{seed}", seed=seed, val_accuracy=0.6) for seed in range(3)]
    results += [example_result("b-s0", val_accuracy=0.9), example_unit(val_accuracy=0.5)]
    own = best_so_far(ranked(results)[0])
    assert own and own.expected[-1] == pytest.approx(0.9)
    other = [example_result("b-s7", seed=7, val_accuracy=0.9)]
    assert obstacle(ranked([*results[:3], *other, results[-1]])[0]) == "the baselines share no seed"


def test_a_search_adds_no_model_to_the_grid_but_what_the_grid_has() -> None:
    """Four of the grid, one of which a search has trained before, beside two at learning rates of its own."""

    def model(name: str, accuracy: float, rate: float = 0.01, **changes: Any) -> Result:
        config = example_config(optimizer={"lr": rate})
        own: dict[str, Any] = {"identity": f"{rate}", "val_accuracy": accuracy, "config": config, "train_s": 100.0}
        return example_result(name, **(own | changes))

    by_hand = [model("ln-s0", 0.6), model("ln-res-s0", 0.7, residual=True), model("bn-s0", 0.8, norm="bn_pre")]
    searched = [
        model("bn-res-s0", 0.65, norm="bn_pre", residual=True),
        model("ln-s0", 0.9, 0.003),
        model("ln-s0", 0.95, 0.002),
    ]
    unit = example_unit(val_accuracy=0.85, train_s=400.0)
    (table,) = ranked([*by_hand, *searched, unit])
    chosen = {result.folder_name for result in searched}
    curve, of_all = best_so_far(table, chosen=chosen), best_so_far(table)
    assert curve and sorted(row.result.val_score or 0.0 for row in curve.baselines) == [0.6, 0.65, 0.7, 0.8]
    assert curve.expected[-1] == pytest.approx(0.8) and of_all and of_all.expected[-1] == pytest.approx(0.95)
    (alone,) = ranked([*searched, unit])
    analysis = Analysis(table)
    analysis.__dict__["chosen"] = frozenset(chosen)
    (line,) = analysis._beyond_grid
    assert line.startswith("Of 6 baselines 2 were trained by searches alone, with settings that the grid does not")
    analysis.__dict__["chosen"] = frozenset({searched[1].folder_name})
    (line,) = analysis._beyond_grid
    assert line.startswith("Of 6 baselines 1 was trained") and "the best baseline may be this one" in line
    assert best_so_far(alone, chosen=chosen) is None and "searches trained all baselines" in str(
        obstacle(alone, chosen)
    )


def test_only_searches_that_follow_results_are_no_grid() -> None:
    def follows(strategy: str, space: str, **changes: Any) -> bool:
        return Curve(strategy, space, 0, (), 1.0, 0.0, 1, **changes).follows_results

    assert follows("tpe", "grid") and follows("random", "protocol") and follows("tpe", "protocol", complete=True)
    assert follows("random", "grid", settings={"per_cost": 0.5})
    assert not (follows("tpe", "grid", complete=True) or follows("random", "grid") or follows("grid", "grid"))


def test_the_grid_in_order_goes_from_shallow_to_deep() -> None:
    def model(name: str, layout: str, accuracy: float, **changes: Any) -> Result:
        return example_result(name, layout=layout, val_accuracy=accuracy, train_s=100.0, **changes)

    results = [model("deep", "[4, 0, 1, 3, 2]", 0.9, norm="bn_pre"), model("res", "[2, 0]", 0.85, residual=True),
               model("plain", "[2, 0]", 0.8), model("bn", "[2, 0]", 0.7, norm="bn_pre")]  # fmt: skip
    curve = best_so_far(ranked([*results, example_unit(val_accuracy=0.5)])[0])
    assert curve
    steps = grid_in_order(curve)
    assert [row.name for row in steps.rows] == ["bn", "plain", "res", "deep"]
    assert steps.accuracies == pytest.approx((0.7, 0.8, 0.85, 0.9)) and steps.seconds == pytest.approx(
        (100, 200, 300, 400)
    )


def test_of_equal_models_either_may_be_kept() -> None:
    def scored(name: str, val: float, test: float) -> Result:
        metrics = [Metrics(loss=0.1, accuracy=accuracy, precision=0.9, recall=0.9) for accuracy in (val, test)]
        return structs.replace(example_result(name, split="holdout"), val=metrics[0], test=metrics[1])

    unit = structs.replace(scored("unit", 0.5, 0.5), model="unit", norm=None, residual=None)
    own = best_so_far(ranked([scored("a", 0.9, 0.7), scored("b", 0.9, 0.9), unit])[0])
    assert own and own.expected[-1] == pytest.approx(0.8)


def test_times_that_were_disturbed_give_way_to_processor_time() -> None:
    starved = example_unit()
    assert starved.energy
    starved = structs.replace(starved, energy=structs.replace(starved.energy, cpu_seconds=5.0))
    for results in ([example_result(), starved], [example_result(contended=True), example_unit()]):
        curve = best_so_far(ranked(results)[0])
        assert curve and curve.basis == "processor" and curve.seconds[-1] == pytest.approx(19.0)
    assert "time and CO2 cannot be compared (other work used the machine during 1 of 2 runs)" in "\n".join(
        Analysis(ranked([example_result(), starved])[0]).sections["Cost"]
    )


def test_no_curve_where_no_cost_is_known() -> None:
    shared = example_result(contended=True, trained_together=2)
    assert "their processor time is not known" in str(obstacle(ranked([shared, example_unit()])[0]))
    on_gpu = example_unit(resumed=1, device="cuda:0 (H100)")
    table = ranked([example_result(), on_gpu])[0]
    assert best_so_far(table) is None and "without interruption" in str(obstacle(table))
