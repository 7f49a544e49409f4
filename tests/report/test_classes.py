"""What a report, a card and a comparison say of single classes, from confusion matrices."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.stats import chisquare
from sklearn.metrics import precision_recall_fscore_support

from mgu.cli.report import main
from mgu.errors import UserError
from mgu.report.analysis import Analysis
from mgu.report.card.card import to_card
from mgu.report.caveats import caveats
from mgu.report.classes import classes_of
from mgu.report.diff.classes import compare_classes
from mgu.report.ranking.class_counts import ClassCounts, are_uneven, counts_of
from mgu.report.ranking.class_scores import score_classes
from mgu.report.ranking.columns import shown_columns
from mgu.report.ranking.rank import rank
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.load import Run
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.result import Result
from tests.examples import example_config, example_result, example_unit

UNEVEN = [[2, 1, 0], [0, 9, 1], [0, 3, 0]]
EVEN = [[4, 1, 0], [0, 5, 0], [1, 0, 4]]


def judged(result: Result, matrix: list[list[int]], names: list[str] | None = None, **changes: Any) -> Result:
    counts = np.array(matrix)
    share = float(counts.trace() / counts.sum())
    val = Metrics(loss=0.3, accuracy=share, precision=0.5, recall=0.5, macro_f1=0.5, confusion=matrix, **changes)
    return replace(result, val=val, classes=names, num_classes=len(matrix))


def save(folder: Path, *results: Result) -> Path:
    for result in results:
        own = folder / result.folder_name
        own.mkdir(parents=True)
        write_result(own, result)
    return folder


def test_shares_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    truth, said = random.integers(0, 3, 300), random.integers(1, 5, 300)  # 0 is never predicted
    said[said == 4] = 3  # 3 never occurs, and 4 is never there at all
    matrix = np.zeros((5, 5), int)
    np.add.at(matrix, (truth, said), 1)
    runs, classes = score_classes([judged(example_result(), matrix.tolist())])
    precision, recall, f1, support = precision_recall_fscore_support(truth, said, labels=range(5), zero_division=0)
    assert runs == 1 and [score.name for score in classes][-1] == "4" and classes[-1].f1 is None
    for score in classes:
        index = int(score.name)
        assert score.examples == support[index]
        assert (score.precision or 0.0, score.recall or 0.0, score.f1 or 0.0) == pytest.approx(
            (precision[index], recall[index], f1[index])
        )
        assert (score.precision is None) == (index in (0, 4)) and (score.recall is None) == (index in (3, 4))
        if support[index]:
            wrong = matrix[index] * (np.arange(5) != index)
            assert score.taken == wrong.max() and score.taken_for == tuple(
                map(str, np.flatnonzero(wrong == wrong.max()))
            )


def test_runs_of_a_model_are_added_up_and_cases_count_where_there_are_some() -> None:
    first, second = (judged(example_result(f"a-s{seed}", seed=seed), UNEVEN, ["x", "y", "z"]) for seed in (0, 1))
    runs, classes = score_classes([first, second, example_result(), judged(example_result(), [[1, 0], [0, 1]])])
    assert runs == 2 and [(score.name, score.examples, score.taken_for, score.taken) for score in classes] == [
        ("z", 6, ("y",), 6), ("y", 20, ("z",), 2), ("x", 6, ("y",), 2),
    ]  # fmt: skip
    of_cases = judged(example_result(), UNEVEN, case_confusion=[[1, 0], [0, 1]])
    assert [score.examples for score in score_classes([of_cases])[1]] == [1, 1]
    own_images = example_result(config=example_config(dataset={"classes": ["a", "b", "c"]}))
    assert {score.name for score in score_classes([judged(own_images, EVEN)])[1]} == {"a", "b", "c"}


def test_a_report_tells_the_compared_models_class_by_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["cat", "=dog", "owl"]
    grid = judged(example_result("digits_2-ln-s0"), UNEVEN, names)
    poor = judged(example_result("digits_2-bn_post-s0", norm="bn_post"), [[1, 2, 0], [0, 9, 1], [0, 3, 0]], names)
    unit = judged(example_unit("digits_2-mgu-reference-s0"), [[3, 0, 0], [0, 10, 0], [0, 3, 0]], names)
    folder = save(tmp_path / "runs", grid, poor, unit)
    told = {}
    for form in ("table", "md", "csv", "json", "tex", "html"):
        main([str(folder), "--classes", "--format", form])
        told[form] = capsys.readouterr().out
    for form in ("table", "md", "tex", "html"):
        assert "validation examples, worst F1 first" in told[form].replace("\n", " "), form
        assert "bn_post-s0, validation" not in told[form]  # neither a unit nor a rival
        assert "--classes" not in told[form], form
    assert "| cat | 3 | 100.00 | 66.67 | 80.00 | - | - | =dog (1) |" in told["md"]
    rows = list(csv.DictReader(io.StringIO(told["csv"])))
    assert len(rows) == 9 and [row["class"] for row in rows if "ln" in row["model_name"]] == ["owl", "'=dog", "cat"]
    (plain,) = json.loads(told["json"])["experiments"]
    assert plain["classes"][0] == {
        "model_name": "digits_2-mgu-reference-s0", "judged_by": "validation examples", "runs": 1, "class": "owl",
        "examples": 3, "precision": None, "recall": 0.0, "f1": 0.0, "taken_for": ["=dog"], "taken": 3,
        "ap": None, "auc": None,
    }  # fmt: skip
    main([str(folder), "--classes", "--baseline", "digits_2-bn_post-s0", "--against", "digits_2-ln-s0"])
    assert "Classes of digits_2-bn_post-s0" in capsys.readouterr().out


def test_a_caveat_names_what_naming_one_class_would_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names, many = ["cat", "dog", "owl"], 20 * np.array(UNEVEN)
    poor = np.array([[0, 60, 0], [0, 200, 0], [0, 60, 0]])
    results = [
        judged(example_result(name), matrix.tolist(), names) for name, matrix in (("a-s0", many), ("b-s0", poor))
    ]
    main([str(save(tmp_path / "runs", *results))])
    text = capsys.readouterr().out
    assert "Classes of" not in text and "To name dog for each of the 320 validation examples" in text
    assert "right for 62.50%. 1 model is right for no more: b-s0. `--classes` tells each class." in text


def test_classes_without_a_matrix_are_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "runs", example_result())
    with pytest.raises(UserError, match=r"-ln-s0: an earlier version trained its runs\. The same command with force"):
        main([str(folder), "--classes"])
    many = save(tmp_path / "many", example_result(num_classes=120))
    with pytest.raises(UserError, match="results hold at most 100 classes"):
        main([str(many), "--classes"])
    numbers = example_result(task="regression", val=Metrics(loss=0.1, rmse=1.0))
    with pytest.raises(UserError, match="the task is regression, which has no classes"):
        main([str(save(tmp_path / "numbers", numbers)), "--classes"])
    with pytest.raises(UserError, match="no run of it ended an epoch well"):
        main([str(save(tmp_path / "lost", example_result(val_accuracy=None, status="diverged"))), "--classes"])
    for other in (["--searches"], ["--pictures", "x"]):
        with pytest.raises(UserError, match=f"--classes must be without {other[0]}"):
            main([str(folder), "--classes", *other])


def test_who_is_not_told_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uneven = (20 * np.array(UNEVEN)).tolist()
    told = judged(example_result("digits_2-ln-s0"), uneven)
    seeds = [judged(example_result("a-s0", norm="bn_post"), uneven), example_result("a-s1", seed=1, norm="bn_post")]
    old = example_result("b-s0", norm="bn_pre")
    folder = save(tmp_path / "runs", told, *seeds, old)
    main([str(folder), "--classes", "--baseline", "digits_2-ln-s0", "--format", "md"])
    out, err = capsys.readouterr()
    assert "no classes are told of b-s0: an earlier version trained its runs" in err
    assert "Classes of a, validation examples of 1 of 2 runs, worst F1 first" in out and "Classes of b-s0" not in out
    assert "50.00 (1 of 2)" in out
    lost = example_result("d-s0", norm="no_norm", val_accuracy=None, status="diverged")
    main([str(save(tmp_path / "lost", told, lost)), "--classes"])
    assert "no classes are told of d-s0: no run of it ended an epoch well (diverged)" in capsys.readouterr().err
    many = save(tmp_path / "many", told, *(judged(example_result(f"c{k}-s0", residual=True), EVEN) for k in range(4)))
    main([str(many), "--classes", "--baseline", "digits_2-ln-s0"])
    out, err = capsys.readouterr()
    assert out.count("Classes of") == 4 and "classes are told of 4 of 5 models. Name others by --baseline" in err


def test_models_that_have_classes_are_told_where_the_first_have_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There was no table where the first four of the compared models had none."""
    old = [example_result(f"old{k}-s0", layout=f"l{k}", val_accuracy=0.95 - k / 100) for k in range(6)]
    told = judged(example_result("new-s0", layout="n"), UNEVEN)
    main([str(save(tmp_path / "runs", *old, told)), "--classes"])
    out, err = capsys.readouterr()
    assert "Classes of new-s0, validation examples" in out
    assert "no classes are told of old0-s0, old1-s0, old2-s0, old3-s0 and 2 more: an earlier version" in err
    main([str(tmp_path / "runs"), "--classes", "--baseline", "old0-s0", "--against", "old1-s0"])
    assert "Classes of" not in capsys.readouterr().out  # none that is asked for has any


