"""Searches by two objectives, against a calculation by hand."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mgu.report.analysis import Analysis
from mgu.report.formats.json import to_json
from mgu.report.formats.markdown import to_markdown
from mgu.report.formats.terminal import print_searches
from mgu.report.searches.equal_cost import EqualCost, compare_searches
from mgu.report.searches.fronts import front_tables, fronts_of, undominated
from mgu.report.searches.load import load_curves, save_replayed
from mgu.report.searches.sentences import describe_searches
from mgu.results.runs.searches import Searches
from mgu.search.budget import Budget
from mgu.search.curve import Curve, Incumbent
from mgu.search.strategy import Cost
from tests.examples import example_result, example_unit, ranked
from tests.search.test_spending import ask, study_of

BY_PARAMS = {"second": "params"}
A, B, C = (0.9, 1000.0), (0.8, 10.0), (0.7, 100.0)  # C is beaten by B in both


def study(strategy: str, seed: int, *trials: tuple[float, float], **changes: Any) -> Curve:
    """A study of trials that take five seconds each; the unit takes 27."""
    steps = tuple(
        Incumbent(5.0 * (k + 1), k, score, score, score - 0.1, int(second), f"run-{strategy}-{seed}-{k}", second=second)
        for k, (score, second) in enumerate(trials)
    )
    values: dict[str, Any] = {"settings": BY_PARAMS, "until": 1e9} | changes
    return Curve(strategy, "grid", seed, steps[:1], steps[-1].seconds, 0.0, len(steps), outcomes=steps, **values)


def compare(*curves: Curve) -> EqualCost:
    (table,) = ranked([example_result(num_classes=10), example_unit(num_classes=10)])
    found = compare_searches(table, curves)
    assert found
    return found


def test_what_is_covered_is_the_area_by_hand() -> None:
    found = compare(study("nsga2", 0, A, B), study("nsga2", 1, C, A), study("random", 0, C))
    [fronts] = fronts_of(found)
    nsga2, random = fronts.contenders
    # Between the worst of both, (0.7, 1000), and the best, (0.9, 10): A covers nothing, B half of the scores over the
    # whole of the second, and C, the worst score, nothing.
    assert fronts.share(nsga2, 27.0) == pytest.approx((0.5 + 0.0) / 2) and fronts.share(random, 27.0) == 0.0
    assert fronts.share(nsga2, 7.0) == 0.0  # B had not ended
    assert [(own.strategy, curve.seed, step.number) for own, curve, step in fronts.points] == [
        ("nsga2", 0, 0),
        ("nsga2", 0, 1),
    ]


def test_what_was_trained_on_covers_nothing_any_more() -> None:
    curve = study("asha", 0, A, B, C)
    *others, last = curve.outcomes
    fronts = fronts_of(compare(replace(curve, outcomes=(*others, replace(last, continues=1)))))[0]
    assert fronts.share(fronts.contenders[0], 12.0) == pytest.approx(0.5)  # B, as above
    assert fronts.share(fronts.contenders[0], 17.0) == 0.0  # it is C now, the worst score
    assert [step.number for *_, step in fronts.points] == [0, 2]


def test_of_equal_trials_one_is_in_the_front() -> None:
    trials = [step for own in (study("a", 0, A, C), study("b", 0, A, B, (0.8, 20.0))) for step in own.outcomes]
    assert [(step.score, step.second) for step in undominated(trials)] == [A, B]


def test_searches_by_one_objective_or_by_others_are_not_mixed() -> None:
    by_flops = study("random", 0, A, settings={"second": "flops"})
    found = compare(study("nsga2", 0, A, B), by_flops, study("tpe", 0, A, settings={"second": None}))
    assert [(own.second, [each.strategy for each in own.contenders]) for own in fronts_of(found)] == [
        ("params", ["nsga2"]),
        ("flops", ["random"]),
    ]
    [_, flops] = fronts_of(found)
    assert flops.share(flops.contenders[0], 27.0) is None  # a single trial: nothing lies between worst and best


def test_tables_and_formats_have_both() -> None:
    found = compare(study("nsga2", 0, A, B))
    shares, points = front_tables(found)
    assert shares.title == "Two objectives, accuracy and parameters: share of both that is covered"
    assert [text for text, _ in shares.rows[0]] == ["nsga2 on grid", "1", *["0.0%"] * 4]  # worst of both: A's, B's
    assert [text for text, _ in points.rows[1]] == [
        "nsga2 on grid",
        "0",
        "1",
        "80.00%",
        "70.00%",
        "10",
        "run-nsga2-0-1",
    ]
    (table,) = ranked([example_result(num_classes=10), example_unit(num_classes=10)])
    analysis = Analysis(table)
    analysis.__dict__["searches"] = found
    assert points.title in to_markdown([analysis])
    [own] = json.loads(to_json([analysis], []))["experiments"][0]["searches"]["two_objectives"]
    assert own["second"] == "params" and own["front"][1]["params"] == 10
    assert any("hypervolume" in line for line in describe_searches(found))


def test_a_narrow_terminal_keeps_both_objectives() -> None:
    _, points = front_tables(compare(study("nsga2", 0, A, B)))
    console = Console(width=60, file=(text := io.StringIO()))
    print_searches(console, points)
    assert "1,000" in text.getvalue() and "90.00%" in text.getvalue() and "run-nsga2" not in text.getvalue()


def test_a_study_and_its_replay_keep_the_trials_with_their_second_objective(tmp_path: Path) -> None:
    history = study_of(tmp_path, Budget(trials=5)).open()
    for number, second in enumerate((1000.0, 0.0, None)):  # read by no meter, and told by none
        ask(history, number)
        told = {"state": "told", "score": 0.5, "second": second, "epochs": 1, "cost": {"seconds": Cost(2.0).seconds}}
        history.append("told", number=number, **told, details={"val": 0.5, "run": "r"})
    [trained], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert [(step.number, step.second) for step in trained.outcomes] == [(0, 1000.0)]
    save_replayed(tmp_path, "one", ("digits", "paper"), [study("nsga2", 0, A, B)], BY_PARAMS)
    replayed = [own for own in load_curves([Searches(tmp_path)], "digits", "paper")[0] if own.strategy == "nsga2"]
    assert [step.second for step in replayed[0].outcomes] == [1000.0, 10.0]
