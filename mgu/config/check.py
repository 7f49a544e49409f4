"""Resolved values in, a checked RunConfig out, or one message that lists every fault and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mgu.config.datasets import ImagesConfig, MovieLensConfig
from mgu.config.layouts import FactorsLayoutConfig, LayoutConfig
from mgu.config.run import RunConfig
from mgu.errors import UserError, did_you_mean, nearest

PATTERNS = {  # what the patterns in mgu/config/run.py mean
    "device": "auto, cpu, cuda or cuda:N",
    "energy.country": "a country's ISO 3166 code, three capital letters",
    "dataset.sha256": "64 hexadecimal digits, or null",
    "experiment_name": "letters, digits, '.', '_' and '-', the first one no sign",
    "mgu.wiring": "letters, digits, '.', '_' and '-', the first one no sign",
    "layout.name": "letters, digits, '.', '_' and '-', the first one no sign",
}
GROUPS = (
    "dataset", "layout", "norm", "residual", "mgu", "optimizer", "training", "energy", "tensorboard", "mlflow",
    "experiment",
)  # fmt: skip


def check_config(values: Mapping[str, Any]) -> RunConfig:
    """Validate `values`; raises one UserError that lists every fault."""
    try:
        config = RunConfig.model_validate(values)
    except ValidationError as error:
        raise UserError("\n".join(describe_fault(fault) for fault in error.errors())) from None
    _check_axes(config)
    _check_layout(config)
    return config


def _check_axes(config: RunConfig) -> None:
    """A baseline has a norm and a residual choice; a unit learns both and must be given neither."""
    chosen = {
        "norm": config.norm and config.norm.name,
        "residual": None if config.residual is None else "with" if config.residual else "without",
    }
    for axis, value in chosen.items():
        if config.mgu and value:
            raise UserError(
                f"{axis} must not be set together with a unit, which learns it, but got {axis}={value}. "
                f"Leave {axis} out, or train the baseline with mgu=without."
            )
        if not config.mgu and not value:
            raise UserError(
                f"{axis} must be set for a baseline, but is missing. Pass {axis}=..., or choose a unit with mgu=..."
            )


def _check_layout(config: RunConfig) -> None:
    """Convolutions are for images, and those must not be too small for them; dense layers take any data, and
    factorisation has no layers to put anything around.
    """
    if isinstance(config.layout, FactorsLayoutConfig):
        if not isinstance(config.dataset, MovieLensConfig):
            raise UserError(
                f"layout must have layers for dataset={config.dataset.name}, but got {config.layout.name}, which "
                "factorises users and items. Pass another layout."
            )
        if config.mgu or config.residual or (config.norm and config.norm.name != "no_norm"):
            raise UserError(
                f"layout {config.layout.name} must be alone, for it has no layers, but got a norm, a residual or a "
                "unit. Pass norm=no_norm residual=without mgu=without."
            )
        return
    if not isinstance(config.layout, LayoutConfig):
        steps = {step for own in ((config.mgu and config.mgu.processors) or {}).values() for step in own}
        if "instance_norm" in steps:
            raise UserError(
                "mgu.processors must be without instance_norm around dense layers, whose channels have one value each, "
                "of which it leaves nothing. Take layer_norm or rms_norm."
            )
        return
    if not isinstance(config.dataset, ImagesConfig):
        raise UserError(
            f"layout must be a dense one where the data are no images, but got {config.layout.name} for "
            f"dataset={config.dataset.name}. Pass layout=dense_3, or one of your own with depth and width."
        )
    config.layout.convolutions(config.dataset.image_shape)


def known_keys(model: type[BaseModel] = RunConfig, prefix: str = "") -> list[str]:
    """All legal keys in dotted form."""
    keys = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        for part in (field.annotation, *get_args(field.annotation)):
            section = getattr(part, "__origin__", part)  # of several kinds, each is Annotated with its name
            if isinstance(section, type) and issubclass(section, BaseModel):
                keys += known_keys(section, f"{prefix}{name}.")
    return list(dict.fromkeys(keys))


def hint_key(key: str) -> str:
    """The legal key nearest to `key`, by its whole name or by its last part, as a sentence."""
    keys = [*GROUPS, *known_keys()]
    by_last_part = {known.rpartition(".")[2]: known for known in keys}
    choice = nearest(key, keys) or by_last_part.get(nearest(key.rpartition(".")[2], by_last_part) or "")
    return f"Did you mean {choice}?" if choice else f"Known keys: {', '.join(RunConfig.model_fields)}."


def describe_fault(fault: Any) -> str:
    """One pydantic fault as: <thing> must be <rule>, but got <value>. <What to do.>"""
    key = ".".join(str(part) for part in fault["loc"] if not str(part).startswith("["))
    value = _short(fault["input"])
    if fault["type"] == "extra_forbidden":
        return f"{key} must be a known key, but got {key}={value}. {hint_key(key)}"
    if fault["type"] == "missing":
        return f"{key} must be set, but is missing. Add it to the YAML of its group, or pass {key}=..."
    if fault["type"] == "value_error":
        return f"{key}: {fault['ctx']['error']}"
    rule = re.sub("^(Input|String|List) should (be )?", "", fault["msg"]).replace("'", "")
    if fault["type"] == "string_pattern_mismatch":
        rule = PATTERNS.get(key, rule)
    hint = ""
    if fault["type"] == "literal_error":
        hint = did_you_mean(
            str(fault["input"]), fault["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        )
    verb = "" if rule.startswith("have ") else "be "
    return f"{key} must {verb}{rule}, but got {value}.{hint or f' Pass {key}=... or mend its YAML.'}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
