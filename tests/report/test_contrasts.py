"""Questions other than the verdict's: by a key, against a row, between two rows, the best row against the others."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from scipy.stats import ttest_1samp, ttest_rel

from mgu.cli.report import main
from mgu.errors import UserError
from mgu.report.analysis import Analysis
from mgu.report.contrasts.answer import Answer
from mgu.report.contrasts.keys import Key
from mgu.report.contrasts.question import Question
from mgu.report.contrasts.resolve import resolve
from mgu.report.formats.html import to_html
from mgu.report.formats.json import to_json
from mgu.report.formats.latex import to_tex
from mgu.report.formats.markdown import to_markdown
from mgu.report.ranking.rank import join, rank
from mgu.report.stats.holm import correct_for_many
from mgu.results.compare.axes import write_value
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.load import Run
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.result import Result
from tests.examples import example_config, example_result, ranked
from tests.report.runs import Trained, analyse

ACCURACIES = {  # by model and learning rate, by seed
    ("a", 0.1): [0.90, 0.92, 0.91, 0.93], ("a", 0.01): [0.95, 0.95, 0.95, 0.96],
    ("b", 0.1): [0.80, 0.79, 0.82, 0.81], ("b", 0.01): [0.82, 0.84, 0.83, 0.86],
}  # fmt: skip


def config(lr: float, **sections: Any) -> dict[str, Any]:
    return example_config(optimizer={"lr": lr}, **sections)


def ask(runs: list[list[Run]], question: Question) -> Analysis:
    tables = rank(run for own in runs for run in own)
    return Analysis(tables[0], question=resolve(question, tables))


@pytest.fixture
def grid(trained: Trained, tmp_path: Path) -> list[list[Run]]:
    """Two models with two learning rates each."""
    found = []
    for (model, lr), accuracies in ACCURACIES.items():
        runs = trained(f"{model}{lr}", accuracies, config=config(lr), shift=int(100 * lr))
        found.append([Run(_renamed(run, f"{model}-s{run.result.seed}", model), run.folder) for run in runs])
    return found


def test_whole_numbers_beyond_those_of_floats_are_values_of_their_own() -> None:
    runs = [Run(example_result(config=example_config(layout={"mask_seed": 2**53 + step})), Path()) for step in (0, 1)]
    rows = [row for run in runs for row in rank([run])[0].rows]
    assert [write_value(Key("layout.mask_seed").value(row)) for row in rows] == ["9007199254740992", "9007199254740993"]


def _renamed(run: Run, name: str, layout: str) -> Result:
    config = run.result.config | {"layout": {"kind": layout}}
    return structs.replace(run.result, name=name, layout=layout, config=config)


def answered(analysis: Analysis) -> Answer:
    assert analysis.answer
    return analysis.answer


def test_by_a_key_pairs_models_that_are_alike_but_for_it(grid: list[list[Run]]) -> None:
    """Means over models by seed and over images, each model by itself with Holm's correction, by a short key."""
    found = answered(ask(grid, Question(by="lr")))
    assert found.key == "optimizer.lr" and found.reference == "0.01"
    rows = [(own.first.name, own.second.name) for own in found.comparisons]
    assert rows == [("a-lr0.1", "a-lr0.01"), ("b-lr0.1", "b-lr0.01")]
    high, low = (np.mean([ACCURACIES[model, lr] for model in "ab"], axis=0) for lr in (0.1, 0.01))
    (mean,) = found.means
    assert mean.difference.mean == pytest.approx((high - low).mean())
    assert mean.p_seeds == pytest.approx(ttest_rel(high, low).pvalue) and mean.num_images == 400
    singles = [own.p for own in found.comparisons]
    assert [own.p_corrected for own in found.comparisons] == correct_for_many(singles) != singles


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("m-lr0.1", " Name one of m-epochs2-lr0.1-s0, m-epochs20-lr0.1-s0."),  # names grow with the runs beside them
        ("m-epochs20", " Did you mean m-epochs20-lr0.1-s0?"),
        ("m-epochs2-lr0.3-s0", " Did you mean m-epochs2-lr0.1-s0?"),
        ("zzzz", " There are m-epochs2-lr0.1-s0, m-epochs20-lr0.1-s0, m-epochs2-lr0.01-s0."),
    ],
)
def test_a_name_that_no_row_has_is_answered_by_those_with_all_its_parts(name: str, hint: str) -> None:
    configs = [config(lr, training={"epochs": epochs}) for lr, epochs in ((0.1, 2), (0.1, 20), (0.01, 2))]
    results = [
        example_result(name="m-s0", config=each, val=Metrics(loss=1.0, accuracy=0.9 - k / 10))
        for k, each in enumerate(configs)
    ]
    tables = rank(Run(result, Path()) for result in results)
    with pytest.raises(UserError) as caught:
        resolve(Question(baseline=name), tables)
    assert str(caught.value).endswith(hint), (caught.value, [row.name for row in tables[0].rows])


