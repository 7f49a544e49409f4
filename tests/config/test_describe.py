"""What `mgu-run --help` says about values."""

from __future__ import annotations

from mgu.config.cases import CasesConfig
from mgu.config.datasets import NamedImagesConfig
from mgu.config.describe import describe_values, model_of, to_yaml
from mgu.config.run import RunConfig
from tests.conftest import Command, Configure


def test_every_value_stands_with_its_key_and_description(configure: Configure) -> None:
    config = configure("mgu=paths")
    lines = describe_values(config.model_dump()).splitlines()
    keys = [line.partition(":")[0] for line in lines if line]
    assert {"seed", "training.epochs", "mgu.processors", "mgu.decisive.weight", "dataset.root"} <= set(keys)
    assert all("  # " in line for line in lines if line)
    epochs = next(line for line in lines if line.startswith("training.epochs"))
    assert epochs.split() == ["training.epochs:", "100", "#", "Largest", "number", "of", "epochs."]


def test_choices_stand_where_the_description_does_not_explain_them() -> None:
    engine = describe_values({"engine": "auto"})
    assert "# auto | eager | packed | native | compiled: How models" in engine
    assert "# paper: validate on" in describe_values({"dataset": {"name": "digits", "split": "paper"}})


def test_what_is_not_legal_is_shown_without_a_description() -> None:
    assert describe_values({"mine": 3, "training": 5}).splitlines()[0] == "mine: 3"


def test_a_group_of_several_kinds_is_described_by_its_own() -> None:
    dataset = RunConfig.model_fields["dataset"]
    assert (
        model_of(dataset, {"name": "cases"}) is CasesConfig and model_of(dataset, {"name": "mine"}) is NamedImagesConfig
    )
    assert model_of(RunConfig.model_fields["seed"], {}) is None


def test_values_are_yaml_in_one_line() -> None:
    assert [to_yaml(value) for value in (None, 1e-7, float("inf"), ["a", 1], "a: b")] == [
        "null", "1.0e-07", ".inf", "[a, 1]", "'a: b'"]  # fmt: skip


def test_help_lists_every_key(mgu_run: Command) -> None:
    done = mgu_run("--help", "mgu=equations")
    assert done.returncode == 0 and "${" not in done.stdout.replace("${oc.env:", "").replace("${hydra:runtime", "")
    for words in ("training.epochs: 100  ", "# Largest number of epochs.", "mgu.decisive.weight: 0.0 ", "digits_3"):
        assert words in done.stdout
