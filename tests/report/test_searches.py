"""Searches at equal cost, against a calculation by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from scipy.stats import ttest_rel

from mgu.cli.report import FORMATS, main
from mgu.errors import UserError
from mgu.report.analysis import Analysis
from mgu.report.figures.anytime import bands
from mgu.report.formats.json import to_json
from mgu.report.formats.markdown import to_markdown
from mgu.report.ranking.rank import rank
from mgu.report.searches.equal_cost import EqualCost, compare_searches
from mgu.report.searches.load import load_curves, save_replayed
from mgu.report.searches.measured import load_measured, measured_table
from mgu.report.searches.sentences import describe_searches
from mgu.report.searches.table import search_table
from mgu.report.searches.variants import name_variants
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.load import load_results
from mgu.results.runs.searches import Searches, find_searches
from mgu.search.budget import Budget
from mgu.search.curve import Curve, Incumbent
from mgu.search.replay import Replay, replay
from mgu.search.spaces.context import SpaceContext
from mgu.search.spaces.gemm import build_gemm
from tests.examples import example_config, example_result, example_unit, ranked
from tests.search.spaces import GRID
from tests.search.test_replay import records


def curve(
    strategy: str, seed: int, steps: Sequence[tuple[float, float, float | None]], until: float, **changes: Any
) -> Curve:
    """A study by its incumbents: after how many seconds, validation score, test score."""
    found = tuple(Incumbent(s, k, val, val, test, 10) for k, (s, val, test) in enumerate(steps))
    last = found[-1].seconds if found else 0.0
    return Curve(strategy, "grid", seed, found, last, 0.0, len(steps), until=until, **changes)


def compare(*curves: Curve) -> EqualCost:
    results = [example_result(num_classes=10), example_unit(num_classes=10)]
    (table,) = ranked(results)
    found = compare_searches(table, curves)
    assert found
    return found


def row(found: EqualCost, name: str) -> dict[str, Any]:
    table = search_table(found)
    [own] = [own for own in table.rows if own[0][1] == name]
    return dict(zip(table.keys, (value for _, value in own), strict=True))


def test_a_study_whose_next_trial_is_too_long_is_known_to_the_end_of_its_budget() -> None:
    limit = 4.0
    curves = replay(Replay(GRID, records(), "random", {}, Budget(seconds=limit)), range(20))
    assert all(own.seconds <= limit == own.until for own in curves) and any(own.seconds < 0.9 * limit for own in curves)
    found = compare_searches(ranked([example_result()])[0], curves)
    assert found and found.contenders[0].at(limit) and not found.contenders[0].at(1.1 * limit)


def test_runs_of_studies_that_are_not_compared_are_no_grid_in_random_order() -> None:
    """The table that a replay prints had them, and the report of the same folder had not."""
    results = [
        example_result(f"digits_2-{norm}-s0", norm=norm, val_accuracy=0.6 + k / 10, num_classes=10)
        for k, norm in enumerate(("ln", "bn_pre", "no_norm"))
    ]
    (table,) = ranked([*results, example_unit(num_classes=10)])
    replayed = curve("random", 0, [(1, 0.5, 0.4)], until=4)
    trained = curve("tpe", 0, [(1, 0.5, 0.4)], until=4, runs=frozenset({results[2].folder_name}))
    alone, beside = compare_searches(table, [replayed]), compare_searches(table, [replayed], others=[trained])
    both = compare_searches(table, [replayed, trained])
    assert alone and beside and both
    assert alone.closed_form(1e6) == (0.8, None)  # the best of all three
    assert "a verdict leaves set-up out of both costs" in " ".join(describe_searches(alone))
    assert beside.closed_form(1e6) == both.closed_form(1e6) == (0.7, None)


def test_scores_at_multiples_and_the_expected_time_are_those_by_hand() -> None:
    found = compare(
        curve("random", 0, [(1, 0.5, 0.4), (3, 0.99, 0.9)], until=4), curve("random", 1, [(2, 0.6, 0.7)], until=4)
    )
    target = found.unit.val if found.unit else 0.0
    assert target == 0.9
    [own] = found.contenders
    at = own.at(2.5)
    assert at and at.val == pytest.approx((0.5 + 0.6) / 2) and at.test == pytest.approx((0.4 + 0.7) / 2)
    early = own.at(0.5)
    assert early and early.val == own.before == 0.1  # a guess
    assert own.expected(target) == pytest.approx(3 + 4) and own.hits(target) == 1  # the other spent all in vain
    assert row(found, "random on grid")["to_unit_s"] == pytest.approx(7)


def test_difference_and_p_are_of_one_score_and_of_the_seeds_that_both_have() -> None:
    def studies(strategy: str, scores: Mapping[int, tuple[float, float]]) -> list[Curve]:
        return [curve(strategy, seed, [(0.001, *own)], until=1e9) for seed, own in scores.items()]

    ours = {0: (0.9, 0.70), 1: (0.9, 0.72), 2: (0.9, 0.77), 9: (0.1, 0.1)}
    theirs = {0: (0.8, 0.75), 1: (0.8, 0.74), 2: (0.8, 0.76), 5: (0.9, 0.9)}
    found = compare(*studies("tpe", ours), *studies("random", theirs))
    [own] = [own for own in found.against_random if own]
    assert own.multiple == 10 and own.split == "test"
    expected = ttest_rel([0.70, 0.72, 0.77], [0.75, 0.74, 0.76]).pvalue
    assert own.p == pytest.approx(expected) and row(found, "tpe on grid")["p_random"] == own.p
    assert "tpe on grid is -2.00 points from random search at 10 times the unit's cost in test score" in " ".join(
        describe_searches(found)
    )


def test_a_test_score_is_never_compared_with_a_validation_score() -> None:
    def studies(strategy: str, tests: list[float | None]) -> list[Curve]:
        return [curve(strategy, seed, [(0.001, 0.95, own)], until=1e9) for seed, own in enumerate(tests)]

    found = compare(*studies("asha", [None] * 3), *studies("random", [0.900, 0.902, 0.904]))
    [own] = [own for own in found.against_random if own]
    assert (own.split, own.differences) == ("validation", [0.0, 0.0, 0.0])


def test_studies_with_other_options_or_training_are_rows_of_their_own_beside_their_own_random_search() -> None:
    def study(strategy: str, epochs: int, options: Mapping[str, Any], seed: int = 0, until: float = 2.0) -> Curve:
        settings = {"space": {"name": "grid"}, "options": dict(options), "run": {"training": {"epochs": epochs}}}
        return curve(strategy, seed, [(1, 0.5, 0.4)], until=until, settings=settings)

    found = compare(
        study("gbfs", 3, {"rho": 1}),
        study("gbfs", 3, {"rho": 5}),
        study("random", 3, {}),
        study("random", 20, {}, until=9.0),
        study("random", 20, {}, until=2.0),  # the same study, replayed with less
    )
    assert [own.name for own in found.contenders] == [
        *("gbfs on grid, epochs=3 rho=1", "gbfs on grid, epochs=3 rho=5"),
        *("random on grid, epochs=20", "random on grid, epochs=3"),
    ]
    assert [found.random_of(own) for own in found.contenders[:2]] == [found.contenders[3]] * 2
    assert [own.spent_s for own in found.contenders[2].curves] == [9.0]
    for_cost = curve("random", 0, [(1, 0.5, 0.4)], until=2.0, settings={"per_cost": True})
    plain = curve("random", 0, [(1, 0.5, 0.4)], until=2.0, settings={})
    found = compare(for_cost, plain)
    names = {own.name: random.name for own in found.contenders if (random := found.random_of(own))}
    assert names == dict.fromkeys(("random on grid, per_cost=true", "random on grid"), "random on grid")


def test_spaces_by_one_name_are_told_apart_over_all_strategies() -> None:
    """Beside the row "random on grid" it was advised to run the random search on grid that was missing."""

    def study(strategy: str, points: int) -> Curve:
        settings = {"space": {"name": "grid", "low": points}, "points": points}
        return curve(strategy, 0, [(1, 0.5, 0.4)], until=2.0, settings=settings)

    found = compare(study("random", 6), study("tpe", 12))
    assert [own.name for own in found.contenders] == ["random on grid, points=6", "tpe on grid, points=12"]
    assert "There is no random search on grid (points=12) to compare with." in " ".join(describe_searches(found))
    lines = " ".join(describe_searches(compare(study("tpe", 6), study("tpe", 12))))
    assert "no random search on grid (points=12) or on grid (points=6) to compare with" in lines
    assert "too few to judge tpe on grid, points=12; tpe on grid, points=6. Pass" in lines
    alone = compare(study("random", 6), study("tpe", 6))
    assert [own.name for own in alone.contenders] == ["random on grid", "tpe on grid"]


def test_a_unit_that_a_search_trained_is_not_what_the_search_is_compared_with() -> None:
    own, tuned = example_unit(num_classes=10), example_unit("x-mgu-lean-s7", num_classes=10, val_accuracy=0.99)
    found = curve("random", 0, [(1, 0.99, 0.9)], until=2.0, runs=frozenset({tuned.folder_name}))
    (table,) = ranked([example_result(num_classes=10), own, tuned])
    comparison = compare_searches(table, [found])
    assert comparison and comparison.unit and comparison.unit.name != "x-mgu-lean" and comparison.unit.trials == 1
    (table,) = ranked([example_result(num_classes=10), tuned])
    alone = compare_searches(table, [found])
    assert alone and alone.unit is None
    assert "no finished unit in this experiment that was trained from new weights and by no search" in " ".join(
        describe_searches(alone)
    )


def test_a_search_that_was_told_results_is_no_random_search_to_compare_with() -> None:
    def study(strategy: str, folder: str | None) -> Curve:
        settings = {"size": 24, "warm_start": {"folder": folder, "charge": False}}
        return curve(strategy, 0, [(1.0, 0.5, 0.5)], until=2.0, settings=settings)

    found = compare(study("tpe", None), study("random", "runs/before"))
    assert [found.random_of(own) for own in found.contenders] == [None, None]
    assert "search=random and without warm_start.folder." in " ".join(describe_searches(found))
    found = compare(study("tpe", None), study("random", "runs/before"), study("random", None))
    randoms = [random for own in found.contenders if (random := found.random_of(own))]
    assert len(randoms) == 3 and all(r.curves[0].settings["warm_start"]["folder"] is None for r in randoms)


def test_a_search_by_two_objectives_has_the_random_one_of_its_space_beside_it() -> None:
    two = curve("nsga2", 0, [(1, 0.5, 0.4)], until=2.0, settings={"second": "params", "options": {"objectives": 2}})
    plain = curve("random", 0, [(1, 0.5, 0.4)], until=2.0, settings={"second": None, "options": {}})
    found = compare(two, plain)
    assert [random.name for own in found.contenders if (random := found.random_of(own))] == ["random on grid"] * 2
    advice = "Run the same command with search=random"
    assert not any(advice in line for line in describe_searches(found))
    assert f"{advice} and without search.options." in " ".join(describe_searches(compare(two)))
    assert f"{advice}." in " ".join(describe_searches(compare(curve("tpe", 0, [(1, 0.5, 0.4)], until=2.0))))


def test_names_of_variants_are_never_alike() -> None:
    assert name_variants([{"options": {"rho": 1}}]) == [""]
    spaces = [{"space": {"low": low}, "points": None, "run": {"lr": low}} for low in (1, 2)]
    assert name_variants(spaces) == ["space 1", "space 2"]
    assert name_variants([{"space": {"low": low}, "points": 4 * low} for low in (1, 2)]) == ["points=4", "points=8"]
    assert name_variants([{}, {"options": {"rho": 1}}]) == ["", "rho=1"]
    long = [{"options": {"a": "x" * 30 + end}} for end in "yz"]
    assert len(set(name_variants(long))) == 2


def write_measured(
    folder: Path, seed: int, scores: Sequence[float], space: Mapping[str, Any] | None = None, size: int = 30
) -> None:
    """A study of trials of one second each that measured points."""
    own = folder / f"gbfs-gemm_64-s{seed}-x"
    own.mkdir(parents=True, exist_ok=True)
    described = {"identity": "x", "strategy": "gbfs", "seed": seed, "space": space or {"name": "gemm_64"}}
    budget = asdict(Budget(trials=3))
    known = {"measure": "a:b", "data": ["digits", "paper"], "size": size, "unit": "GFLOP/s", "budget": budget}
    content = {**described, **known}
    (own / "study.yaml").write_text(yaml.safe_dump(content))
    events: list[dict[str, Any]] = [{"event": "study", "identity": "x"}]
    for number, score in enumerate(scores):
        asked = {"point": {"m": [number, 1]}, "seed": 0, "worker": "w", "ask_s": 0.25}
        told = {"state": "told", "score": score, "second": None, "epochs": 0, "cost": {"seconds": 0.75}, "details": {}}
        events += [{"event": "asked", "number": number, **asked}, {"event": "told", "number": number, **told}]
    (own / "history.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def test_measured_points_have_a_table_of_their_own_and_no_place_among_networks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # a name that is broken over lines is not found
    write_measured(tmp_path / "one/search", 0, [1.0, 60.0, 80.0])
    write_measured(tmp_path / "one/search", 1, [10.0, 20.0, 40.0])
    assert load_curves([Searches(tmp_path / "one")], "digits", "paper") == ([], [])
    [found] = load_measured(find_searches([tmp_path]))
    table = measured_table(found)
    [values] = [dict(zip(table.keys, (value for _, value in own), strict=True)) for own in table.rows]
    assert "30 points, the best known is 80 GFLOP/s" in table.title
    assert (values["studies"], values["trials"], values["share_tried"]) == (2, 3, 0.1)
    assert (values["best_median"], values["best_worst"], values["of_best_known"]) == (60, 40, 0.75)
    assert values["to_near_s"] == 6 and values["strategy_share"] == 0.25  # 3 s until it had it, and 3 s in vain
    for form in ("table", "md", "csv", "json", "html"):
        main([str(tmp_path), "--format", form])
        assert "gbfs on gemm_64" in capsys.readouterr().out
    monkeypatch.setitem(FORMATS, "mine", lambda analyses, skipped: "")  # by the recipe of docs/guide/extending.md
    with pytest.raises(UserError, match=r"for --format mine, but .* Pass --format md, csv, json or html"):
        main([str(tmp_path), "--format", "mine"])
    with pytest.raises(UserError, match="there must be a finished run for --pictures, but"):
        main([str(tmp_path), "--pictures", str(tmp_path / "drawn")])
    analysis = Analysis(ranked([example_result()])[0], measured=[found])
    assert "the best known is 80 GFLOP/s" in to_markdown([analysis])
    assert json.loads(to_json([analysis], []))["experiments"][0]["measured"][0]["rows"][0]["best_worst"] == 40


def test_measured_points_of_an_experiment_without_runs_are_told_beside_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, also where their experiment has runs."""
    monkeypatch.setenv("COLUMNS", "200")
    write_measured(tmp_path / "one/search", 0, [1.0, 60.0, 80.0])
    (tmp_path / "other" / "a-1").mkdir(parents=True)
    write_result(tmp_path / "other" / "a-1", example_result())
    for _ in range(2):
        for form in ("table", "md", "html"):
            main([str(tmp_path), "--format", form])
            told = capsys.readouterr().out
            assert told.count("gbfs on gemm_64</td>" if form == "html" else "gbfs on gemm_64") == 1
        (tmp_path / "one" / "a-1").mkdir(exist_ok=True)
        write_result(tmp_path / "one" / "a-1", example_result())
    (tmp_path / "one" / "a-1" / "result.json").unlink()
    main([str(tmp_path), "--format", "csv"])
    output = capsys.readouterr()
    assert "gemm_64" not in output.out
    assert "of experiments without runs, gemm_64: report these alone" in output.err