def test_by_a_key_answers_in_every_form(grid: list[list[Run]]) -> None:
    analysis = ask(grid, Question(by="optimizer.lr"))
    for text in (to_markdown([analysis]), to_tex([analysis]), to_html([analysis], [])):
        assert "By optimizer.lr" in text and "optimizer.lr=0.1 minus 0.01, the mean of 2 models" in text
        assert "mean over models that are alike but for it" in text
    record = json.loads(to_json([analysis], []))["experiments"][0]["comparison"]
    assert [own["first"] for own in record["comparisons"]] == ["a-lr0.1", "b-lr0.1"]
    assert record["values"][0] == {"value": "0.01", "models": 2, "score": pytest.approx(0.895)}


def test_rows_against_a_baseline(grid: list[list[Run]]) -> None:
    found = answered(ask(grid, Question(baseline="b-lr0.1")))
    assert [own.first.name for own in found.comparisons] == ["a-lr0.01", "a-lr0.1", "b-lr0.01"]
    assert all(own.second.name == "b-lr0.1" for own in found.comparisons)
    assert found.outcome(found.comparisons[0]) == "better"


def test_two_rows_are_compared_with_their_costs(grid: list[list[Run]]) -> None:
    """The first minus the second, by two names or by one and a baseline, with an interval and a ratio of costs."""
    first = ask(grid, Question(against=("b-lr0.1", "a-lr0.01")))
    second = ask(grid, Question(baseline="a-lr0.01", against=("b-lr0.1",)))
    assert first.sections["Comparison"] == second.sections["Comparison"]
    differences = np.subtract(ACCURACIES["b", 0.1], ACCURACIES["a", 0.01])
    low = ttest_1samp(differences, 0).confidence_interval(0.95).low
    line, costs, *_ = first.sections["Comparison"]
    assert line.startswith("Worse: b-lr0.1 minus a-lr0.01 is -14.75 points") and f"{100 * low:+.2f} to" in line
    assert costs.startswith(
        "b-lr0.1 costs, relative to a-lr0.01: 1.0x in time, CPU energy and CO2 cannot be compared (modelled"
    )


def test_without_a_unit_the_best_row_is_compared_with_the_others(trained: Trained) -> None:
    analysis = analyse(trained("a", [0.95, 0.96, 0.955, 0.95]), trained("b", [0.7, 0.71, 0.72, 0.7]))
    assert analysis.verdict is None and "Comparison" in analysis.sections
    assert "The best row (selected on the data that score it) is a. It is better than 1" in analysis.lines[0]
    assert not analyse(trained("unit", [0.9, 0.8]), trained("c", [0.9, 0.7])).answer


def test_scores_other_than_accuracies_are_compared_in_their_own_unit() -> None:
    """Lower is better for the root mean squared error, and there is no test over examples."""
    results = [
        example_result(f"{name}-s{seed}", seed=seed, task="regression", layout=name,
                       ) for name in "ab" for seed in range(4)]  # fmt: skip
    values = {"a": [1.0, 1.1, 1.05, 1.02], "b": [1.5, 1.7, 1.6, 1.55]}
    results = [structs.replace(own, val=Metrics(loss=1.0, rmse=values[own.layout][own.seed])) for own in results]
    (table,) = ranked(results)
    analysis = Analysis(table)
    assert "It is better than 1" in analysis.lines[0] and "-0.545 rmse" in analysis.lines[1]


