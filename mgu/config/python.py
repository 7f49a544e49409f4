"""Sections that name the user's own Python code by import path, and how its source becomes a part of the identity.

A section with `target` and `options` names code, whatever its group: `fill_sources` fills in where the code lies and
its checksum, before the configuration is checked. mgu/user_code/ finds and calls it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from mgu.config.balance import BalanceConfig
from mgu.config.fields import ConfigModel, Count, Matches, Sha256
from mgu.config.identity import NOT_IDENTITY
from mgu.errors import UserError
from mgu.user_code.source import find_source

_NAMES = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
IMPORT_PATH = Matches(f"{_NAMES}:{_NAMES}", "an import path as my_pkg:load, a module and a name in it")
Target = Annotated[str, AfterValidator(IMPORT_PATH)]


class ImportedConfig(ConfigModel):
    """Configures what is made by the user's own Python code, see mgu/user_code/."""

    target: Target = Field(description="Import path of a function or class, as my_pkg:load; must be set.")
    options: dict[str, Any] = Field(description="Arguments that it is called with, by name.")
    folder: Annotated[str | None, NOT_IDENTITY] = Field(
        description="Folder that holds the module; null: the working directory, filled in unless it is installed."
    )
    sha256: Sha256 = Field(
        description="SHA-256 of the module's file or package and what it imports beside it, filled in when found."
    )


class PythonDatasetConfig(ImportedConfig, BalanceConfig):
    """Configures data from a function of the user's; see mgu/data/python/."""

    name: Literal["python"] = Field(description="Kind of the data.")
    task: Literal["classification", "regression"] = Field(
        description="What to predict; auto: classification for targets that are whole numbers, else regression."
    )
    split: Literal["paper", "holdout"] = Field(
        description="holdout: the function gives test data; paper: none, validation data judge. Filled in."
    )
    input_shape: list[Count] = Field(min_length=1, description="Shape of one input, filled in when the data is read.")
    num_classes: Count | None = Field(description="Number of classes, filled in; null: a regression.")
    fingerprint: Annotated[str | None, NOT_IDENTITY] = Field(
        None, description="Tells whether the function returned the same rows again, filled in; null: not known."
    )

    @property
    def image_shape(self) -> list[int]:
        """The shape of one input; channels, height and width where the inputs are images."""
        return self.input_shape

    @property
    def label(self) -> str:
        """The name of the data in reports; four digits tell other sources and options."""
        content = json.dumps([self.sha256, self.options], sort_keys=True)
        return f"{self.target.replace(':', '.')}@{hashlib.sha256(content.encode()).hexdigest()[:4]}"


def spell_out_layout(values: Any) -> Any:
    """Spells out what is short in a layout: the text of its `layer`, and the name of a network of the user's.

    Args:
        values: Unchecked values of the layout.

    Returns:
        The values with `layer` as a section, and with the name of the class where the layout is called "python".
    """
    if not isinstance(values, dict):
        return values
    layer, target = values.get("layer"), values.get("target")
    if isinstance(layer, str):
        values = values | {"layer": {"target": layer, "options": {}}}
    elif isinstance(layer, dict):
        values = values | {"layer": {"options": {}} | layer}
    if values.get("name") == "python" and isinstance(target, str):
        values = values | {"name": target.rpartition(":")[2].rpartition(".")[2]}
    return values


def fill_sources(values: Any, key: str = "") -> Any:
    """Returns unchecked values in which each section that names code has the folder and the checksum of its source.

    Args:
        values: Values of a run or of a section of it, nested as in the YAML files.
        key: The key of the section, in dotted form.

    Returns:
        The values; those of sections that name no code are as they were.

    Raises:
        UserError: A module cannot be found, or a checksum is given.
    """
    if not isinstance(values, dict):
        return values
    filled = {name: fill_sources(value, f"{key}.{name}".lstrip(".")) for name, value in values.items()}
    target = filled.get("target")
    if "options" not in filled or "target" not in filled:
        return filled
    if filled.get("sha256") is not None:
        raise UserError(
            f"{key}.sha256 must be left out, for it is filled in when the source is read, but got {filled['sha256']}. "
            "Leave it out."
        )
    if target is None:
        raise UserError(f"{key}.target must be set, but is null. Pass {key}.target=my_module:name.")
    if not isinstance(target, str) or not IMPORT_PATH.fits(target):
        raise UserError(
            f"{key}.target must be {IMPORT_PATH.rule}, but got {target!r}. Pass {key}.target=my_module:name."
        )
    source = find_source(f"{key}.target", target, filled.get("folder"))
    return filled | {"folder": source.folder and str(source.folder), "sha256": source.sha256}