@pytest.mark.parametrize(
    ("matrix", "is_uneven"),
    [
        (UNEVEN, False),  # so few examples could look so by chance
        ((20 * np.array(UNEVEN)).tolist(), True),
        (EVEN, False),
        ([[180, 0], [0, 120]], True),
        ([[60, 0], [0, 40]], False),
        ([[60, 0], [0, 0]], True),
        (np.diag([18, 12, 11, 10, 10, 9, 9, 8, 7, 6]).tolist(), False),
    ],
)
def test_macro_f1_is_a_column_for_people_where_classes_are_uneven(matrix: list[list[int]], is_uneven: bool) -> None:
    (table,) = rank([Run(judged(example_result(), matrix), Path("a"))])
    titles = [column.title for column in shown_columns(table)]
    assert ("val_macro_f1 [%]" in titles) == is_uneven == are_uneven(table.results)
    assert "val_recall [%]" not in titles
    assert [model.model for model in classes_of(Analysis(table))] == ["digits_2-ln-s0"]


def test_uneven_is_what_chi_squared_says() -> None:
    random, p_values = np.random.default_rng(0), []
    for _ in range(200):
        counts = random.multinomial(150, [0.3, 0.25, 0.25, 0.2])
        is_uneven = ClassCounts(("a", "b", "c", "d"), tuple(map(int, counts)), "examples").is_uneven
        p_values.append((chisquare(counts).pvalue, is_uneven, counts.max() >= 1.2 * 150 / 4))
    clear = [(p < 0.01, told) for p, told, is_large in p_values if is_large and not 0.008 < p < 0.0125]
    assert all(expected == told for expected, told in clear) and {told for _, told in clear} == {True, False}