def test_measured_points_without_a_score_above_0_have_no_share_and_names_are_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_measured(tmp_path / "search", 0, [0.0, 0.0], {"name": "=a_*b*|c"})
    main([str(tmp_path), "--format", "csv"])
    _, row = csv.reader(capsys.readouterr().out.splitlines())
    [searches] = load_measured(find_searches([tmp_path]))
    assert dict(zip(measured_table(searches).keys, row, strict=False))["of_best_known"] == ""
    main([str(tmp_path), "--format", "md"])
    assert r"=a\_\*b\*\|c" in capsys.readouterr().out.splitlines()[0]


def test_products_of_other_matrices_are_not_compared(tmp_path: Path) -> None:
    """gemm says each size once in the name of its space, which is part of a study's identity."""
    shapes = [((8, 32, 32), (4, 2, 4)), ((8, 8, 32), (4, 2, 4)), ((8, 8, 32), (2, 2, 4)), ((8, 8, 8), (4, 2, 4))]
    context: Any = SpaceContext(None, [], None, {})  # type: ignore[arg-type]  # it is built from its settings alone
    for number, (sizes, parts) in enumerate(shapes, 1):
        settings = dict(zip("mkn", sizes, strict=True)) | {"parts": list(parts)}
        space = build_gemm(settings, context)
        for seed in range(2):
            described = json.loads(json.dumps(space.describe()))
            write_measured(tmp_path / str(number) / "search", seed, [10.0**number], described, 100 * number)
    found = {own.space: own for own in load_measured(find_searches([tmp_path]))}
    assert list(found) == ["gemm_8x32x32", "gemm_8x8x32 in 4+2+4 factors", "gemm_8x8x32 in 2+2+4 factors", "gemm_8"]
    assert [(own.best, own.size) for own in found.values()] == [(10, 100), (100, 200), (1000, 300), (10_000, 400)]
    for own in found.values():
        [row] = measured_table(own).rows
        values = dict(zip(measured_table(own).keys, (value for _, value in row), strict=True))
        assert (values["studies"], values["of_best_known"]) == (2, 1.0)
        assert values["strategy"] == f"gbfs on {own.space}"


