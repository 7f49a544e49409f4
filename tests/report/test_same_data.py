"""Runs to which a function of the user's has returned other rows are in no table together, and are not paired."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from mgu.cli.diff import main as diff_main
from mgu.cli.report import main
from mgu.report.analysis import Analysis
from mgu.report.contrasts.resolve import differing_keys
from mgu.report.data_names import name_data
from mgu.report.ranking.rank import join, rank
from mgu.results.compare.axes import find_axes
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.load import Run
from mgu.results.schema.result import Result
from tests.examples import example_config, example_result
from tests.report.runs import Trained

LOAD = "my.load@12ab"
ROWS, SAME, OTHERS = "90 0.125 0.5", "90 0.12501 0.5", "90 -0.75 0.5"


def config(fingerprint: str | None, **sections: Any) -> dict[str, Any]:
    dataset = {"name": "python", "target": "my:load", "options": {}, "split": "holdout"}
    return example_config(dataset=dataset | ({"fingerprint": fingerprint} if fingerprint else {}), **sections)


def of(fingerprint: str | None, **changes: Any) -> Result:
    return example_result(dataset=LOAD, config=config(fingerprint), **changes)


def names(*fingerprints: str | None) -> list[str]:
    return [name.removeprefix(LOAD) for name in name_data([of(own) for own in fingerprints])]


def test_data_have_a_number_only_where_there_are_several() -> None:
    assert names(ROWS, SAME, None) == ["", "", ""]
    first, second = ", rows 1 of 2 that it has returned", ", rows 2 of 2 that it has returned"
    assert names(ROWS, OTHERS, SAME, None) == [second, first, second, ", rows not known"]
    assert names(ROWS, "edited") == [first, second]
    assert name_data([of(ROWS), example_result(dataset="other", config=config(OTHERS))]) == [LOAD, "other"]
    assert name_data([example_result(), example_result(config={"dataset": "x"})]) == ["digits", "digits"]


def test_they_are_in_tables_of_their_own_which_say_so(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = [0.9, 0.92, 0.91]
    runs = [
        *trained("a", seeds, dataset=LOAD, config=config(ROWS)),
        *trained("b", seeds, dataset=LOAD, config=config(OTHERS)),
        *trained("c", seeds, dataset=LOAD, config=config(SAME)),
    ]
    tables = rank(runs)
    assert [[row.result.stem for row in table.rows] for table in tables] == [["b"], ["a", "c"]]
    assert tables[0].title == f"trial ({LOAD}, rows 1 of 2 that it has returned, split: no test data)"
    assert tables[0].dataset_name == LOAD and tables[0].has_other_rows
    assert any("has returned other rows to other runs" in line for line in Analysis(tables[0]).lines)
    assert [table.title for table in join(tables)] == [table.title for table in tables]
    elsewhere = [Run(structs.replace(run.result, experiment_name=run.result.stem), run.folder) for run in runs]
    assert not any(table.has_other_rows for table in rank(elsewhere))
    for run in runs:
        write_result(run.folder, run.result)
    main([str(tmp_path), "--format", "csv"])
    assert capsys.readouterr().out.count("rows 2 of 2") == 2
    main([str(tmp_path / "a-0"), str(tmp_path / "c-0"), "--format", "md"])
    assert "returned" not in capsys.readouterr().out


def test_a_difference_of_two_runs_says_that_the_data_differ(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    folders: dict[str, Any] = {}
    for name, fingerprint in (("a", ROWS), ("b", OTHERS), ("c", SAME)):
        (run,) = trained(name, [0.9], shift=len(folders), dataset=LOAD, config=config(fingerprint))
        write_result(run.folder, run.result)
        folders[name] = str(run.folder)
    diff_main([folders["a"], folders["b"], "--format", "md"])
    assert "The data differ" in capsys.readouterr().out
    diff_main([folders["a"], folders["c"], "--format", "md"])
    text = capsys.readouterr().out
    assert "The data differ" not in text and "fingerprint" not in text


def test_a_title_says_what_a_function_was_asked_for(trained: Trained) -> None:
    def title(options: dict[str, Any], kind: str = "python") -> str:
        section = {"name": kind, "target": "my:load", "options": options, "split": "holdout"}
        runs = trained(f"{kind}{len(options)}", [0.9], dataset=LOAD, config=example_config(dataset=section))
        return rank(runs)[0].title

    assert title({"size": 3, "noise": 0.1}) == f"trial ({LOAD} with noise=0.1, size=3, split: no test data)"
    assert title({}) == f"trial ({LOAD}, split: no test data)"
    assert title({"size": 3}, "mnist") == f"trial ({LOAD}, split: paper)"
    assert len(title({f"argument_{number}": number for number in range(20)})) < 110


def test_joined_titles_tell_functions_without_test_data_from_official_ones(trained: Trained) -> None:
    own, named = trained("a", [0.9], dataset=LOAD, config=config(ROWS)), trained("b", [0.9])
    (joined,) = join(rank([*own, *named]))
    assert joined.title == f"trial (digits + {LOAD}, split: no test data + paper)"


def test_fingerprints_are_no_axis_and_no_key_of_a_question() -> None:
    configs = [config(ROWS), config(OTHERS)]
    for own, digest in zip(configs, ("0" * 64, "1" * 64), strict=True):
        own["dataset"]["sha256"] = digest
    assert find_axes([("m", own) for own in configs]).keys == ("dataset.sha256",)
    runs = [Run(structs.replace(of(own), name=f"m{own}-s0"), Path("nowhere")) for own in (ROWS, OTHERS)]
    assert differing_keys(row for table in rank(runs) for row in table.rows) == []
