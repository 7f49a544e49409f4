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
from sklearn.metrics import precision_recall_fscore_support

from mgu.cli.report import main
from mgu.errors import UserError
from mgu.report.analysis import Analysis
from mgu.report.card.card import to_card
from mgu.report.classes import classes_of
from mgu.report.diff.classes import compare_classes
from mgu.report.ranking.class_scores import find_largest, score_classes
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
            assert score.taken == wrong.max() and score.taken_for == str(wrong.argmax())


def test_runs_of_a_model_are_added_up_and_cases_count_where_there_are_some() -> None:
    first, second = (judged(example_result(f"a-s{seed}", seed=seed), UNEVEN, ["x", "y", "z"]) for seed in (0, 1))
    runs, classes = score_classes([first, second, example_result(), judged(example_result(), [[1, 0], [0, 1]])])
    assert runs == 2 and [(score.name, score.examples, score.taken_for, score.taken) for score in classes] == [
        ("z", 6, "y", 6), ("y", 20, "z", 2), ("x", 6, "y", 2),
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
    assert "| cat | 3 | 100.00 | 66.67 | 80.00 | =dog (1) |" in told["md"]
    rows = list(csv.DictReader(io.StringIO(told["csv"])))
    assert len(rows) == 6 and [row["class"] for row in rows if "ln" in row["model_name"]] == ["owl", "'=dog", "cat"]
    (plain,) = json.loads(told["json"])["experiments"]
    assert plain["classes"][0] == {
        "model_name": "digits_2-mgu-reference-s0", "judged_by": "validation examples", "runs": 1, "class": "owl",
        "examples": 3, "precision": None, "recall": 0.0, "f1": 0.0, "taken_for": "=dog", "taken": 3,
    }  # fmt: skip
    main([str(folder), "--classes", "--baseline", "digits_2-bn_post-s0", "--against", "digits_2-ln-s0"])
    assert "Classes of digits_2-bn_post-s0" in capsys.readouterr().out
    main([str(folder)])
    plain_report = capsys.readouterr().out
    assert "Classes of" not in plain_report and "to name =dog for each of the 16 validation examples" in plain_report
    assert "would be right for 62.50%" in plain_report


def test_classes_without_a_matrix_are_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "runs", example_result())
    with pytest.raises(UserError, match="--classes must have runs with a confusion matrix in their results, but there"):
        main([str(folder), "--classes"])
    for other in (["--searches"], ["--pictures", "x"]):
        with pytest.raises(UserError, match=f"--classes must be without {other[0]}"):
            main([str(folder), "--classes", *other])


@pytest.mark.parametrize(("matrix", "is_told"), [(UNEVEN, True), (EVEN, False), ([[3, 0], [0, 0]], False)])
def test_macro_f1_is_a_column_for_people_where_classes_are_uneven(matrix: list[list[int]], is_told: bool) -> None:
    (table,) = rank([Run(judged(example_result(), matrix), Path("a"))])
    assert ("val_macro_f1" in [column.title for column in shown_columns(table)]) == is_told
    assert (find_largest(table.results) is not None) == is_told
    assert [model.model for model in classes_of(Analysis(table))] == ["digits_2-ln-s0"]


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
    assert r"| \*c\* | 10 | 69.23 | 90.00 | 78.26 | d (1) |" in card
    assert "## Classes" not in to_card(tmp_path, plain)
