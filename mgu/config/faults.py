"""Messages about faults of a configuration.

Each has the form: <thing> must be <rule>, but got <value>. <What to do.>
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from mgu.config.fields import PatternError, models_of
from mgu.config.run import RunConfig
from mgu.config.search import StudySettings
from mgu.text.hydra_quoting import as_typed
from mgu.text.nearest import did_you_mean, nearest

# A test compares them with the folders of conf/.
GROUPS = (
    "dataset", "layout", "norm", "residual", "mgu", "learning", "optimizer", "schedule", "training", "augment",
    "energy", "tensorboard", "mlflow", "experiment", "search", "space",
)  # fmt: skip
OR_AUTO = ("optimizer.lr", "training.last_batch")  # filled in by mgu/data/datasets.py; a test compares them
MAX_FAULTS = 20  # that are shown at once
# What other tools call it.
ALIASES = {
    "model": "layout", "network": "layout", "net": "layout", "arch": "layout", "architecture": "layout",
    "data": "dataset", "data_dir": "dataset.root", "gpu": "device", "gpus": "device", "cuda": "device",
    "workers": "threads", "num_workers": "threads", "num_threads": "threads", "cpus": "threads",
    "learning_rate": "optimizer.lr", "batch": "training.batch_size", "bs": "training.batch_size",
    "max_epochs": "training.epochs", "num_epochs": "training.epochs", "random_state": "seed", "manual_seed": "seed",
    "early_stopping": "training.patience", "monitor": "training.score", "metric": "training.score",
    "output": "runs_dir", "output_dir": "runs_dir", "out": "runs_dir",
    "scheduler": "schedule", "lr_scheduler": "schedule", "warmup": "schedule.warmup_epochs",
    "wd": "optimizer.weight_decay",
    "normalization": "norm", "normalisation": "norm", "unit": "mgu",
}  # fmt: skip
MOVED = {"optimizer.decay": "schedule.decay"}  # keys of earlier versions


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
    """Suggests the legal key nearest to a mistyped one: first by its last part, then by its whole name.

    Args:
        key: An unknown key in dotted form.

    Returns:
        A sentence.
    """
    choice, section = nearest_key(key), key.partition(".")[0]
    known: Sequence[str] = list(RunConfig.model_fields)
    if section in StudySettings.model_fields and section != key:
        known = [name for name in known_keys(StudySettings) if name.startswith(f"{section}.")] or known
    return f"Did you mean {choice}?" if choice else f"Known keys: {', '.join(known)}."


def nearest_key(key: str) -> str | None:
    """Returns the legal key that is nearest to another one; None if none is near.

    Args:
        key: An unknown key in dotted form; what other tools call a key (ALIASES) is near to it.

    Returns:
        A key in dotted form, or None.
    """
    if alias := ALIASES.get(key.rpartition(".")[2].lower()):
        return alias
    of_runs, of_searches = [*GROUPS, *known_keys()], known_keys(StudySettings)
    searches_first = key.partition(".")[0] in StudySettings.model_fields
    first, second = (of_searches, of_runs) if searches_first else (of_runs, of_searches)
    section = [known for known in of_searches if known.startswith(f"{key.partition('.')[0]}.")]
    if searches_first and (of_section := nearest(key, section, cutoff=0.9)):
        return of_section
    return _nearest_of(first, key) or _nearest_of(second, key)


def _nearest_of(keys: Sequence[str], key: str) -> str | None:
    """Returns the one of some keys that is nearest to another; None if none is near."""
    keys, last = [known for known in keys if known != key], key.rpartition(".")[2].lower()
    by_last_part: dict[str, list[str]] = {}
    for known in keys:
        by_last_part.setdefault(known.rpartition(".")[2], []).append(known)
    if exact := by_last_part.get(last):
        return nearest(key, exact) or exact[0]
    whole = nearest(key, keys, cutoff=0.8)
    part = nearest(last, by_last_part, cutoff=0.8 if len(last) < 5 else 0.7)  # short words are alike by chance
    return whole or (nearest(key, by_last_part[part]) or by_last_part[part][0] if part else None)


def describe_unknown(key: str) -> str:
    """Describes a key that the schema does not have, or not in the kind of group that is chosen.

    Args:
        key: The key in dotted form.

    Returns:
        A message that says what to pass instead, or what is near.
    """
    if key in MOVED:
        return f"{key} must be set as {MOVED[key]}, where it is now, but got {key}. Pass {MOVED[key]}=..."
    group, _, name = key.rpartition(".")
    if kinds := [kind for kind, model in kinds_of(group).items() if name in model.model_fields]:
        return (
            f"{key} must go with {group}={' or '.join(kinds)}, but another one is chosen. "
            f"Pass {group}={kinds[0]}, or leave {key} out."
        )
    return f"Unknown key: {key}. {hint_key(key)}"


def kinds_of(group: str) -> dict[str, type[BaseModel]]:
    """Returns the kinds of a group whose configurations are told apart by their name; {} for any other."""
    field = RunConfig.model_fields.get(group)
    kinds: dict[str, type[BaseModel]] = {}
    for model in models_of(field.annotation) if field else []:
        names = get_args(model.model_fields["name"].annotation) if "name" in model.model_fields else ()
        kinds |= {name: model for name in names if isinstance(name, str)}
    return kinds


def describe_faults(faults: Sequence[ErrorDetails], prefix: tuple[str, ...] = ()) -> str:
    """Describes the faults of a configuration, one a line.

    Args:
        faults: Items of `ValidationError.errors()`.
        prefix: Parts of the key that stand before every key.

    Returns:
        At most MAX_FAULTS lines, the last of which counts the others where there are more.
    """
    faults = _without_consequences(faults)
    lines = [describe_fault({**fault, "loc": (*prefix, *fault["loc"])}) for fault in faults[:MAX_FAULTS]]
    if len(faults) > MAX_FAULTS:
        lines[-1] = f"All values must be legal, but {len(faults) - MAX_FAULTS + 1} more are not. Mend these first."
    return "\n".join(lines)


def _without_consequences(faults: Sequence[ErrorDetails]) -> Sequence[ErrorDetails]:
    """Leaves out other faults of a group whose name is no text, for by its name it is told which keys it may have."""
    unnamed = {fault["loc"][0] for fault in faults if fault["type"] == "string_type" and _is_name(fault)}
    return [fault for fault in faults if unnamed.isdisjoint(fault["loc"][:1]) or _is_name(fault)]


def _is_name(fault: ErrorDetails) -> bool:
    """Tells whether a fault is that of the name of a group; one of a whole configuration has no place."""
    return fault["loc"][-1:] == ("name",) and fault["loc"][0] in RunConfig.model_fields


def describe_fault(fault: ErrorDetails) -> str:
    """Describes one fault in the form above.

    Args:
        fault: An item of `ValidationError.errors()`.

    Returns:
        The message, in one line.
    """
    key = ".".join(str(part) for part in fault["loc"] if not str(part).startswith("["))
    value = shorten(fault["input"])
    context = fault.get("ctx", {})
    if fault["type"] == "union_tag_invalid":
        kinds, given = list(kinds_of(key)), context["tag"].strip("[]")
        own = f"; one of your own is {key}=python {key}.target=MODULE:NAME" if "python" in kinds else ""
        hint = did_you_mean(given, kinds) or f" Leave {key}.name out, for {key}=NAME sets it{own}."
        return f"{key}.name must be {', '.join(kinds[:-1])} or {kinds[-1]}, but got {given!r}.{hint}"
    if fault["type"] == "extra_forbidden":
        return describe_unknown(key)
    if fault["type"] == "missing" or (key == "layout.name" and fault["input"] is None):  # by ~layout
        key = key.removesuffix(".name")
        return f"{key} must be set, but is missing. Add it to the YAML of its group, or pass {key}=..."
    if fault["type"] == "value_error" and not isinstance(context["error"], PatternError):
        said = str(context["error"])
        return said if said.removeprefix("one of ").startswith(f"{key}.") else f"{key}: {said}"
    hint = f" Pass {key}=... or mend its YAML."
    if fault["type"] == "literal_error":
        choices = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        choices += ["auto"] if key in OR_AUTO else []
        hint = did_you_mean(str(fault["input"]), choices) or hint
    if fault["type"] == "string_type" and isinstance(fault["input"], int | float):  # Hydra read it as a number
        hint = f" Pass {key}={as_typed(str(fault['input']))} if it is a text."
    if fault["type"] == "none_required":
        hint = f" Leave {key} out."
    can_be_auto = key in OR_AUTO or (key == "dataset.image_shape" and "[images]" in fault["loc"])
    rule = _rule(fault) + (", or auto" if can_be_auto else "")
    verb = "" if rule.startswith("have ") else "be "
    return f"{key} must {verb}{rule}, but got {value}.{hint}"


def _rule(fault: ErrorDetails) -> str:
    """Returns the words that follow "must be"."""
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    rule = re.sub("^(Input|String|List) should (be )?", "", fault["msg"]).replace("'", "")
    return {"None": "null", "a valid boolean": "true or false"}.get(rule, rule)


def shorten(value: Any) -> str:
    """Returns a value as it is shown in messages; of a large one its beginning, without writing out the whole.

    Args:
        value: The value as the user gave it.

    Returns:
        A text of at most 60 characters.
    """
    text = _SHORT.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


_SHORT = reprlib.Repr()  # an alias in YAML may stand for a value that is too large to write out
_SHORT.maxlevel, _SHORT.maxdict, _SHORT.maxlist = 3, 10, 10
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 70
