"""Caveats: what limits scores is said in every format of a report, and only where it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mgu.report.analysis import Analysis
from mgu.report.card.card import to_card
from mgu.report.caveats import caveats
from mgu.report.formats.html import to_html
from mgu.report.formats.json import to_json
from mgu.report.formats.latex import to_tex
from mgu.report.formats.markdown import to_markdown
from mgu.results.schema.solver import Solver
from mgu.results.schema.trained_by import TrainedBy
from tests.examples import example_config, example_result, ranked

SOLVER = Solver(
    iterations=9.0, backward_iterations=9.0, eval_iterations=9.0, residual=1.0, unconverged=9, eval_unconverged=0
)


def test_scores_of_no_equilibrium_and_those_of_truth_tables_are_said() -> None:
    config = example_config(dataset={"name": "gates", "gate": "xor"})
    (table,) = ranked(
        example_result(
            f"a-s{seed}", seed=seed, solver=replace(SOLVER, eval_unconverged=seed), config=config, dataset="xor"
        )
        for seed in range(3)
    )
    stopped = "2 of 3 runs ended their last evaluation with batches above the tolerance of their iteration"
    rows = "Every row of xor trains and validates"
    analyses = [Analysis(table)]
    for text in (to_markdown(analyses), to_tex(analyses), to_html(analyses, []), to_json(analyses, [])):
        assert stopped in text and rows in text
    card = to_card(Path(), table.results[1])
    assert rows in card and "ended with 1 batch above the tolerance of its iteration" in card
    (others,) = ranked([example_result(solver=SOLVER)])
    assert not [line for line in caveats(others) if "tolerance" in line or "trains and validates" in line]


def test_scores_by_statistics_that_lag_behind_are_said() -> None:
    """Those that keep a tenth or less are settled."""
    (table,) = ranked(
        [
            *(example_result(f"b-s{seed}", seed=seed, statistics_left=0.1 * seed) for seed in (1, 2, 3)),
            example_result("a-s0", statistics_left=0.0),
            example_result("c-s0"),
        ]
    )
    said = "2 of 5 runs (b): running statistics of batch norm kept 20% to 30% of their initial values"
    analyses = [Analysis(table)]
    for text in (to_markdown(analyses), to_html(analyses, []), to_json(analyses, [])):
        assert said in text
    assert said.replace("%", r"\%") in to_tex(analyses)
    config = example_config(dataset={"name": "digits"})
    assert "kept 30% of their initial values" in to_card(Path(), example_result(statistics_left=0.3, config=config))
    assert "initial values" not in to_card(Path(), example_result(statistics_left=0.1, config=config))


def test_runs_that_something_else_continued_are_told() -> None:
    """Their numbers are neither those of the first version nor those of the last one."""
    earlier = TrainedBy(epochs=3, device="cpu (other, 2 threads)", versions={"torch": "0.9"}, git_commit="abcdefghijk+")
    result = example_result("a-s0", earlier_parts=[earlier], device="cpu", versions={"torch": "1"}, git_commit="b" * 40)
    (table,) = ranked([result, example_result("b-s0")])
    assert "1 of 2 runs was continued by another device, version or commit than its earlier epochs" in to_json(
        [Analysis(table)], []
    )
    told = "to epoch 3 by torch 0.9, now 1, commit abcdefgh+, now bbbbbbbb, device cpu (other), now cpu."
    config = example_config(dataset={"name": "digits"})
    assert told in to_card(Path(), replace(result, config=config))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"resumed": 1}, "was interrupted and resumed (marked +): its time and energy"),
        ({"contended": True}, "shared the host with other runs while it was measured (marked !): its time and energy"),
        ({"trained_together": 2}, "was trained together with others in one process (marked !): its time and energy"),
        ({"solver": replace(SOLVER, eval_unconverged=1)},
         "ended its last evaluation with batches above the tolerance of its iteration: its score is of"),
        ({"config": example_config(training={"start_sha256": "a" * 64})},
         "starts from trained weights (training.start_from): its time, energy and CO2"),
    ],
)  # fmt: skip
def test_of_one_run_caveats_are_in_the_singular(changes: dict[str, Any], told: str) -> None:
    (table,) = ranked([example_result("a-s0"), example_result("b-s0", **changes)])
    assert any(line.startswith(f"1 of 2 runs {told}") for line in caveats(table))
    (table,) = ranked([example_result("a-s0", **changes), example_result("b-s0", **changes)])
    plural = told.replace("it was", "they were").replace("was", "were").replace("its", "their")
    plural = plural.replace("starts", "start").replace("score is", "scores are")
    assert any(line.startswith(f"2 of 2 runs {plural}") for line in caveats(table))
