"""Messages about faults of a configuration.

Each has the form: <thing> must be <rule>, but got <value>. <What to do.>
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from mgu.config.fields import PatternError, models_of
from mgu.config.run import RunConfig
from mgu.errors import did_you_mean, nearest

GROUPS = (  # a test compares them with the folders of conf/
    "dataset", "layout", "norm", "residual", "mgu", "optimizer", "training", "energy", "tensorboard", "mlflow",
    "experiment",
)  # fmt: skip


def known_keys(model: type[BaseModel] = RunConfig, prefix: str = "") -> list[str]:
    """Lists all legal keys in dotted form.

    Args:
        model: The configuration class.
        prefix: What stands before every key.

    Returns:
        The keys of groups and of the values in them, without repetitions.
    """
    keys = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        for group in models_of(field.annotation):
            keys += known_keys(group, f"{prefix}{name}.")
    return list(dict.fromkeys(keys))


def hint_key(key: str) -> str:
    """Suggests the legal key nearest to a mistyped one, by its whole name or by its last part.

    Args:
        key: An unknown key in dotted form.

    Returns:
        A sentence.
    """
    keys = [*GROUPS, *known_keys()]
    by_last_part = {known.rpartition(".")[2]: known for known in keys}
    choice = nearest(key, keys) or by_last_part.get(nearest(key.rpartition(".")[2], by_last_part) or "")
    return f"Did you mean {choice}?" if choice else f"Known keys: {', '.join(RunConfig.model_fields)}."


def describe_fault(fault: ErrorDetails) -> str:
    """Describes one fault in the form above.

    Args:
        fault: An item of `ValidationError.errors()`.

    Returns:
        The message, in one line.
    """
    key = ".".join(str(part) for part in fault["loc"] if not str(part).startswith("["))
    value = _shorten(fault["input"])
    context = fault.get("ctx", {})
    if fault["type"] == "extra_forbidden":
        return f"{key} must be a known key, but got {key}={value}. {hint_key(key)}"
    if fault["type"] == "missing":
        return f"{key} must be set, but is missing. Add it to the YAML of its group, or pass {key}=..."
    if fault["type"] == "value_error" and not isinstance(context["error"], PatternError):
        return f"{key}: {context['error']}"
    hint = f" Pass {key}=... or mend its YAML."
    if fault["type"] == "literal_error":
        choices = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        hint = did_you_mean(str(fault["input"]), choices) or hint
    rule = _rule(fault)
    verb = "" if rule.startswith("have ") else "be "
    return f"{key} must {verb}{rule}, but got {value}.{hint}"


def _rule(fault: ErrorDetails) -> str:
    """Returns the words that follow "must be"."""
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    return re.sub("^(Input|String|List) should (be )?", "", fault["msg"]).replace("'", "")


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
