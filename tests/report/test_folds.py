"""Folds of a cross-validation are replicates of one row, as seeds are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from mgu.report.analysis import Analysis
from mgu.report.formats.html import to_html
from mgu.report.formats.json import to_json
from mgu.report.formats.markdown import to_markdown
from mgu.report.ranking.rank import rank
from mgu.report.stats.correct import correct_of
from mgu.report.stats.ttest import t_tests_over_replicates
from mgu.report.stats.ungrouped import describe_ungrouped
from mgu.report.stats.verdict import Verdict
from mgu.results.compare.axes import find_axes
from mgu.results.on_disk.correct import read_correct, write_correct
from mgu.results.runs.load import Run
from mgu.results.schema.replicate import Replicate, count_replicates, replicate_of, without_replicate
from tests.examples import example_config, example_result, example_unit

FOLDS, IMAGES = 4, (100, 100, 99, 99)


def cross_validated(folder: Path, name: str, rights: dict[tuple[int, int], int]) -> list[Run]:
    """Runs of one model by seed and fold with a number of right answers, whose bits are in their folders."""
    runs = []
    for (seed, fold), right in rights.items():
        own = folder / f"{name}-{fold}-{seed}"
        own.mkdir()
        correct = np.arange(IMAGES[fold]) < right
        write_correct(own, IMAGES[fold], np.packbits(correct).tobytes())
        make = example_unit if name.startswith("unit") else example_result
        config = example_config(dataset={"name": "images", "folds": FOLDS, "fold": fold})
        accuracy = right / IMAGES[fold]
        full = f"{name}-f{fold}-s{seed}"
        runs.append(Run(make(full, seed=seed, val_accuracy=accuracy, config=config, dataset="x 4 folds"), own))
    return runs


@pytest.mark.parametrize(("name", "examples"), [("images", "images"), ("table", "rows")])
def test_tests_over_groups_say_so(name: str, examples: str, tmp_path: Path) -> None:
    runs = in_groups(tmp_path, name, sizes=(1, 1, *(14,) * 7))
    [table] = rank(runs)
    text = to_markdown([Analysis(table)])
    assert "over 18 groups" in text and f"over 200 {examples}" not in text
    assert f"tests are over groups, each with the share of its {examples}" in text and "not kept" not in text


def test_groups_that_a_column_of_usual_name_has_are_called_so(tmp_path: Path) -> None:
    """Nobody named them, so tests over six patients were "over 6 images"."""
    runs = in_groups(tmp_path, "images", sizes=(50, 50))
    for run in runs:
        del run.result.config["dataset"]["groups"]
    [table] = rank(runs)
    text = to_markdown([Analysis(table)])
    assert "over 4 groups" in text and "over 4 images" not in text
    assert "tests are over groups, each with the share of its images" in text


def test_rows_without_their_groups_are_not_tested_as_if_they_were_independent(tmp_path: Path) -> None:
    """Runs of earlier versions have not kept them: 240 rows of 12 patients had p = 0.0023."""
    runs = in_groups(tmp_path, "table", sizes=())
    [table] = rank(runs)
    text = to_markdown([Analysis(table)])
    assert "p over groups" in text and "over 200" not in text
    assert "4 of 4 runs have not kept the groups of the test rows, as earlier versions did not." in text
    assert "no test over groups: runs of earlier versions" in text and "have no correct.bits by group, and" in text
    write_correct(runs[0].folder, 100, bytes(13), (50, 50))
    (table,) = rank(runs)
    assert [len(bits) for bits in correct_of(table.rows)] == [1, 0]
    assert describe_ungrouped(table.rows)[0].startswith("3 of 4 runs have not kept the groups")


def in_groups(folder: Path, name: str, sizes: tuple[int, ...]) -> list[Run]:
    """Runs of a unit and a baseline on two folds of 100 examples, which are in groups of these sizes."""
    runs = []
    for model, rights in (("unit", {(0, 0): 97, (0, 1): 95}), ("a", {(0, 0): 9, (0, 1): 8})):
        runs += cross_validated(folder, model, rights)
    for run in runs:
        run.result.config["dataset"] |= {"name": name, "groups": "patient"}
        number, bits, _ = read_correct(run.folder) or (0, b"", ())
        write_correct(run.folder, number, bits, sizes)
    return runs


@pytest.fixture
def analysis(tmp_path: Path) -> Analysis:
    ours = {(0, 0): 97, (0, 1): 95, (0, 2): 93, (0, 3): 94}
    theirs = {(0, 0): 90, (0, 1): 91, (0, 2): 90, (0, 3): 86}
    runs = cross_validated(tmp_path, "unit", ours) + cross_validated(tmp_path, "a", theirs)
    (table,) = rank(runs)
    return Analysis(table)


def verdict_of(analysis: Analysis) -> Verdict:
    assert analysis.verdict
    return analysis.verdict


def test_folds_are_one_row_and_no_axis(analysis: Analysis) -> None:
    assert [row.name for row in analysis.table.rows] == ["unit", "a"] and not analysis.table.axes.keys
    assert [len(row.runs) for row in analysis.table.rows] == [4, 4]
    text = to_markdown([analysis])
    assert "| folds |" in text and "corrected resampled t-test" in text and "4 folds" in text
    record = json.loads(to_json([analysis], []))["experiments"][0]
    assert record["verdict"]["comparisons"][0]["folds"] == [0, 1, 2, 3] and record["rows"][0]["folds"] == 4
    assert "seed 0, fold 2: 93.94%" in to_html([analysis], [])


def test_the_test_over_folds_is_the_corrected_resampled_one(analysis: Analysis) -> None:
    """By its formula, written out: the variance counts 1/n + 1/(folds - 1) times."""
    differences = np.array([7 / 100, 4 / 100, 3 / 99, 8 / 99])
    error = differences.std(ddof=1) * (1 / 4 + 1 / 3) ** 0.5
    best = verdict_of(analysis).best
    expected = 2 * t.sf(differences.mean() / error, 3)
    assert best.p_seeds == best.p == pytest.approx(expected) and expected > ttest_1samp(differences, 0).pvalue
    half = t.ppf(0.975, 3) * error
    ends = (differences.mean() - half, differences.mean() + half)
    assert (best.difference.low, best.difference.high) == pytest.approx(ends)


def test_images_are_paired_within_their_fold(analysis: Analysis) -> None:
    """All 398 of them, each in the fold whose test part it is; 22 differ, all for the unit."""
    best = verdict_of(analysis).best
    assert best.num_images == sum(IMAGES) and best.p_images == pytest.approx(2 * 0.5**22)


def test_seeds_of_folds_are_paired_with_the_same_seed_and_fold(tmp_path: Path) -> None:
    ours = {(seed, fold): 90 + seed + fold for seed in range(2) for fold in range(FOLDS)}
    theirs = {(seed, fold): 88 + seed for seed in (0, 1, 2) for fold in (1, 2)}
    (table,) = rank(cross_validated(tmp_path, "unit", ours) + cross_validated(tmp_path, "a", theirs))
    own = verdict_of(Analysis(table)).best
    assert own.shared == tuple(Replicate(seed, fold, FOLDS) for seed in (0, 1) for fold in (1, 2))
    assert "4 runs (2 seeds of 2 folds)" in "\n".join(Analysis(table).lines)


@pytest.mark.parametrize(
    ("dataset", "suffix"), [({"folds": 5, "fold": 2}, "-f2-s7"), ({"folds": None, "fold": 0}, "-s7"), (None, "-s7")]
)
def test_names_of_runs_end_with_fold_and_seed(dataset: dict[str, Any] | None, suffix: str) -> None:
    config = example_config() | ({"dataset": dataset} if dataset else {})
    assert replicate_of(7, config).suffix == suffix
    assert (without_replicate(config).get("dataset") or {}).get("fold", 0) == 0
    axes = find_axes([("a", config), ("a", config | {"optimizer": {"lr": 0.1}})])
    assert axes.name(f"a{suffix}", 7, config) == f"a-lr0.01{suffix}"


def test_replicates_are_counted_in_words() -> None:
    assert count_replicates([Replicate(0), Replicate(1)]) == "2 seeds"
    assert count_replicates([Replicate(0, 3, 5)]) == "1 fold"


def test_seeds_of_a_fold_count_once(tmp_path: Path) -> None:
    """By its formula, on the means over the seeds of each fold: n is the number of folds."""
    ours = {(seed, fold): 90 + 2 * fold + seed for seed in range(3) for fold in range(FOLDS)}
    theirs = {(seed, fold): 88 + fold + (seed * fold) % 3 for seed in range(3) for fold in range(FOLDS)}
    (table,) = rank(cross_validated(tmp_path, "unit", ours) + cross_validated(tmp_path, "a", theirs))
    differences = np.array(
        [[(ours[key] - theirs[key]) / IMAGES[key[1]] for key in ours if key[1] == f] for f in range(FOLDS)]
    )
    means = differences.mean(axis=1)
    error = means.std(ddof=1) * (1 / FOLDS + 1 / (FOLDS - 1)) ** 0.5
    best = verdict_of(Analysis(table)).best
    assert best.p == pytest.approx(2 * t.sf(abs(means.mean() / error), FOLDS - 1))
    assert (best.difference.low, best.difference.n) == (
        pytest.approx(means.mean() - t.ppf(0.975, FOLDS - 1) * error), 3 * FOLDS
    )  # fmt: skip


def test_the_test_over_seeds_of_folds_rejects_a_true_hypothesis_as_often_as_it_says() -> None:
    """Where folds differ more than seeds do; with every run counted by itself it was 16 of 100 at the 5 % level."""
    random = np.random.default_rng(0)
    own = [(Replicate(seed, fold, 5)) for fold in range(5) for seed in range(4)]
    drawn = []
    for _ in range(1000):
        # Differences of folds correlate by 1/5, the share that their test parts have of the data.
        of_folds = random.normal(0, 0.2**0.5) + random.normal(0, 0.8**0.5, 5)
        drawn.append({key: of_folds[key.fold] + 0.3 * random.normal() for key in own})
    found = t_tests_over_replicates(drawn)
    assert 0.02 < np.mean([test.p < 0.05 for test in found if test]) < 0.075


def test_seeds_of_one_fold_are_those_of_any_split() -> None:
    own = {Replicate(seed, 0, 5): value for seed, value in enumerate((0.1, 0.3, 0.2))}
    (test,) = t_tests_over_replicates([own])
    assert test and test.p == pytest.approx(ttest_1samp(list(own.values()), 0).pvalue)