def test_folds_are_counted_together_and_a_class_that_nobody_tests_is_named() -> None:
    folds = []
    for fold, matrix in enumerate(([[90, 0], [0, 0]], [[60, 0], [10, 0]])):
        config = example_config(dataset={"folds": 2, "fold": fold})
        folds.append(judged(example_result(f"a-f{fold}-s0", config=config), matrix, ["no", "yes"]))
    counts = counts_of([*folds, folds[0]])
    assert counts and counts.counts == (150, 10) and counts.largest_share == 150 / 160
    (table,) = rank([Run(folds[0], Path("a"))])
    lines = caveats(table)
    assert "No validation example is of class yes: no score says anything of it." in lines
    assert any("1 model is right for no more: a" in line for line in lines)


def test_a_comparison_of_two_runs_begins_with_the_class_that_loses_most() -> None:
    a, b = judged(example_result(), EVEN, ["x", "y", "z"]), judged(example_result(), [[3, 2, 0], [0, 5, 0], [0, 0, 5]])
    b = replace(b, classes=a.classes)
    table = compare_classes(a, b)
    assert [[text for text, _ in row] for row in table.rows] == [
        ["x", "5", "80.00", "60.00", "-20.00", "80.00", "75.00"],
        ["y", "5", "100.00", "100.00", "+0.00", "90.91", "83.33"],
        ["z", "5", "80.00", "100.00", "+20.00", "88.89", "100.00"],
    ]
    assert not compare_classes(a, a).rows and not compare_classes(a, example_result()).rows


def test_a_card_has_the_classes(tmp_path: Path) -> None:
    plain = example_result(config=example_config(dataset={"name": "digits"}))
    card = to_card(tmp_path, judged(plain, UNEVEN, ["a_b", "*c*", "d"]))
    assert "## Classes\n\nBy the validation examples, worst F1 first.\n" in card
    assert r"| \*c\* | 10 | 69.23 | 90.00 | 78.26 | - | - | d (1) |" in card
    assert "## Classes" not in to_card(tmp_path, plain)


def test_average_precision_and_areas_are_means_over_the_runs_that_have_them() -> None:
    first = judged(example_result("a-s0"), EVEN, class_ap=[0.5, 1.0, None], class_auc=[0.75, 1.0, None])
    second = judged(example_result("a-s1", seed=1), EVEN, class_ap=[0.7, 0.5, None], class_auc=[0.25, 1.0, None])
    _, classes = score_classes([first, second, judged(example_result("a-s2", seed=2), EVEN)])
    by_name = {score.name: (score.ap, score.auc) for score in classes}
    assert by_name == {"0": (pytest.approx(0.6), 0.5), "1": (0.75, 1.0), "2": (None, None)}
    _, of_cases = score_classes([judged(example_result(), EVEN, class_ap=[1.0] * 3, case_confusion=EVEN)])
    assert [score.ap for score in of_cases] == [None] * 3
