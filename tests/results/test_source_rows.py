"""A run does not start from one that has trained on the rows that judge it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.results.on_disk.file_names import RESULT_FILE
from mgu.results.on_disk.result_file import read_result, write_result
from mgu.results.runs.source_rows import check_source_rows
from mgu.results.schema.stored_config import parse_config
from tests.conftest import Configure

NAMED = {"name": "mnist", "root": "data", "split": "paper", "image_shape": [1, 28, 28], "num_classes": 10}
TABLE = {
    "name": "table", "path": "t.csv", "target": "y", "task": "classification", "drop": [], "separator": ",",
    "max_categories": 50, "test_share": 0.2, "folds": 3, "split": "holdout", "sha256": "0" * 64,
}  # fmt: skip
CASES = {
    "name": "cases", "path": "scans", "image_shape": [1, 8, 8], "fit": "crop", "broken": "refuse", "test_share": 0.2,
    "class_weights": "none", "val_share": 0.2, "memory_gib": 1, "cache_gib": 1, "split": "holdout", "stages": None,
    "stage_pattern": "x", "classes": ["a", "b"], "sha256": "0" * 64,
}  # fmt: skip
ADDING = {
    "name": "adding", "length": 5, "num_train": 9, "num_val": 9, "num_test": 9, "draw_seed": 0, "split": "holdout",
}  # fmt: skip


def give(folder: Path, start: Path | None = None, **changes: Any) -> None:
    """Rewrites a result as that of a run on other data, or of one that started from another."""
    result = read_result(folder / RESULT_FILE)
    config = {**result.config, **changes}
    if start:
        config["training"] = {**config["training"], "start_from": str(start)}
    write_result(folder, msgspec.structs.replace(result, config=config))


@pytest.fixture
def check(trained_unit: Path) -> Any:
    """Checks a run with data of its own against a source, which has others."""
    config = parse_config(read_result(trained_unit / RESULT_FILE).config)
    assert config

    def compare(source: dict[str, Any], own: dict[str, Any]) -> None:
        give(trained_unit, dataset=source)
        training = config.training.model_copy(update={"start_from": str(trained_unit)})
        values = config.model_copy(update={"training": training}).model_dump()
        check_source_rows(RunConfig.model_validate(values | {"dataset": own}))

    return compare


@pytest.mark.parametrize(
    ("source", "own", "message"),
    [
        (TABLE, TABLE | {"fold": 1}, r"dataset\.fold=0, and this run has dataset\.fold=1\. Name a run with"),
        (TABLE, TABLE | {"folds": None, "path": "copy.csv"}, r"has dataset\.folds=3, and this run has .*=null"),
        (TABLE | {"folds": None}, TABLE | {"folds": None, "test_share": 0.5}, r"dataset\.test_share=0\.2"),
        (TABLE, TABLE | {"groups": "patient"}, r"dataset\.groups=patient"),
        (NAMED, NAMED | {"split": "holdout"}, r"dataset\.split=paper, and this run has dataset\.split=holdout"),
        (CASES, CASES | {"val_share": 0.3}, r"dataset\.val_share=0\.2"),
        (CASES, CASES | {"stages": ["early"], "sha256": "1" * 64}, r"dataset\.stages=null, and .*=\[early\]"),
    ],
)
def test_other_rows_of_the_same_data_are_refused(
    source: dict[str, Any], own: dict[str, Any], message: str, check: Any
) -> None:
    with pytest.raises(UserError, match=r"^training\.start_from must be a run on the same rows.*" + message):
        check(source, own)


@pytest.mark.parametrize(
    ("source", "own"),
    [
        (TABLE, TABLE),
        (TABLE, TABLE | {"fold": 1, "sha256": "1" * 64}),  # a second table
        (TABLE, TABLE | {"test_share": 0.5, "scale": "robust", "path": "elsewhere.csv"}),  # folds decide, not the share
        (NAMED, NAMED | {"name": "fashion_mnist", "split": "holdout"}),
        (NAMED, NAMED | {"sequence": 28 * 28, "root": "elsewhere"}),
        (NAMED | {"split": "holdout"}, NAMED),  # the test rows have neither trained nor chosen the source
        (NAMED, TABLE),
        (CASES, CASES | {"stages": ["early"], "fit": "pad"}),  # which leaves out no image
        (ADDING, ADDING | {"length": 9, "draw_seed": 1}),
    ],
)
def test_the_same_rows_and_other_data_are_taken(source: dict[str, Any], own: dict[str, Any], check: Any) -> None:
    check(source, own)


def test_the_command_refuses_and_looks_at_the_source_of_the_source(
    trained_unit: Path, configure: Configure, tmp_path: Path
) -> None:
    words = ("layout=digits_2", "mgu=reference", f"training.start_from={trained_unit}", "seed=7")
    held_out = "dataset.split=holdout"
    configure(*words)
    with pytest.raises(UserError, match=r"but digits_2-mgu-reference-s0-\w+ has dataset\.split=paper"):
        configure(*words, held_out)
    first = trained_unit.rename(tmp_path / "first")
    trained_unit.mkdir()
    for file in first.iterdir():
        (trained_unit / file.name).write_bytes(file.read_bytes())
    give(trained_unit, start=first, dataset=TABLE)
    with pytest.raises(UserError, match=r"but first has dataset\.split=paper"):
        configure(*words, held_out)


FUNCTION: dict[str, Any] = {
    "name": "python", "target": "my:load", "options": {}, "folder": None, "sha256": "0" * 64, "task": "classification",
    "split": "holdout", "input_shape": [1, 8, 8], "num_classes": 10, "class_weights": "none", "sampling": "shuffled",
    "fingerprint": "90 0.125 0.5",
}  # fmt: skip


def test_a_function_that_has_returned_other_rows_to_the_source_is_told(check: Any) -> None:
    others = FUNCTION | {"fingerprint": "90 -0.75 0.5"}
    with pytest.raises(UserError, match=r"on the same rows .* dataset\.target my:load has returned others"):
        check(others, FUNCTION)
    for source in (FUNCTION, FUNCTION | {"fingerprint": None}, others | {"options": {"fold": 1}}, NAMED):
        check(source, FUNCTION)
