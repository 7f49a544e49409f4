"""Runs that were trained for another score than the usual one: what ranks them, and what a report says of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from mgu.cli.diff import main
from mgu.console.live import LiveView
from mgu.report.analysis import Analysis
from mgu.report.figures.write import figures
from mgu.report.formats.markdown import to_markdown
from mgu.report.ranking.rank import rank
from mgu.report.searches.closed_form import expected_best, recorded_points
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.load import Run
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.result import Result
from mgu.search.clock import WALL
from mgu.search.curve import Curve, Incumbent
from mgu.tasks.score import KNOWN, SCORES, score_named, score_of
from tests.examples import example_config, example_result, example_unit, ranked
from tests.report.runs import Trained
from tests.report.runs import analyse as analyse_runs


def trained_for(score: str | None, name: str, accuracy: float, recall: float, *, unit: bool = False) -> Result:
    metrics = Metrics(loss=0.3, accuracy=accuracy, precision=0.9, recall=recall)
    config = example_config(training={"epochs": 60, "score": score})
    example = example_unit if unit else example_result
    return replace(example(name, config=config), val=metrics, train=metrics, num_classes=10)


def analyse(*results: Result) -> Analysis:
    (table,) = ranked(list(results))
    return Analysis(table)


def test_each_task_has_its_scores_and_the_usual_one_is_first() -> None:
    assert [SCORES[task] for task in KNOWN] == [scores[0] for scores in KNOWN.values()]
    assert score_of("classification").metric == score_of("classification", "mae").metric == "accuracy"
    assert score_of("regression", "mae") == score_named("mae") and not score_named("mae").higher_is_better


def test_runs_are_ranked_by_what_they_were_trained_for() -> None:
    a = trained_for("recall", "digits_2-ln-s0", 0.9, 0.5)
    b = trained_for("recall", "digits_2-bn_pre-s0", 0.8, 0.7)
    unit = trained_for("recall", "digits_2-mgu-reference-s0", 0.7, 0.6, unit=True)
    analysis = analyse(a, b, unit)
    assert [row.val_score for row in analysis.table.rows] == [0.7, 0.6, 0.5]
    assert not analysis.verdicts and analysis.best_so_far is None and not {"ranks", "pareto"} & figures(analysis).keys()
    lines = "\n".join(analysis.lines)
    assert "has 60.00% recall on validation data, the best baseline" in lines
    assert "70.00% recall: -10.00 points, a lower score" in lines
    assert "selection bias" not in lines and "accuracy" not in lines.lower()
    header = to_markdown([analysis]).splitlines()[2]
    assert "| val_recall [%] |" in header and "| val_acc [%] |" in header


def test_runs_for_different_scores_are_ranked_by_the_usual_one() -> None:
    a = trained_for("recall", "digits_2-ln-s0", 0.8, 0.7)
    analysis = analyse(a, trained_for(None, "digits_2-bn_pre-s0", 0.9, 0.5))
    assert analysis.table.score.metric == "accuracy" and [row.val_score for row in analysis.table.rows] == [0.9, 0.8]
    assert any("trained for different scores (accuracy, recall: training.score)" in line for line in analysis.lines)
    answer = analyse(replace(a, name="digits_2-bn_pre-s0"), trained_for(None, "digits_2-bn_pre-s0", 0.9, 0.5))
    assert [row.name for row in answer.table.rows] == [
        "digits_2-bn_pre-score-usual-s0",  # the example's configuration is not whole
        "digits_2-bn_pre-score-recall-s0",
    ]


@pytest.mark.parametrize(("metric", "is_compared"), [("recall", True), ("accuracy", False), (None, True)])
def test_searches_by_another_score_are_left_out(metric: str | None, is_compared: bool) -> None:
    results = [trained_for("recall", "digits_2-ln-s0", 0.9, 0.5)]
    results.append(trained_for("recall", "digits_2-mgu-reference-s0", 0.7, 0.6, unit=True))
    analysis = analyse(*results)
    step = Incumbent(seconds=5.0, number=0, score=0.5, val=0.5, test=None, params=10)
    curve = Curve("random", "grid", 0, (step,), 5.0, 0.0, 1, until=5.0, metric=metric)
    analysis.__dict__["_all_curves"] = ([curve], [])
    assert (analysis.searches is not None) == is_compared
    told = any("1 study of the experiment went by another score than recall" in line for line in analysis.lines)
    assert told != is_compared


def test_right_answers_say_nothing_of_recall(trained: Trained, tmp_path: Path) -> None:
    """A test over images would be one of accuracies, beside a difference of another score."""
    config = example_config(training={"epochs": 60, "score": "recall"})
    runs = [trained(name, [0.9, 0.91], config=config) for name in ("a", "b")]
    assert analyse_runs(*runs).correct == [{}, {}] != analyse_runs(trained("c", [0.9])).correct


def test_two_runs_for_different_scores_are_compared_by_the_usual_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, score in (("a", "recall"), ("b", None)):
        (tmp_path / name).mkdir()
        write_result(tmp_path / name, trained_for(score, "digits_2-ln-s0", 0.75, 0.5 if name == "a" else 0.25))
    main([str(tmp_path / "a"), str(tmp_path / "b")])
    text = capsys.readouterr().out
    assert "B minus A, val accuracy: +0.00 points" in text and " val recall " in text


def test_runs_of_searches_by_another_score_are_no_grid() -> None:
    by_recall, by_accuracy = trained_for("recall", "digits_2-ln-s0", 0.9, 0.5), trained_for(None, "a-s0", 0.8, 0.6)
    analysis = analyse(by_recall, by_accuracy)
    step = Incumbent(seconds=5.0, number=0, score=0.5, val=0.5, test=None, params=10)
    names = frozenset(run.folder.name for row in analysis.table.rows for run in row.runs)
    curve = Curve("tpe", "grid", 0, (step,), 5.0, 0.0, 1, until=5.0, metric="recall", runs=names)
    analysis.__dict__["_all_curves"] = ([curve], [])
    assert analysis.searched == analysis.chosen == names and analysis.searches is None


def test_a_search_in_random_order_takes_the_best_by_the_score_of_its_table() -> None:
    results = [
        trained_for("recall", "digits_2-ln-s0", 0.9, 0.5),
        trained_for("recall", "digits_2-bn_post-s0", 0.7, 0.8),
    ]
    analysis = analyse(*results, trained_for(None, "digits_2-bn_pre-s0", 0.8, 0.6))
    recorded = recorded_points(analysis.table, frozenset(), WALL)
    assert recorded and expected_best(recorded.vals, 1e9, 0.0) == pytest.approx(0.9)


def test_the_best_run_so_far_is_by_one_score() -> None:
    seen = [trained_for("recall", "a-s0", 0.5, 0.99), trained_for(None, "b-s0", 0.9, 0.4)]
    view: Any = SimpleNamespace(seen=seen, name_of_result=lambda result: result.name)
    assert LiveView._best_so_far(view) == "b-s0 90.00%"
    view.seen = seen[:1]
    assert LiveView._best_so_far(view) == "a-s0 99.00% recall"


def test_a_diverged_run_is_no_guess_of_recall() -> None:
    lost: dict[str, Any] = {"status": "diverged", "val": None, "train": None}
    runs = [trained_for("recall", "digits_2-ln-s0", 0.9, 0.5)]
    runs.append(replace(runs[0], name="digits_2-ln-s1", seed=1, config=runs[0].config | {"seed": 1}, **lost))
    (table,) = rank(Run(run, Path("no")) for run in runs)
    assert table.rows[0].val_score == 0.5
    assert any("no mean includes it" in line for line in Analysis(table).lines)
