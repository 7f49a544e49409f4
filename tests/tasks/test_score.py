"""A task's direction: early stopping, ranking and words follow it, whichever way is better."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import structs
from scipy.stats import ttest_rel

from mgu.console.summary import describe_scores, summarise
from mgu.report.analysis import Analysis
from mgu.report.formats.csv import to_csv
from mgu.report.formats.markdown import to_markdown
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.result import Result
from mgu.tasks.score import SCORES, shorten
from mgu.train.early_stop import EarlyStop
from tests.examples import example_result, example_unit, ranked


def regression(name: str, rmse: float | None, *, unit: bool = False) -> Result:
    metrics = None if rmse is None else Metrics(loss=0.5, rmse=rmse, mae=rmse / 2, r2=0.25)
    example = example_unit if unit else example_result
    return example(name, val=metrics, train=metrics, test=metrics, task="regression", dataset="houses", split="holdout")


@pytest.mark.parametrize(("task", "values"), [("classification", [0.5, 0.6, 0.6, 0.4]), ("regression", [3, 2, 2, 4])])
def test_early_stopping_goes_by_the_direction(task: Any, values: list[float]) -> None:
    stop = EarlyStop(2, SCORES[task])
    assert [stop.improved(epoch, value) for epoch, value in enumerate(values, 1)] == [True, True, False, False]
    assert stop.stopped and stop.best_epoch == 2 and not stop.improved(5, float("nan"))


def test_the_lowest_error_ranks_first_and_no_score_last() -> None:
    results = [regression("poor", 9.0), regression("lost", None), regression("good", 2.0)]
    (table,) = ranked([*results, regression("unit", 2.5, unit=True)])
    assert [row.result.name for row in table.rows] == ["good", "unit", "poor", "lost"]
    text = "\n".join(Analysis(table).lines)
    assert "The unit unit has 2.5 rmse on test data, the best baseline" in text
    assert "good, 2 rmse: +0.5, a higher error (single runs: another seed may change this)." in text
    assert "Not decided: a test needs two or more shared seeds" in text and "points" not in text
    header = to_csv([table]).splitlines()[0]
    assert (
        header.index("val_rmse,val_rmse_sd")
        < header.index("val_mae,")
        < header.index("val_r2,")
        < header.index("test_rmse,")
    )
    assert "acc" not in header
    shown = to_markdown([Analysis(table)])
    assert "| val_rmse |" in shown and "| test_mae |" in shown and "val_mae" not in shown


def test_errors_are_compared_over_the_seeds_in_common() -> None:
    def seeds(name: str, values: list[float], *, unit: bool = False) -> list[Result]:
        runs = enumerate(regression(name, value, unit=unit) for value in values)
        return [structs.replace(run, seed=seed, name=f"{name}-s{seed}") for seed, run in runs]

    ours, theirs = [2.0, 2.1, 1.9, 2.2], [2.5, 2.4, 2.6, 2.3]
    (table,) = ranked([*seeds("unit", ours, unit=True), *seeds("good", theirs), *seeds("poor", [9.0, 8.0, 9.5, 8.5])])
    p = ttest_rel(ours, theirs).pvalue
    text = "\n".join(Analysis(table).lines)
    assert f"Not decided: p = {p:.2g} over 4 shared seeds (paired Student" in text
    assert "-0.4, a lower error (means" in text and "better" not in text  # which only a test can say
    (table,) = ranked([*seeds("unit", ours, unit=True), *seeds("good", [3.5, 3.7, 3.4, 3.8])])
    text = "\n".join(Analysis(table).lines)
    assert "-1.55, which is better (means" in text and "Decided: p " in text


def test_what_the_task_has_not_is_neither_written_nor_shown() -> None:
    ranking = Metrics(loss=1.0, ndcg_at_10=0.3, recall_at_10=0.5)
    result = example_result(val=ranking, train=Metrics(loss=0.5), test=None, task="ranking")
    assert set(msgspec.to_builtins(result)["val"]) == {"loss", "ndcg_at_10", "recall_at_10"}
    header = to_csv(ranked([result])).splitlines()[0]
    assert (
        header.index("val_ndcg_at_10,") < header.index("val_recall_at_10,")
        and "train_loss" not in header
        and "train_acc" not in header
    )
    assert "val     0.3 ndcg_at_10" in summarise(result)
    row = {"train_loss": 0.5, "val_loss": 1.0, "val_ndcg_at_10": 0.25}
    assert describe_scores(row, SCORES["ranking"]) == "loss 0.5000  val loss 1.0000  val 0.25 ndcg_at_10"


def test_rows_of_a_table_are_not_called_images() -> None:
    adult: dict[str, Any] = {"config": {"dataset": {"name": "adult"}}}
    results = [example_result(**adult), example_unit(val_accuracy=0.8, **adult)]
    text = "\n".join(Analysis(ranked(results)[0]).lines)
    assert "selected on the rows that score it" in text and "no test over rows" in text and "-10.00 points" in text


def test_ratings_are_not_called_images() -> None:
    (table,) = ranked([example_result(config={"dataset": {"name": "movielens"}})])
    assert table.rows[0].examples == "ratings"


def test_large_errors_are_whole_numbers() -> None:
    assert [shorten(value) for value in (0.93124, 12.3456, -12_345.6)] == ["0.9312", "12.35", "-12,346"]


def test_tasks_are_never_ranked_together() -> None:
    assert len(ranked([regression("a", 1.0), example_result(dataset="houses")])) == 2


def test_a_result_of_before_there_were_tasks_is_of_classification() -> None:
    old = {k: v for k, v in msgspec.to_builtins(example_result()).items() if k != "task"} | {"schema_version": 2}
    read = msgspec.convert(old, Result)
    assert read.val and read.task == "classification" and read.val_score == read.val.accuracy
