"""Descriptions, rules of the identity and patterns on the fields, and constants that mirror conf/."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import yaml
from pydantic import Field

from mgu.config.conf import conf_dir
from mgu.config.faults import GROUPS, hint_key
from mgu.config.fields import ConfigModel, models_of
from mgu.config.identity import NOT_IDENTITY, UNLESS_DEFAULT, identity_rules, identity_values, unless
from mgu.config.layouts import Convolution
from mgu.config.prune import PruneConfig
from mgu.config.published import PUBLISHED, UnitStructure
from mgu.config.run import RunConfig
from mgu.config.search import SearchSettings
from mgu.text.nearest import did_you_mean
from tests.conftest import Configure


def fields(model: type[Any] = RunConfig) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        yield f"{model.__name__}.{name}", field
        for group in models_of(field.annotation):
            yield from fields(group)


FIELDS = {**dict(fields()), **dict(fields(PruneConfig)), **dict(fields(Convolution))}


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_described_in_one_sentence(name: str) -> None:
    description = FIELDS[name].description
    assert description and description[0] != " " and description.endswith(".") and len(description) <= 110


def test_the_identity_leaves_out_where_things_lie_and_how_a_run_is_watched() -> None:
    left_out = {name for name, field in FIELDS.items() if NOT_IDENTITY in identity_rules(field)}
    assert left_out == {
        *(
            f"RunConfig.{name}"
            for name in ("experiment_name", "device", "runs_dir", "force", "seeds_at_once", "parallel")
        ),
        *(f"RunConfig.{name}" for name in ("energy", "tensorboard", "mlflow", "notify")),
        *("LayoutConfig.name", "DenseLayoutConfig.name", "RecurrentLayoutConfig.name", "FactorsLayoutConfig.name"),
        *("EquilibriumLayoutConfig.name", "DirectedLayoutConfig.name"),
        *("MaskedLayoutConfig.name", "NagoLayoutConfig.name"),
        *(
            "TrainingConfig.timeout",
            "TrainingConfig.start_from",
            "TrainingConfig.checkpoint_s",
            "TrainingConfig.stop_after",
            "NamedImagesConfig.root",
            "AdultConfig.root",
            "TableConfig.path",
        ),
        *(f"CasesConfig.{name}" for name in ("path", "stages", "stage_pattern", "broken", "memory_gib", "cache_gib")),
        *(
            "ImportedConfig.folder",
            "PythonDatasetConfig.folder",
            "PythonDatasetConfig.fingerprint",
            "PythonLayoutConfig.folder",
            "PythonLayoutConfig.name",
            "PythonOptimizerConfig.folder",
            "PythonScheduleConfig.folder",
        ),
        *("MovieLensConfig.root", "MovieLensConfig.download", "RatingsConfig.path"),
        *(f"ImagesConfig.{name}" for name in ("path", "columns", "groups", "broken", "memory_gib", "cache_gib")),
    }


class Part(ConfigModel):
    size: int = Field(description="Size.")
    folder: Annotated[str, NOT_IDENTITY] = Field(description="Folder.")


class Whole(ConfigModel):
    part: Part = Field(description="Part.")
    engine: Annotated[str, unless("auto")] = Field(description="Engine.")
    younger: Annotated[bool, UNLESS_DEFAULT] = Field(False, description="Younger.")


def test_identity_values_follow_the_rules_on_the_fields() -> None:
    whole = Whole(part=Part(size=3, folder="here"), engine="auto")
    assert identity_values(whole) == {"part": {"size": 3}}
    changed = whole.model_copy(update={"engine": "eager", "younger": True})
    assert identity_values(changed) == {"part": {"size": 3}, "engine": "eager", "younger": True}


def test_groups_are_the_folders_of_conf() -> None:
    assert set(GROUPS) == {folder.name for folder in conf_dir().iterdir() if folder.is_dir()} - {"hydra"}


def test_published_paths_are_those_of_the_files() -> None:
    """A file with other processors than these would give its runs another name: give it a new name, too."""
    files = {file.stem: yaml.safe_load(file.read_text()).get("mgu") for file in (conf_dir() / "mgu").glob("*.yaml")}
    with_processors = {name: mgu for name, mgu in files.items() if mgu and "processors" in mgu}
    assert set(with_processors) == set(PUBLISHED)
    for name, mgu in with_processors.items():
        structure = UnitStructure(mgu["processors"], mgu["residual_gate"], mgu.get("skip_gate", True))
        assert structure == PUBLISHED[name] and structure.digest == PUBLISHED[name].digest  # which sees order


@pytest.mark.parametrize(
    ("override", "rule"),
    [
        ("device=gpu", "auto, cpu, cuda or cuda:N"),
        ("energy.country=usa", "a country's ISO 3166 code, three capital letters"),
        ("experiment_name=../up", "letters, digits, '.', '_' and '-', not beginning with '.' or '-'"),
    ],
)
def test_a_pattern_is_told_in_words(override: str, rule: str, configure: Configure) -> None:
    key, _, value = override.partition("=")
    with pytest.raises(Exception) as caught:
        configure(override)
    assert str(caught.value) == f"{key} must be {rule}, but got {value!r}. Pass {key}=... or mend its YAML."


def test_a_mistyped_key_of_a_search_is_told_the_keys_of_its_section() -> None:
    assert hint_key("budget.second") == "Did you mean budget.seconds?"  # not search.second
    assert hint_key("search.qqqqqq") == (
        "Known keys: " + ", ".join(f"search.{name}" for name in SearchSettings.model_fields) + "."
    )


@pytest.mark.parametrize("key", ["foo", "xyz"])
def test_a_short_word_that_is_like_a_key_by_chance_has_no_suggestion(key: str) -> None:
    """foo had been answered by optimizer.floor, which most optimizers do not have."""
    assert "Did you mean" not in hint_key(key)


@pytest.mark.parametrize(
    ("key", "nearest"), [("sed", "seed"), ("lrr", "optimizer.lr"), ("training.epoch", "training.epochs")]
)
def test_a_slip_in_a_short_word_has_one(key: str, nearest: str) -> None:
    assert hint_key(key) == f"Did you mean {nearest}?"


def test_half_alike_is_chance_but_in_two_letters() -> None:
    assert did_you_mean("fast", ("auto", "eager", "packed", "native", "compiled")) == ""
    assert did_you_mean("lm", ("bn_pre", "bn_post", "ln")) == " Did you mean ln?"
