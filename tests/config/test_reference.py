"""The pages of docs/reference/ are those that docs/reference/generate.py writes now."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from pydantic import Field

import mgu
from mgu.config.fields import Name
from mgu.config.prune import PruneConfig
from mgu.config.words import type_in_words

FOLDER = Path(mgu.__file__).parents[1] / "docs" / "reference"


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


@pytest.mark.slow
@pytest.mark.parametrize("page", ["config.md", "result.md", "cli.md", "python.md", "findings.md"])
def test_the_reference_is_current(page: str, scripts: None) -> None:
    rendered = importlib.import_module("generate").PAGES[page]()
    assert (FOLDER / page).read_text(encoding="utf-8") == rendered, "call: python docs/reference/generate.py"


def test_every_key_of_pruning_is_described() -> None:
    section = (FOLDER / "config.md").read_text(encoding="utf-8").partition("## mgu-run prune")[2]
    assert re.findall(r"^\| `(\w+)`", section, re.M) == list(PruneConfig.model_fields)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (bool | None, "true or false or null"),
        (Annotated[int, Field(gt=0, lt=2**63)], "integer > 0"),
        (list[Annotated[float, Field(ge=0, le=0.5)]], "list of number ≥ 0, ≤ 0.5"),
        (Annotated[float, msgspec.Meta(ge=0, le=1 + 1e-9)] | None, "number ≥ 0, ≤ 1 or null"),
        (dict[str, list[str]], "list of string by name"),
        (Name, "string: letters, digits, '.', '_' and '-', not beginning with '.' or '-'"),
    ],
)
def test_types_are_told_in_words(annotation: Any, words: str) -> None:
    assert type_in_words(annotation) == words
