"""Runs that each start from the source of their own fold or seed had been models of one run each, without a mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.find import find_run
from mgu.results.schema.result import Result
from tests.examples import example_config, example_result, ranked


def started(seed: int, digit: str, source: str, folds: int = 0, fold: int = 0, **sections: Any) -> Result:
    """A run from weights whose checksum is one digit again and again."""
    end = f"f{fold}-s{seed}" if folds else f"s{seed}"
    dataset = {"dataset": {"name": "table", "folds": folds, "fold": fold}} if folds else {}
    training = {"epochs": 30, "start_from": f"/runs/cv/{source}", "start_sha256": digit * 64}
    return example_result(
        f"digits_2-ln-from-{digit * 8}-{end}",
        seed=seed,
        identity=f"{digit}{seed}{fold}{folds}" * 2,
        config=example_config(training=training, **dataset, **sections),
    )


def test_folds_that_start_from_their_own_sources_are_one_model() -> None:
    folds = [started(0, str(k), f"digits_2-ln-f{k}-s0-0000000{k}", folds=3, fold=k) for k in range(3)]
    (table,) = ranked([*folds, *folds[:1]])  # and a copy of one of them
    (row,) = table.rows
    assert row.name == "digits_2-ln-from-digits_2-ln" and len(row.runs) == 3 and len(table.repeated) == 1


def test_seeds_likewise_and_what_differs_in_more_is_not_joined() -> None:
    seeds = [started(k, str(k), f"digits_2-ln-s{k}-0000000{k}") for k in range(2)]
    others = [started(k, str(k + 4), f"digits_2-bn_pre-s{k}-0000000{k}") for k in range(2)]
    rates = [started(k, str(k), f"digits_2-ln-s{k}-0000000{k}", optimizer={"lr": 0.5}) for k in range(2)]
    (table,) = ranked([*seeds, *others, *rates])
    assert sorted(len(row.runs) for row in table.rows) == [2, 2, 2]
    assert {row.name for row in table.rows} == {
        "digits_2-ln-from-digits_2-ln-lr0.01", "digits_2-ln-from-digits_2-ln-lr0.5",
        "digits_2-ln-from-digits_2-bn_pre-lr0.01",
    }  # fmt: skip


def test_one_seed_from_two_sources_is_two_models() -> None:
    (table,) = ranked([started(0, str(k), f"digits_2-ln-s{k}-0000000{k}") for k in range(2)])
    assert [len(row.runs) for row in table.rows] == [1, 1] and not table.repeated
    (table,) = ranked([started(k, "a", "digits_2-ln-s0-00000000") for k in range(2)])
    assert [row.name for row in table.rows] == ["digits_2-ln-from-aaaaaaaa"]  # one source for all seeds


def test_the_name_that_a_report_shows_finds_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGU_RUNS", str(tmp_path))
    for result in [started(k, str(k), f"digits_2-ln-s{k}-0000000{k}") for k in range(2)]:
        folder = tmp_path / result.experiment_name / result.folder_name
        folder.mkdir(parents=True)
        write_result(folder, result)
    assert find_run("digits_2-ln-from-digits_2-ln-s1").name.startswith("digits_2-ln-from-11111111-s1")
