"""Runs that start from trained weights were charged without the training of these: nothing is said of their cost."""

from __future__ import annotations

from typing import Any

from mgu.report.analysis import Analysis
from mgu.report.formats.plain_statistics import best_so_far_to_plain
from mgu.report.ranking.rank import Table
from mgu.report.rivals import rivals
from mgu.report.searches.equal_cost import compare_searches
from mgu.report.searches.sentences import describe_searches
from mgu.search.curve import Curve, Incumbent
from tests.examples import example_config, example_result, example_unit, ranked

NORMS = ("ln", "bn_pre", "no_norm")


def of_grid(*units: Any, start: str | None = None) -> Table:
    """Three baselines, of which the second may have been trained before, and units."""
    grid = [
        example_result(
            f"digits_2-{norm}-s0", norm=norm, val_accuracy=0.6 + k / 10, num_classes=10,
            config=started(start if k == 1 else None),
        )
        for k, norm in enumerate(NORMS)
    ]  # fmt: skip
    (table,) = ranked([*grid, *units])
    return table


def started(sha256: str | None) -> dict[str, Any]:
    return example_config(training={"epochs": 30, "start_from": "runs/a", "start_sha256": sha256} if sha256 else {})


def unit(sha256: str | None = "a" * 64, name: str = "digits_2-mgu-reference-s0", **changes: Any) -> Any:
    return example_unit(name, train_s=2.0, num_classes=10, config=started(sha256), **changes)


def test_a_unit_from_trained_weights_has_no_cost_relative_to_anything() -> None:
    analysis = Analysis(of_grid(unit()))
    text = "\n".join(analysis.lines)
    assert "time cannot be compared (trained weights that runs start from are not charged)" in text
    assert "takes as long as" not in text and "x in time" not in text and "x the time" not in text
    assert "; time and processor time cannot be compared (trained weights" in text  # with the default network
    assert "1 of 4 runs starts from trained weights (training.start_from)" in text
    assert "training the weights that 1 run started from is not included" in text
    found = rivals(analysis, analysis.verdicts[0])
    assert found and all(ratio.value is None for own in found for ratio in own.ratios)
    assert analysis.best_so_far
    assert best_so_far_to_plain(analysis.best_so_far, analysis.verdicts[0])["grid_expected_at_unit_s"] is None


def test_new_weights_are_charged_as_ever() -> None:
    text = "\n".join(Analysis(of_grid(unit(None))).lines)
    assert "x in time" in text and "takes as long as" in text and "x the time" in text and "trained weights" not in text


def test_rows_that_a_function_chooses_are_said_to_be_unchecked() -> None:
    said = "have trained the weights it started from was not checked"
    assert said not in "\n".join(Analysis(of_grid(unit())).lines)
    own = example_config(
        dataset={"name": "python", "target": "my:load"}, training={"epochs": 30, "start_sha256": "a" * 64}
    )
    (table,) = ranked([example_result("own-ln-s0", num_classes=10, config=own)])
    assert said in "\n".join(Analysis(table).lines)


def test_a_baseline_from_trained_weights_is_no_part_of_a_search() -> None:
    text = "\n".join(Analysis(of_grid(unit(None), start="b" * 64)).lines)
    assert "is not known: a baseline starts from trained weights" in text
    assert "takes as long as" not in text and "x in time" not in text


def test_searches_are_not_compared_at_its_cost() -> None:
    curve = Curve("random", "grid", 0, (Incumbent(1.0, 0, 0.5, 0.5, None, 10),), 1.0, 0.0, 1, until=40.0)
    found = compare_searches(of_grid(unit()), [curve])
    assert found and found.unit is None and "that was trained from new weights" in " ".join(describe_searches(found))
    cheap, new = unit(), unit(None, "digits_2-mgu-lean-s0", val_accuracy=0.7)
    found = compare_searches(of_grid(cheap, new), [curve])
    assert found and found.unit and (found.unit.name, found.unit.trials) == ("digits_2-mgu-lean-s0", 1)
