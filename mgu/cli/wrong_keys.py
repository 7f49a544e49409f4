"""Messages about keys that the composed configuration does not have, or has already."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mgu.cli.choices import choices_of, choices_with
from mgu.config.faults import describe_unknown, known_keys, nearest_key
from mgu.config.search import StudySettings

_NO_KEY = re.compile(r"Could not override '(?P<key>[^']+)'")
_NOT_DELETED = re.compile(r"Could not delete.*?'(?P<key>[^']+)'")
_IS_THERE = re.compile(
    r"Could not append.*?'(?P<key>[^']+)'|Multiple values for (?P<group>\w+)\."
    r"|^(?P<twice>\w+) appears more than once|not supported: '\+\+(?P<forced>\w+)="
)


def describe_wrong_key(text: str, arguments: Sequence[str]) -> str | None:
    """Describes a key that the configuration does not have, or has already.

    Args:
        text: A message of Hydra.
        arguments: Arguments of the command line.

    Returns:
        A message in the project's form; None where Hydra's is of something else.
    """
    if match := _NO_KEY.search(text):
        return _describe_absent(match["key"], arguments)
    if match := _NOT_DELETED.search(text):
        return _describe_not_deleted(match["key"], text)
    if match := _IS_THERE.search(text):
        key = next(part for part in match.groups() if part)
        return f"{key} must be set without +, for it is there already, but got +{key}. Pass {key}=..."
    return None


def _describe_unknown(key: str, arguments: Sequence[str]) -> str:
    """Returns what is near to an unknown key; of a key that what is chosen does not have, also what has it."""
    section, nearest = key.partition(".")[0], nearest_key(key)
    chosen = next((word.partition("=")[2] for word in reversed(arguments) if word.startswith(f"{section}=")), "")
    if nearest and nearest.startswith(f"{section}.") and chosen in choices_of(section):
        having = choices_with(nearest)
        if having and chosen not in having:
            where = f"is one of {section}={having[0]}, not of {chosen}"
            return f"Unknown key: {key}. The nearest, {nearest}, {where}. Leave it out."
    return describe_unknown(key)


def _describe_absent(key: str, arguments: Sequence[str]) -> str:
    """Returns why a key cannot be set here, and what to pass instead: it is unknown, or not of what is chosen."""
    section = key.partition(".")[0]
    if key.startswith("mgu.processors"):
        return (
            f"{key} must be one of the unit's own processors, but is not. Of mgu=paths, "
            "+mgu.processors.NAME=[...] adds one and ~mgu.processors.NAME takes one away."
        )
    if key == "experiment":
        return "experiment must be added, as +experiment=NAME, for it is a set of changes and has no default."
    if key in known_keys(StudySettings):
        return f"{key} must go with a search, but there is none. Add search=random, and -m."
    if key not in known_keys():
        return _describe_unknown(key, arguments)
    # Legal, but not here: mgu.* without a unit, norm.* with one, norm.eps of no_norm.
    having = choices_with(key)
    is_chosen = section in ("mgu", "norm") and any(word.startswith(f"{section}=") for word in arguments)
    way = f"Pass +{key}=..." if is_chosen or not having else f"Pass {section}={having[0]}."
    if section == "dataset":  # the data are what they are
        way = f"Leave {key} out."
    others = f" ({', '.join(having)})" if having else ""
    return f"{key} must go with a configuration of {section} that sets it{others}, but the chosen one does not. {way}"


def _describe_not_deleted(key: str, text: str) -> str:
    if "does not exist" in text or ("No match" in text and "=" not in key):
        if key in known_keys() or key in known_keys(StudySettings):  # Hydra takes null for what is not there
            return f"~{key} must name a key that has a value here, but {key} has none. Leave ~{key} out."
        return describe_unknown(key)
    name = key.partition("=")[0]
    return f"~{key} must name what is chosen, but names something else. Pass ~{name} alone."
