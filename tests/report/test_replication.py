"""The paper's rows with ours: pairs, differences and rank correlation."""

from __future__ import annotations

import pytest

from mgu.report.analysis import Analysis
from mgu.report.stats.replication import correlation, pair_with_paper
from tests.examples import example_result, ranked, sentences
from tests.report.runs import markdown, paper_result


def test_the_paper_stands_beside_what_it_measured_too() -> None:
    ours = [paper_result(place, val_accuracy=accuracy) for place, accuracy in ((0, 0.99), (5, 0.98), (24, 0.97))]
    (table,) = ranked([*ours, example_result("other layout", dataset="mnist")])
    assert [row.paper and row.paper.model_name for row in table.rows] == ["MNI_MGU_001", "MNI_005", "MNI_017", None]
    assert "| paper [%] |" in markdown([table]) and "| 99.32 |" in markdown([table])
    assert any("Kendall's tau-b 1.00 over 3 rows" in line for line in Analysis(table).lines)


def test_the_correlation_is_scipys_with_diverged_rows_last() -> None:
    ours = [paper_result(0, val_accuracy=0.9), paper_result(5, val_accuracy=0.99),
            paper_result(24, val_accuracy=None, status="diverged")]  # fmt: skip
    assert any("tau-b 0.33 over 3 rows" in line for line in sentences(ours))


def test_a_unit_of_another_size_is_not_the_papers() -> None:
    (table,) = ranked([paper_result(0), paper_result(0, params_keras=683_754, config={"mgu": {}})])
    assert sorted(row.paper is None for row in table.rows) == [False, True]


def test_the_paper_beside_ours() -> None:
    ours = [paper_result(0, val_accuracy=0.9), paper_result(5, val_accuracy=0.99),
            paper_result(24, val_accuracy=None, status="diverged")]  # fmt: skip
    pairs = pair_with_paper(ranked(ours)[0])
    assert [pair.difference for pair in pairs] == [pytest.approx(-9.32), pytest.approx(0.03), None]
    assert [pair.diverged for pair in pairs] == ["neither", "neither", "ours"]
    found = correlation(pairs)
    assert found and found[0] == pytest.approx(1 / 3)
    assert correlation(pairs[:1]) is None
    alike = pair_with_paper(ranked([paper_result(place, val_accuracy=0.9) for place in range(3)])[0])
    assert correlation(alike) is None