def test_replayed_studies_are_read_as_they_were_saved(tmp_path: Path) -> None:
    saved = curve("tpe", 3, [(1, 0.5, 0.4)], until=2.0, origin="replayed")
    save_replayed(tmp_path, "one", ("digits", "paper"), [saved], {"options": {"startup": 3}, "points": 24})
    [read], skipped = load_curves([Searches(tmp_path)], "digits", "paper")
    assert not skipped and read.steps == saved.steps and read.until == 2.0
    assert read.settings == {"options": {"startup": 3}, "points": 24}


def test_a_study_that_found_nothing_for_its_budget_counts_as_a_guess(tmp_path: Path) -> None:
    found, in_vain = curve("random", 0, [(1, 0.5, 0.4)], until=2.0), curve("random", 1, [], until=2.0)
    begun = curve("random", 2, [], until=0.0)
    save_replayed(tmp_path, "one", ("digits", "paper"), [found, in_vain, begun], {})
    read, _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert [own.seed for own in read] == [0, 1]
    (random,) = compare(*read).contenders
    at = random.at(2.0)
    assert at and (at.val, at.test) == pytest.approx(((0.5 + 0.1) / 2, (0.4 + 0.1) / 2))  # one of ten classes
    assert random.expected(0.5) == 1 + 2 and random.trials == 0.5
    seconds, low, _, high = bands(random)
    assert (seconds[0], seconds[-1], low[-1], high[-1]) == (1, 2, pytest.approx(0.14), pytest.approx(0.46))


