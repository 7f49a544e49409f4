"""Translates error messages of Hydra and OmegaConf into the form of our own."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from mgu.config.faults import GROUPS, hint_key, known_keys
from mgu.errors import did_you_mean, how_to_install

LAUNCHERS = {"joblib": "joblib", "submitit_local": "slurm", "submitit_slurm": "slurm", "ray": "ray"}  # to the extras


def translate_error(error: Exception, arguments: Sequence[str] = ()) -> str:
    """Translates an exception that composing the configuration raised.

    Args:
        error: Exception of Hydra, OmegaConf or a library that they call.
        arguments: Arguments of the command line, for some exceptions do not say which of them is wrong.

    Returns:
        A message in the project's form; with the first line of the original one if the case is not known.
    """
    text = str(error) or str(error.__cause__)  # Hydra's ConfigCompositionException may be a bare wrapper
    if match := re.search(
        r"Could not find '(?P<group>.+)/(?P<choice>[^/]+)'\s+Available options in '.+?':\n(?P<all>(\t.+\n?)+)", text
    ):
        return _describe_choice(match["group"], match["choice"], match["all"].split())
    if match := re.search(r"Could not find '(?P<group>[^'/]+)/(?P<choice>[^']+)'", text):
        group, choice = match["group"], match["choice"]
        return f"{group} must be a configuration group, but got +{group}={choice}. {hint_key(group)}"
    if match := re.search(r"Could not override '(?P<key>[^']+)'", text):
        return _describe_key(match["key"])
    if "Config group override must be a string" in text:
        return _describe_group(arguments)
    if text.startswith("Ambiguous value"):
        return "one run must have one value of each key, but got several. Add -m to sweep over them."
    reason = (text.splitlines() or [type(error).__name__])[0]
    return f"the command line must fit the configuration, but: {reason}. See mgu-run --help."


def _describe_choice(group: str, choice: str, choices: list[str]) -> str:
    """Describes a choice that a group does not have; a launcher has one only if its package is installed."""
    if group == "hydra/launcher" and choice in LAUNCHERS:
        return f"{group}={choice} must have its package, but that is not installed. {how_to_install(LAUNCHERS[choice])}"
    return (
        f"{group} must be one of {', '.join(choices)}, but got {choice!r}."
        f"{did_you_mean(choice, choices) or f' Add your own as {group}/NAME.yaml.'}"
    )


def _describe_group(arguments: Sequence[str]) -> str:
    """Describes a group that was given what YAML reads as a boolean, a number or null; Hydra does not name it."""
    for argument in arguments:
        group, _, value = argument.lstrip("+").partition("=")
        if group in GROUPS and not isinstance(yaml.safe_load(value), str):
            return f"{group} must be one of its configurations (mgu-run --help lists them), but got {value}."
    return "a configuration group must be given the name of one of its configurations. See mgu-run --help."


def _describe_key(key: str) -> str:
    """Describes a key that the configuration does not have."""
    section = key.partition(".")[0]
    if key.startswith("mgu.processors"):
        return (
            f"{key} must be one of the unit's own processors, but is not. Of mgu=paths, "
            "+mgu.processors.NAME=[...] adds one and ~mgu.processors.NAME takes one away."
        )
    if key == "experiment":
        return "experiment must be added, as +experiment=NAME, for it is a set of changes and has no default."
    if key in known_keys():  # legal, but not here: mgu.* without a unit, norm.* with one, norm.eps of no_norm
        return (
            f"{key} must go with a {section} that has it, but the one chosen here does not. Choose with {section}=..."
        )
    return f"{key} must be a known key. {hint_key(key)}"
