"""Translates error messages of Hydra and OmegaConf into the form of our own."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from mgu.cli.choices import choices_of
from mgu.cli.wrong_keys import describe_wrong_key
from mgu.config.faults import GROUPS, hint_key
from mgu.errors import how_to_install
from mgu.text.hydra_quoting import quote
from mgu.text.nearest import did_you_mean

LAUNCHERS = {"joblib": "joblib", "submitit_local": "slurm", "submitit_slurm": "slurm", "ray": "ray"}  # to the extras
SWITCHES = {"true": "with", "on": "with", "false": "without", "off": "without", "null": "without"}  # to what is meant
GRAMMAR = ("LexerNoViableAltException", "Error parsing override", "no viable alternative", "mismatched input",
           "extraneous input", "token recognition error", "maximum recursion depth")  # fmt: skip


def translate_error(error: Exception, arguments: Sequence[str] = ()) -> str:
    """Translates an exception that composing the configuration raised.

    Args:
        error: Exception of Hydra, OmegaConf or a library that they call.
        arguments: Arguments of the command line, for some exceptions do not say which of them is wrong.

    Returns:
        A message in the project's form; with the first line of the original one if the case is not known.
    """
    text = (str(error) or str(error.__cause__)).strip()  # Hydra's ConfigCompositionException may be a bare wrapper
    if within := re.search(r"not in struct\s+full_key: (\S+)", str(error.__cause__)):
        # A mapping was given, and Hydra's own message names the mapping, where this is the key in it that is wrong.
        text = re.sub(r"(Could not override ')([^']+)(?=')", lambda match: match[1] + within[1], text)
    for describe in (_describe_missing, describe_wrong_key, _describe_group, _describe_list, _describe_values):
        if message := describe(text, arguments):
            return message
    lines = text.splitlines() or [type(error).__name__]
    told = 2 if lines[0].endswith(":") else 1  # the reason stands below
    reason = " ".join(line.strip() for line in lines[:told]).rstrip(".")
    return f"the command line must fit the configuration, but: {reason}. See mgu-run --help."


def _describe_missing(text: str, arguments: Sequence[str]) -> str | None:
    """Describes a choice that its group does not have, a group that there is not, and no folder of configurations."""
    if match := re.search(r"Additional config directory '(.*)' not found", text):
        return f"--config-dir must be a folder, but {match[1]} is none. Correct the path."
    pattern = r"Could not find '(?P<group>.+)/(?P<choice>[^/]+)'\s+Available options in '.+?':\n(?P<all>(\t.+\n?)+)"
    if match := re.search(pattern, text):
        return _describe_choice(match["group"], match["choice"], match["all"].split())
    if match := re.search(r"Could not find '(?P<group>[^'/]+)/(?P<choice>[^']*)'", text):
        group, choice = match["group"], match["choice"]
        return _describe_no_name(group, choice) if group in GROUPS else f"Unknown group: {group}. {hint_key(group)}"
    return None


def _describe_choice(group: str, choice: str, choices: list[str]) -> str:
    """Describes a choice that a group does not have; a launcher has one only if its package is installed."""
    if group == "hydra/launcher" and choice in LAUNCHERS:
        return f"{group}={choice} must have its package, but that is not installed. {how_to_install(LAUNCHERS[choice])}"
    if group == "hydra/sweeper":
        way_out = " Leave it out: -m sweeps over grids, and search=tpe space=grid -m searches them by Optuna."
    else:
        way_out = f" Add your own as DIR/{group}/{choice}.yaml, and pass --config-dir DIR." if group in GROUPS else ""
    return (
        f"{group} must be one of {', '.join(choices)}, but got {choice!r}."
        f"{_meant(choice, choices) or did_you_mean(choice, choices) or way_out or f' Leave {group} out.'}"
    )


def _describe_group(text: str, arguments: Sequence[str]) -> str | None:
    """Describes a group that was given what YAML reads as a boolean, a number or null; Hydra does not name it."""
    if "Config group override must be a string" not in text:
        return None
    for argument in arguments:
        group, _, value = argument.lstrip("+").partition("=")
        if group in GROUPS and not isinstance(yaml.safe_load(value), str):
            return _describe_no_name(group, value)
    return "a configuration group must be given the name of one of its configurations. See mgu-run --help."


def _describe_list(text: str, arguments: Sequence[str]) -> str | None:
    """Describes a file with a list in the place of a mapping; Hydra does not name the key."""
    if not (match := re.search(r"In '([^']+)': ConfigTypeError[^']*Cannot merge DictConfig with ListConfig", text)):
        return None
    hint = "Write keys and their values instead."
    if match[1].startswith("experiment/"):
        hint = (
            "Grids have names, each a mapping of axes: `grids: {baselines: {norm: 'ln,no_norm'}, unit: {mgu: lean}}`."
        )
    return f"{match[1]}.yaml must have a mapping where the configuration has one, but has a list there. {hint}"


def _describe_no_name(group: str, value: str) -> str:
    choices = choices_of(group)
    hint = _meant(value, choices) or f" Leave {group} out, or name one."
    return f"{group} must be one of {', '.join(choices)}, but got {value or 'nothing'}.{hint}"


def _meant(value: str, choices: Sequence[str]) -> str:
    """Suggests the configuration that a truth value means; an empty text where there is none."""
    meant = SWITCHES.get(value.lower(), "")
    return f" Did you mean {meant}?" if meant in choices else ""


def _describe_values(text: str, arguments: Sequence[str]) -> str | None:
    """Describes several values where one is asked for, and a word that Hydra's grammar does not allow."""
    if text.startswith("Ambiguous value") or "requires --multirun" in text:
        return "one run must have one value of each key, but got several. Add -m to sweep over them."
    if len(arguments) != 1 or not any(sign in text for sign in GRAMMAR):
        return None
    (override,) = arguments
    key, _, value = override.partition("=")
    quoted = f"{key}={quote(value, chr(34))}"  # for Hydra, and then for the shell
    hint = f"Pass {shlex.quote(quoted)} if that is meant as a text." if _is_legal(quoted) else "See mgu-run --help."
    return f"arguments must be key=value in Hydra's grammar, but got {override}. {hint}"


def _is_legal(override: str) -> bool:
    try:
        OverridesParser.create().parse_override(override)
    except (HydraException, RecursionError):
        return False
    return override.isprintable() and len(override) < 200 and not override.endswith('=""')
