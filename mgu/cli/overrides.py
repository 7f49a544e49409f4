"""The arguments of a command line that trains: flags and overrides, checked as far as each can be by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from hydra.conf import HydraConf
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, Sweep
from hydra.errors import HydraException

from mgu.cli.choices import choices_of
from mgu.cli.exit_codes import SUB_COMMANDS
from mgu.cli.flags import parse_flags
from mgu.cli.hydra_errors import translate_error
from mgu.cli.interpolations import check_interpolations
from mgu.cli.parser import Parser
from mgu.config.faults import GROUPS
from mgu.config.run import RunConfig
from mgu.config.search import SECTIONS
from mgu.errors import UserError
from mgu.text.nearest import did_you_mean

MAX_KEY = 200  # characters; Hydra looks for a file of that name
SWEEP_ONLY = ("hydra.sweeper", "hydra/sweeper", "hydra.launcher", "hydra/launcher", "hydra.sweep")
SHOWING = ("cfg", "info", "help", "hydra_help", "shell_completion")  # flags with which nothing is trained


def sort_arguments(arguments: Sequence[str], own: Parser | None = None) -> list[str]:
    """Checks the arguments of a command line and sorts flags first, for Hydra refuses `-m layout=x` after an override.

    Args:
        arguments: Arguments without the name of the command.
        own: Parser of a sub-command, whose flags are suggested for a mistyped one.

    Returns:
        The same arguments, flags before overrides.

    Raises:
        UserError: One is no flag and no override, or cannot stand beside the others.
    """
    options = parse_flags(arguments, own)
    overrides: list[str] = options.overrides
    is_sweep = options.multirun or "hydra.mode=MULTIRUN" in overrides
    shows = any(getattr(options, flag) for flag in SHOWING)
    if options.experimental_rerun:
        raise UserError(
            "a run must be trained from its configuration, but got --experimental-rerun, which executes a file. "
            "Leave it out."
        )
    if (options.package or options.resolve) and not options.cfg:
        raise UserError("--package and --resolve must go with --cfg, but that is missing. Add --cfg job.")
    if options.package and options.package.split(".")[0] not in (*RunConfig.model_fields, "hydra", "_global_"):
        hint = did_you_mean(options.package, GROUPS) or " Leave it out."
        raise UserError(f"--package must be a part of the configuration, but got {options.package}.{hint}")
    if not options.shell_completion:
        check_overrides(overrides)
        if not (is_sweep or shows):
            _check_single(overrides)
    rest = list(arguments)
    for override in overrides:
        rest.remove(override)
    overrides = [as_option(override) for override in overrides]
    return rest + ([_as_axis(override) for override in overrides] if is_sweep and not shows else overrides)


def as_option(override: str) -> str:
    """Writes an argument of the user's own code so that Hydra adds it: only that code knows which there are.

    Args:
        override: An override.

    Returns:
        ++dataset.options.k=v for dataset.options.k=v, and likewise for dataset.options={k:v} and in other groups; any
        other one as it is.
    """
    group, _, rest = override.partition(".")
    return f"++{override}" if group in GROUPS and rest.startswith(("options.", "options=")) else override


def _as_axis(override: str) -> str:
    """Writes a value inside a group as an axis of one value.

    Hydra would look for the key in the configuration that the sweep starts from, where the grids are not applied yet:
    mgu.gate=channel has no unit there, and budget.trials=6 no search if several are swept over.
    """
    key, _, value = override.partition("=")
    axis = f"{key}=choice({value})"
    if "." not in key or key.lstrip("+").partition(".")[0] not in (*GROUPS, *SECTIONS) or key.startswith("~"):
        return override
    try:
        is_plain = not OverridesParser.create().parse_override(override).is_sweep_override()
        return axis if is_plain and OverridesParser.create().parse_override(axis).is_choice_sweep() else override
    except HydraException:
        return override


def check_overrides(overrides: Sequence[str]) -> None:
    """Checks what can be known of overrides before a configuration is composed.

    Args:
        overrides: Those of the command line.

    Raises:
        UserError: One is no override, two are of the same key, or a group is given what is no name.
    """
    check_interpolations(list(overrides))
    given: dict[str, str] = {}
    for override in overrides:
        parsed = _parse(override)
        key = str(parsed.key_or_group)
        if key in given:
            raise UserError(
                f"{key} must be given once, but got {given[key]} and {override}. Leave one of them out, or sweep over "
                f"several values, as in: -m {key}=a,b"
            )
        given[key] = override
        if parsed.is_add() and key.startswith("hydra.") and key.split(".")[1] not in _HYDRA_KEYS:
            raise UserError(f"Unknown key: {key}.{did_you_mean(key, _HYDRA_KEYS.values()) or ' Leave it out.'}")
        for value in _values(parsed):
            _check_value(parsed, key, value, override)


_HYDRA_KEYS = {field.name: f"hydra.{field.name}" for field in fields(HydraConf)}


def _parse(override: str) -> Override:
    """Parses an argument as an override; raises UserError for what is none, such as a sub-command that is not first."""
    if "=" not in override and not override.startswith("~"):
        hint = did_you_mean(override, SUB_COMMANDS, cutoff=0.76) or " See mgu-run --help."
        if override in SUB_COMMANDS:
            group = f", or pass {override}=NAME" if override in GROUPS else ""
            hint = f" Put it first: mgu-run {override} ...{group}"
        raise UserError(
            f"arguments must be key=value, or first a sub-command ({', '.join(SUB_COMMANDS)}), but got {override!r}."
            f"{hint}"
        )
    key = override.partition("=")[0]
    if not key.lstrip("+~") or len(key) > MAX_KEY:
        rule = f"key=value with a key of 1 to {MAX_KEY} characters"
        raise UserError(f"arguments must be {rule}, but got {override[:60]!r}. See mgu-run --help.")
    try:
        return OverridesParser.create().parse_override(override)
    except (HydraException, RecursionError, ValueError) as error:  # of too many brackets, of too many digits
        raise UserError(translate_error(error, [override])) from None


def _values(parsed: Override) -> list[Any]:
    """Returns the values that are written out; those of a range or a glob are numbers or names anyway."""
    value = parsed.value()
    if isinstance(value, ChoiceSweep):
        return [Override._convert_value(item) for item in value.list]
    return [] if parsed.is_sweep_override() else [value]


def _check_value(parsed: Override, key: str, value: Any, override: str) -> None:
    """Checks one value: lists and empty sections have a meaning to Hydra that nobody means here."""
    if isinstance(value, Sweep):
        raise UserError(
            f"{key} must be swept over one range or several values, but got {override}. Write all values out."
        )
    if value == {}:
        raise UserError(
            f"{key} must be given what changes something, but {{}} is merged into what is there. Leave it out."
        )
    if key not in GROUPS or parsed.is_delete():
        return
    if isinstance(value, list):
        raise UserError(f"{key} must be one of {', '.join(choices_of(key))}, but got the list {override}. Name one.")
    if isinstance(value, str) and {".", ".."} & set(value.split("/")):
        raise UserError(
            f"{key} must be the name of one of its configurations, but got the path {value!r}. Pass --config-dir DIR "
            f"for those in DIR/{key}/."
        )
    if isinstance(value, str) and value.endswith((".yaml", ".yml")):
        raise UserError(
            f"{key} must be given without the end of its file's name, but got {value!r}. "
            f"Did you mean {value.rpartition('.')[0]}?"
        )


def _check_single(overrides: Sequence[str]) -> None:
    """Refuses settings of a sweep where none is asked for, for they would do nothing."""
    for override in overrides:
        if override.lstrip("+~").startswith(SWEEP_ONLY):
            raise UserError(f"{override} must go with a sweep, but one run is asked for. Add -m.")
