"""Runs whose results another version of this package wrote: never trained over, and no reason to stop the others."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from mgu.config.run import RunConfig
from mgu.results.compare.axes import NO_AXES
from mgu.results.on_disk.folder import find_state, run_folder
from mgu.results.on_disk.result_file import ForeignResult
from mgu.results.on_disk.sealed import seal
from mgu.search.propose import seed_of
from mgu.sweep.foreign import describe_foreign, find_foreign_runs
from mgu.sweep.jobs import finish, run_in_launcher
from tests.conftest import Configure
from tests.examples import example_result
from tests.sweep.conftest import call

QUICK = ("layout=digits_2", "norm=ln", "training.epochs=1", "energy.enabled=false", "device=cpu")


def write_foreign(config: RunConfig) -> Path:
    """Writes a result with a field that this version does not know."""
    file = run_folder(config) / "result.json"
    file.parent.mkdir(parents=True)
    values = msgspec.to_builtins(example_result(identity=config.identity)) | {"surplus": 1}
    file.write_bytes(seal((json.dumps(values, indent=2) + "\n").encode()))
    return file


def test_a_job_leaves_it_as_it_is(configure: Configure) -> None:
    config = configure(*QUICK)
    file = write_foreign(config)
    before = file.read_bytes()
    with pytest.raises(ForeignResult, match="another version"):
        finish(run_in_launcher([config], 1, NO_AXES))
    assert file.read_bytes() == before and find_state(config) == "foreign"


@pytest.mark.parametrize(
    ("number", "named"),
    [(1, "its result is"), (2, "their results are"), (5, " and 2 more: their results are")],
)
def test_one_line_names_the_folders_and_the_way_out(number: int, named: str, configure: Configure) -> None:
    configs = [configure(*QUICK, f"seed={seed}") for seed in range(number + 1)]
    for config in configs[:number]:
        write_foreign(config)
    foreign = find_foreign_runs(configs)
    assert list(foreign) == [run_folder(config) for config in configs[:number]]
    line = describe_foreign(foreign)
    assert line.startswith(f"skipped {run_folder(configs[0])}") and f"{named} of another version of mgu" in line
    assert line.endswith("Use that version, or move the run's folder away.") and "\n" not in line
    assert (str(run_folder(configs[min(number, 3) - 1])) in line) and line.count("digits_2-ln-s") == min(number, 3)


@pytest.mark.slow
def test_a_sweep_and_its_plan_skip_it_and_go_on(
    here: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_foreign(configure("+experiment=digits", *QUICK, f"runs_dir={here / 'runs'}"))
    before, line = file.read_bytes(), ("+experiment=digits", *QUICK, "residual=without", "seed=0,1")
    assert call(monkeypatch, "plan", *line, "--format", "json") == 0
    planned, error = capsys.readouterr()
    assert [run["state"] for run in json.loads(planned)["runs"]] == ["foreign", "pending"]
    assert error.count("another version") == 1 and f"skipped {file.parent}: its result is" in error
    for trained in ("0 done, 1 to train, 1 skipped", "1 done (force=true trains them again), 0 to train, 1 skipped"):
        assert call(monkeypatch, "-m", *line) == 1
        output, error = capsys.readouterr()
        assert trained in output and "2 runs: 1 foreign, 1 ok" in output
        assert error.count("another version of mgu than") == 1 and f"skipped {file.parent}: its result is" in error
        assert "1 of 2 runs was skipped: another version of mgu trained it." in error
    assert call(monkeypatch, "+experiment=digits", *QUICK, "residual=without") == 2
    assert f"{file} must be readable, but is of another version" in capsys.readouterr().err
    assert file.read_bytes() == before


@pytest.mark.slow
def test_a_search_stops_before_it_and_the_next_study_goes_on(
    here: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is neither told nor charged; once its folder is away, the study is the one that it would have been."""
    words = ("+experiment=digits", "layout=digits_2", *QUICK[2:], "residual=without")
    line = (*words, "norm=ln,no_norm", "search=grid", "space=grid", "search.seed=0,1", "-m")
    runs = f"runs_dir={here / 'runs'}"
    file = write_foreign(configure(*words, "norm=no_norm", f"seed={seed_of(0, 0)}", runs))  # of the first study
    before = file.read_bytes()

    def histories() -> list[list[str]]:
        files = [here / "runs/digits/search" / name for name in ("grid-grid-s0-*", "grid-grid-s1-*")]
        found = [sorted(each.parent.glob(f"{each.name}/history.jsonl")) for each in files]
        return [[json.loads(line)["event"] for line in file.read_text().splitlines()] for [file] in found]

    assert call(monkeypatch, *line) == 1
    error = capsys.readouterr().err
    assert f"grid on grid, seed 0 stopped: {file} must be readable, but is of another version of mgu" in error
    assert file.read_bytes() == before
    stopped, other = histories()
    assert stopped == ["study", "asked", "told"] and other == ["study", *["asked", "told"] * 2]
    file.parent.rename(here / "away")
    assert call(monkeypatch, *line) == 0
    assert histories() == [other, other]