def test_data_are_compared_by_seed_in_one_table() -> None:
    """Rows on two splits, of which one has test data, by the data that each is compared on."""
    results = []
    for seed in range(3):
        for split, accuracy in (("paper", 0.9), ("holdout", 0.8 - 0.01 * seed)):
            own = example_result(f"a-s{seed}", seed=seed, split=split, val_accuracy=accuracy,
                                 config=config(0.01, dataset={"name": "digits", "split": split}))  # fmt: skip
            results.append(structs.replace(own, test=own.val if split == "holdout" else None))
    tables = ranked(results)
    question = resolve(Question(by="split"), tables)
    assert not any(Analysis(table, question=question).answer for table in tables)
    (joined,) = join(tables)
    analysis = Analysis(joined, question=question)
    assert joined.title == "trial (digits, split: holdout + paper)" and analysis.verdict is None
    assert "there is no test over images" in "\n".join(analysis.lines) and "Cost" not in analysis.sections


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--by optimzer.lr", "a key in which the runs differ, but got optimzer.lr. Did you mean optimizer.lr?"),
        ("--by training.epochs", "got training.epochs, which is 30 in all of them. They differ in optimizer.lr"),
        ("--baseline x-lr0.1-s1", "as the report shows it, but got x-lr0.1-s1. Did you mean x-lr0.1-s0?"),
        ("--against x-lr0.1-s0", "must name two rows, or come with --baseline, but got x-lr0.1-s0 alone"),
        ("--by lr --baseline x-lr0.1-s0", "--by must be alone, but got --baseline, too."),
    ],
)
def test_wrong_options_are_one_line_that_teaches(options: str, said: str, tmp_path: Path) -> None:
    for number, lr in enumerate((0.1, 0.01)):
        (tmp_path / str(number)).mkdir()
        write_result(tmp_path / str(number), example_result("x-s0", config=config(lr)))
    with pytest.raises(UserError) as error:
        main([str(tmp_path), *options.split()])
    assert said in str(error.value) and "\n" not in str(error.value)


def test_seeds_are_not_said_to_be_the_same_in_all_runs() -> None:
    """The first seed of each row had been taken for all of them."""
    (table,) = ranked(
        [
            example_result(f"x-{norm}-s{seed}", norm=norm, seed=seed, config=config(0.1) | {"seed": seed})
            for norm in ("ln", "bn_pre")
            for seed in (0, 1)
        ]
    )
    with pytest.raises(UserError, match="must be a key in which the runs differ, but got seed") as error:
        resolve(Question(by="seed"), [table])
    assert "in all of them" not in str(error.value)


def test_a_csv_has_the_answer_beside_each_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(2):
        for lr in (0.1, 0.01):
            (tmp_path / f"{seed}{lr}").mkdir()
            own = example_result(f"x-s{seed}", seed=seed, val_accuracy=0.9 - lr - seed * lr, config=config(lr))
            write_result(tmp_path / f"{seed}{lr}", own)
    main([str(tmp_path), "--baseline", "x-lr0.01", "--format", "csv"])
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["compared_with"] for row in rows] == ["", "x-lr0.01"]
    assert float(rows[1]["difference"]) == pytest.approx(-0.135) and rows[0]["difference"] == ""


# Likeness


