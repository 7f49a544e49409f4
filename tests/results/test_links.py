"""Results behind links to folders are found, once; a path that does not exist is no empty table."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgu import load_runs
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.load import load_results
from tests.examples import example_result


def test_a_linked_folder_is_searched_and_each_run_is_taken_once(tmp_path: Path) -> None:
    run = tmp_path / "elsewhere" / "experiment" / "run"
    run.mkdir(parents=True)
    write_result(run, example_result())
    for target in (run, run.parent, run.parent.parent):
        runs = tmp_path / f"runs-{target.name}"
        (runs / "here").mkdir(parents=True)
        (runs / "linked").symlink_to(target)
        (runs / "here" / "back").symlink_to(runs)
        (runs / "again").symlink_to(run.parent)
        assert [found.folder for found in load_results([runs]).runs] == [run]


def test_a_link_that_leads_far_is_not_followed_to_its_end(tmp_path: Path) -> None:
    deep = tmp_path / "far" / "a" / "b" / "c"
    deep.mkdir(parents=True)
    write_result(deep, example_result())
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "link").symlink_to(tmp_path / "far")
    assert not load_results([tmp_path / "runs"]).runs


def test_a_path_that_does_not_exist_is_no_empty_table(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="but there is no"):
        load_runs(tmp_path / "nonexistent")
    assert load_runs(tmp_path).empty


def test_a_table_names_what_it_leaves_out(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("[")
    with pytest.warns(UserWarning, match=r"skipped .*result\.json: "):
        assert load_runs(tmp_path).empty


def test_a_file_that_is_no_result_is_refused_by_its_name(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.txt"
    foreign.write_text("no result")
    with pytest.raises(ValueError, match=r"^paths must be folders or .*, but got /.*notes.txt: not a .*"):
        load_runs(foreign)
    with pytest.raises(ValueError, match=r"^paths must be .*, but got ''. Leave it out for the runs folder.$"):
        load_runs("")