def test_studies_on_other_rows_of_a_function_are_left_out_and_the_user_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A replay of the rows of before stood beside the grid on those of today, as if they were one."""
    rows, others = "90 0.125 0.5", "90 -0.75 0.5"
    dataset = {"name": "python", "target": "my:load", "options": {}, "split": "paper", "fingerprint": rows}
    data, folder = ("my.load", "paper"), tmp_path / "trial"
    (folder / "run").mkdir(parents=True)
    write_result(folder / "run", example_result(dataset="my.load", config=example_config(dataset=dataset)))
    runs = load_results([folder]).runs
    for fingerprint in (rows, "90 0.12501 0.5", others, None):
        name = fingerprint or "of an older version"
        saved = curve(f"as of {name}", 0, [(1, 0.5, 0.4)], until=2.0, origin="replayed")
        save_replayed(folder, name, data, [saved], {}, fingerprint)
    analysis = Analysis(rank(runs)[0])
    assert analysis.searches
    names = [own.strategy for own in analysis.searches.contenders]
    assert names == ["as of 90 0.125 0.5", "as of 90 0.12501 0.5", "as of of an older version"]
    line = "my.load had returned other rows to 1 study of the experiment than to these runs"
    assert any(line in own for own in analysis.lines)
    for name in (rows, "90 0.12501 0.5", "of an older version"):
        (folder / "search/replayed" / f"{name}.json").unlink()
    left = Analysis(rank(runs)[0])
    assert left.searches is None and any(line in own for own in left.sections["Searches"])
    with pytest.raises(UserError, match="--searches must have studies"):
        main([str(folder), "--searches"])
    assert line in capsys.readouterr().err


def test_a_run_that_a_study_trained_on_other_rows_is_no_run_of_a_search_on_these() -> None:
    """Trained anew by force=true, in the same folder, it is one of the grid."""
    dataset = {"name": "python", "target": "my:load", "fingerprint": "90 0.125"}
    results = [
        example_result(f"digits_2-{norm}-s0", norm=norm, config=example_config(dataset=dataset))
        for norm in ("ln", "bn_pre")
    ]
    (table,) = ranked(results)
    before = curve("tpe", 0, [(1, 0.5, 0.4)], until=4, runs=frozenset({results[0].folder_name}))
    now = replace(before, runs=frozenset({results[1].folder_name}))
    found = compare_searches(table, [replace(before, fingerprint="90 -0.75"), replace(now, fingerprint="90 0.125")])
    assert found and found.chosen == now.runs and found.on_other_rows == 1