@pytest.mark.parametrize(("margin", "outcome"), [(0.005, "alike"), (0.0005, "not decided")])
def test_rows_are_alike_where_both_one_sided_tests_say_so(margin: float, outcome: str) -> None:
    """Against SciPy's one-sided tests, over seeds alone, for the runs have no right answers."""
    scores = {"ln": [0.950, 0.952, 0.949, 0.951, 0.950], "bn_pre": [0.951, 0.951, 0.950, 0.950, 0.951]}
    (table,) = ranked(
        [
            example_result(f"digits_2-{norm}-s{seed}", norm=norm, seed=seed, val_accuracy=own, num_classes=10)
            for norm, accuracies in scores.items()
            for seed, own in enumerate(accuracies)
        ]
    )
    analysis = Analysis(table, margin, Question(baseline="digits_2-ln"))
    (own,) = answered(analysis).comparisons
    differences = np.subtract(scores["bn_pre"], scores["ln"])
    tests = (
        ttest_1samp(differences, end, alternative=way).pvalue for end, way in ((-margin, "greater"), (margin, "less"))
    )
    assert own.p_alike == pytest.approx(max(tests)) and answered(analysis).outcome(own) == outcome
    text = "\n".join(analysis.lines)
    assert (f"1 alike within {100 * margin:g} points" in text) == (outcome == "alike")
    assert f"for less than {100 * margin:g} points either way (two one-sided tests)" in text
    record = json.loads(to_json([analysis], []))["experiments"][0]["comparison"]["comparisons"][0]
    assert record["p_alike"] == own.p_alike and record["outcome"] == outcome


def test_what_differs_is_not_called_alike_nor_is_a_single_seed(grid: list[list[Run]]) -> None:
    found = answered(ask(grid, Question(by="lr")))
    assert all(found.outcome(own) != "alike" and (own.p_alike or 1) > 0.05 for own in found.comparisons)
    (table,) = ranked([example_result(f"digits_2-{norm}-s0", norm=norm, num_classes=10) for norm in ("ln", "bn_pre")])
    (own,) = answered(Analysis(table, question=Question(baseline="digits_2-ln-s0"))).comparisons
    assert own.p_alike is None


def write_rows(folder: Path, rows: dict[str, dict[str, float | None]]) -> None:
    """Writes the runs of experiments, by name of the experiment and of the run: its accuracy, or None: it diverged."""
    for experiment, accuracies in rows.items():
        for name, accuracy in accuracies.items():
            own = folder / experiment / name
            own.mkdir(parents=True)
            status = "ok" if accuracy else "diverged"
            result = example_result(name, experiment_name=experiment, val_accuracy=accuracy, status=status,
                                    config=config(1.0 if name.startswith("x") else 1e30))  # fmt: skip
            write_result(own, result)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            "--baseline x-lr1 --against y-lr1e+30",
            "--against must be a row with a score, but y-lr1e+30 is diverged. Name",
        ),
        ("--baseline y-lr1e+30", "--baseline must be a row with a score, but y-lr1e+30 is diverged. Name a row"),
        (
            "--baseline x-lr1",
            "--baseline must have another row with a score beside it, but x-lr1 has none. Train others",
        ),
        ("--baseline x-lr1 --against x-lr1", "--against must be another row of the same table, with a score there"),
        ("--by lr", "--by must be a key of which one table has scores for two values, but none has for optimizer.lr"),
    ],
)
def test_a_question_about_what_has_no_score_is_refused(options: str, said: str, tmp_path: Path) -> None:
    """It ended without a word."""
    write_rows(tmp_path, {"one": {"x-s0": 0.9, "y-s0": None}})
    with pytest.raises(UserError) as error:
        main([str(tmp_path), *options.split()])
    assert said in str(error.value) and "\n" not in str(error.value)


def test_one_table_of_several_is_enough_for_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows: dict[str, dict[str, float | None]] = {"one": {"x-s0": 0.9, "y-s0": None}, "two": {"x-s0": 0.9, "y-s0": 0.8}}
    write_rows(tmp_path, rows | {"three": {"z-s0": 0.7}})
    main([str(tmp_path), "--against", "x-lr1", "--against", "y-lr1e+30", "--format", "md"])
    assert capsys.readouterr().out.count("x-lr1-s0 minus y-lr1e+30-s0 is +10.00 points") == 1
    with pytest.raises(UserError, match=r"no table has two such rows of x-lr1, z\. Name rows that one table shows"):
        main([str(tmp_path), "--against", "x-lr1", "--against", "z"])
