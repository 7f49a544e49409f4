"""Values that the kind of data decides: messages about them name "auto" among what is legal."""

from __future__ import annotations

import pytest

from mgu.config.faults import OR_AUTO
from mgu.data.datasets import fill_defaults
from mgu.errors import UserError
from tests.conftest import Configure


def test_they_are_those_that_are_filled_in() -> None:
    given = {group: {key: "auto"} for group, _, key in (key.partition(".") for key in OR_AUTO)}
    filled = fill_defaults({"dataset": {"name": "digits"}, **given})
    assert all(filled[group][key] != "auto" for group, _, key in (key.partition(".") for key in OR_AUTO))


@pytest.mark.parametrize("word", [f"{key}={value}" for key in OR_AUTO for value in ("foo", "-1", "null", "[auto]")])
def test_auto_is_named(word: str, configure: Configure) -> None:
    with pytest.raises(UserError, match=rf"^{word.partition('=')[0]} must be .+, or auto, but got "):
        configure(word)
