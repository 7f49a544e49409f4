"""Finished runs are found to be runs of points, in spaces too large to list, and those that are none are counted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from msgspec import structs

from mgu.config.run import RunConfig
from mgu.console.lines import LineView
from mgu.errors import UserError
from mgu.results.on_disk.result_file import read_result, write_result
from mgu.results.runs.load import load_results
from mgu.results.runs.pack_runs import pack_runs
from mgu.results.runs.searches import find_searches
from mgu.results.schema.result import Result
from mgu.search.budget import Budget
from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.condition import Condition
from mgu.search.space import Point, Space
from mgu.search.spaces.density import DensitySpace
from mgu.search.spaces.grid import GridSpace
from mgu.search.strategies import build_strategy
from mgu.search.study import SearchedData, Study
from mgu.search.usable import OTHER_ROWS
from mgu.sweep.search import warm_start, worker
from mgu.sweep.search.match_runs import PointFinder
from mgu.sweep.search.study_run import StudyRun
from mgu.sweep.search.warm_start import describe_used_up, tell_finished
from mgu.sweep.search.worker import TrialSettings, Worker
from tests.conftest import Configure
from tests.examples import example_result

pytestmark = pytest.mark.slow

LR = Float("optimizer.lr", 1e-4, 1e-1, log=True)
NORMS = Space(
    "norms",
    (
        Categorical("norm", ("bn_post", "ln", "no_norm")),
        Float("norm.eps", 1e-5, 5e-4, log=True, when=Condition("norm", ("ln",))),  # without the default of any norm
        Categorical("residual", ("with", "without")),
        Ordinal("training.batch_size", (16, 32)),
        Int("training.epochs", 1, 9),
        LR,
    ),
)
UNITS = Space(
    "units",
    (
        Categorical("mgu", ("reference", "equations", "lean")),
        Categorical("mgu.gate", ("channel", "scalar"), when=Condition("mgu", ("equations", "lean"))),
        LR,
    ),
)
GRIDS = GridSpace(
    "grid",
    (
        Categorical("grid", ("small", "large")),
        Categorical("layout@small", ("digits_2", "digits_4"), Condition("grid", ("small",))),
        Categorical("norm@small", ("ln", "no_norm"), Condition("grid", ("small",))),
        Categorical("layout@large", ("digits_3",), Condition("grid", ("large",))),
        Categorical("residual@large", ("with", "without"), Condition("grid", ("large",))),
        Categorical("optimizer.lr@large", ("0.01", "0.1"), Condition("grid", ("large",))),
    ),
)
SHARES = (Float("density_1", 0.02, 1.0), Float("density_out", 0.02, 1.0))
DENSITY = DensitySpace(
    "density", (Int("layout.depth", 1, 1), Int("layout.width", 5, 50), *SHARES), ("norm=no_norm",), (64, 10)
)


def search_of(space: Space, configure: Configure, folder: Path, fixed_seed: int | None = None) -> StudyRun:
    def compose(point: Point, seed: int, stop_after: int | None) -> RunConfig:
        words = {"dataset": "dataset=digits", "layout": "layout=digits_2"}
        words |= {word.partition("=")[0]: word for word in space.overrides(point)}
        return configure(*words.values(), f"seed={seed}")

    strategy = build_strategy("random", space, 0, {}, False)
    study = Study(folder, space, strategy, "random", 0, Budget(trials=9), {}, SearchedData("digits", "paper"))
    settings = TrialSettings(compose, fixed_seed=fixed_seed, max_failures=1)
    return StudyRun(study, settings, compose(space.sample(Random(0)), 0, None))


def result_of(search: StudyRun, point: Point, seed: int = 0) -> Result:
    config = search.settings.configure(point, seed, None)
    result = structs.replace(example_result(f"run-s{seed}", seed=seed), identity=config.identity)
    with TemporaryDirectory() as folder:  # in a file, infinity is null
        write_result(Path(folder), structs.replace(result, config=config.model_dump(mode="json")))
        return read_result(Path(folder) / "result.json")


@pytest.mark.parametrize("space", [NORMS, UNITS, GRIDS], ids=lambda space: space.name)
def test_a_run_is_one_of_the_point_that_it_was_trained_at(space: Space, configure: Configure, tmp_path: Path) -> None:
    search, generator = search_of(space, configure, tmp_path), Random(1)
    finder = PointFinder(search, [])
    for _ in range(5):
        point = space.sample(generator)
        assert finder.find(result_of(search, point, seed=3)) == point


def test_a_run_that_is_none_of_a_point_is_found_at_none(configure: Configure, tmp_path: Path) -> None:
    search = search_of(NORMS, configure, tmp_path)
    finder, point = PointFinder(search, []), NORMS.sample(Random(2))
    assert finder.find(result_of(search, point | {"optimizer.lr": 0.5})) is None
    assert finder.find(structs.replace(result_of(search, point), identity="else")) is None
    other = search.settings.configure(point, 0, None).model_dump(mode="json") | {"norm": {"name": "switchable"}}
    assert finder.find(structs.replace(result_of(search, point), config=other)) is None


def test_what_a_study_has_tried_is_read_from_its_history(configure: Configure, tmp_path: Path) -> None:
    """Of a density a run holds four digits only, and in a list; and what is torn is no reason to stop."""
    search, point = search_of(DENSITY, configure, tmp_path), DENSITY.sample(Random(3))
    result = result_of(search, point)
    assert PointFinder(search, find_searches([tmp_path])).find(result) is None
    history = tmp_path / "trial" / "search" / "random-density-s0" / "history.jsonl"
    history.parent.mkdir(parents=True)
    history.with_name("study.yaml").touch()
    events = [
        {"event": "study", "identity": "0"},
        {"event": "asked", "number": 0, "point": {"optimizer.lr": 0.1}},
        {"event": "told", "number": 0, "details": {"run": result.folder_name}},  # a point of another space
        {"event": "asked", "number": 1, "point": point},
        {"event": "told", "number": 1, "details": {"run": result.folder_name}},
    ]
    history.write_text("".join(json.dumps(event) + "\n" for event in events) + '{"event": "to')
    for folder in (tmp_path, tmp_path / "trial"):
        assert PointFinder(search, find_searches([folder])).find(result) == point
    pack_runs([], tmp_path / "kept", searches=find_searches([tmp_path]))
    assert PointFinder(search, load_results([tmp_path / "kept"]).packed_searches).find(result) == point


@pytest.mark.parametrize("most_listed", [0, 10_000])
def test_runs_that_are_not_told_are_counted(
    most_listed: int,
    configure: Configure,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(warm_start, "MOST_LISTED", most_listed)
    configure = cache(configure)  # five searches look at the same points
    points = list(GRIDS.points())
    source = search_of(GRIDS, configure, tmp_path)
    results = [result_of(source, point, seed) for point, seed in ((points[0], 1), (points[0], 0), (points[5], 1))]
    results.append(structs.replace(result_of(source, points[1]), identity="else"))
    for place, result in enumerate(results):
        folder = tmp_path / "before" / "trial" / f"run-{place}"
        folder.mkdir(parents=True)
        write_result(folder, result)
    whole = search_of(GRIDS, configure, tmp_path / "whole")
    assert tell_finished(whole, tmp_path / "before", True) == 2
    assert [(trial.point, trial.seed) for trial in whole.study.open().trials] == [(points[0], 0), (points[5], 1)]
    assert capsys.readouterr().out.splitlines() == [
        f"not told of 4 finished runs in {tmp_path}/before: 1 at no point of space=grid with the same data and "
        "training, 1 at a point that is told with another seed"
    ]
    assert describe_used_up(whole, 2) == ""  # of nine trials
    whole.study.budget = Budget(trials=2)
    assert describe_used_up(whole, 2) == (
        "the 2 told runs use up the budget of 2 trials, so nothing is searched. Pass warm_start.charge=false or a "
        "larger budget.trials."
    )
    fixed = search_of(GRIDS, configure, tmp_path / "fixed", fixed_seed=1)
    assert tell_finished(fixed, tmp_path / "before", True) == 2
    assert [trial.seed for trial in fixed.study.open().trials] == [1, 1]
    assert "2 at no point of space=grid with the same data and training and seed=1\n" in capsys.readouterr().out
    config = results[0].config
    config["training"] = {"epochs": 30, "stop_after": results[0].epochs}
    write_result(tmp_path / "before" / "trial" / "run-0", results[0])
    again = search_of(GRIDS, configure, tmp_path / "again")
    assert tell_finished(again, tmp_path / "before", True) == 2
    assert "before: 1 stopped by training.stop_after, 1 at no point of space=grid" in capsys.readouterr().out
    monkeypatch.setattr(warm_start, "find_obstacle", lambda own, _: OTHER_ROWS if own.identity == "else" else None)
    assert tell_finished(search_of(GRIDS, configure, tmp_path / "other"), tmp_path / "before", True) == 2
    assert "on other rows" not in capsys.readouterr().out  # but at no point, whatever its rows
    monkeypatch.setattr(warm_start, "find_obstacle", lambda *_: OTHER_ROWS)
    none = search_of(GRIDS, configure, tmp_path / "none", fixed_seed=1)
    with pytest.raises(UserError, match=r"has none but 2 on other rows .* force=true, or leave it out\."):
        tell_finished(none, tmp_path / "before", True)


def test_a_trial_on_other_rows_is_refused_before_it_is_asked(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood in the history, so that the study could not go on with the rows that were put back."""

    def refuse(configs: Sequence[RunConfig]) -> None:
        raise UserError(f"{len(configs)} must return the rows that it was begun with")

    monkeypatch.setattr(worker, "check_same_data", refuse)
    search = search_of(GRIDS, configure, tmp_path)
    with pytest.raises(UserError, match="1 must return the rows"):
        next(Worker(search.study, search.study.open(), search.settings, LineView(in_sweep=True)).work())
    assert not search.study.has_begun
