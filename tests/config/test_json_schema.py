"""The schemas for editors: all our own files are legal by them, a run's is, and mistakes are found."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from mgu.cli.schema import main
from mgu.config.conf import conf_dir
from mgu.config.faults import GROUPS
from mgu.config.json_schema import kinds_of_files, schema_of
from mgu.errors import UserError
from tests.conftest import Configure

FILES = sorted(file.relative_to(conf_dir()) for group in GROUPS for file in (conf_dir() / group).glob("*.yaml"))


@cache
def validator(what: str) -> Draft7Validator:
    schema = schema_of(what)
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def faults(what: str, values: Any) -> list[str]:
    return [error.message for error in validator(what).iter_errors(values)]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_every_file_of_ours_is_legal(file: Path) -> None:
    assert not faults(file.parent.name, yaml.safe_load((conf_dir() / file).read_text(encoding="utf-8")))


def test_the_files_without_a_group_are_legal() -> None:
    assert not faults("prune", yaml.safe_load((conf_dir() / "prune.yaml").read_text(encoding="utf-8")))
    assert not faults("experiment", yaml.safe_load((conf_dir() / "config.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("overrides", [[], ["mgu=paths", "augment=flip_crop"], ["dataset=adult", "layout=dense_2"]])
def test_the_configuration_of_a_run_is_legal(configure: Configure, overrides: list[str]) -> None:
    values = yaml.safe_load(yaml.safe_dump(configure(*overrides).model_dump()))  # as in its config.yaml
    assert not faults("run", values)
    assert faults("run", values | {"sead": 1}) and faults("run", values | {"seed": -1})
    del values["training"]
    assert faults("run", values)


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("optimizer", {"name": "nadam", "Lr": 0.1}),
        ("optimizer", {"name": "nadam", "lr": -0.1}),
        ("energy", {"country": "germany"}),
        ("training", {"epochs": "many"}),
        ("experiment", {"training": {"epoch": 3}}),
        ("experiment", {"engine": "fast"}),
        ("mgu", {"mgu": {"gate": "none"}}),
        ("residual", {"residual": "with"}),
        ("prune", {"method": "stepwise"}),
    ],
)
def test_mistakes_are_found(what: str, values: dict[str, Any]) -> None:
    assert faults(what, values)


def test_what_is_filled_in_or_taken_from_elsewhere_is_legal() -> None:
    assert not faults("optimizer", {"defaults": ["nadam"], "lr": "auto", "eps": "${oc.env:EPS}"})
    assert not faults("energy", {"country": None}) and not faults("layout", {"layer": "my_layers:Conv"})


def test_a_schema_goes_to_a_file_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "optimizer.schema.json"
    file.write_text("an earlier one")
    main(["optimizer", "--output", str(file)])
    main(["optimizer"])
    assert json.loads(file.read_text()) == schema_of("optimizer") and capsys.readouterr().out == file.read_text()
    for other in (tmp_path, tmp_path / "nowhere" / "run.json"):
        with pytest.raises(UserError, match="--output must be a file in a folder that is there"):
            main(["run", "--output", str(other)])
    assert [own.name for own in tmp_path.iterdir()] == [file.name]


def test_every_kind_of_file_has_a_schema_with_descriptions() -> None:
    for what in kinds_of_files():
        assert '"description"' in str(schema_of(what)).replace("'", '"')
