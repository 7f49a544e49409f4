"""Imports the user's module and calls what its target names. Only a child process, or a command on one run, does so."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any, cast

from mgu.errors import UserError
from mgu.text.nearest import did_you_mean
from mgu.user_code.after_import import note_import
from mgu.user_code.faults import blaming
from mgu.user_code.source import Source, find_source

SIMILAR = 0.75  # of an option to a parameter: one letter of four is another


def find_target(key: str, target: str, folder: str | None, sha256: str) -> Callable[..., Any]:
    """Imports the module of a target and finds what it names there.

    Args:
        key: What the target is called in messages, such as "dataset.target".
        target: An import path, as my_pkg:load.
        folder: Where the module lay when the run was configured.
        sha256: Checksum of the source that the run was configured with.

    Returns:
        A function or a class.

    Raises:
        UserError: The module is not there, has changed, or fails; or it has no such name, or one that cannot be called.
    """
    source = find_source(key, target, folder)
    if sha256 not in (source.sha256, source.earlier_sha256):
        raise UserError(
            f"{key} {target} must be the source that the run was begun with ({sha256[:8]}), but {source.file} or a "
            f"file that it imports has changed ({source.sha256[:8]}). Put it back, or train anew."
        )
    name, _, attributes = target.partition(":")
    with blaming(f"{key} {target} must be importable", "Correct it."):
        named: Any = _import(name, source)
    for attribute in attributes.split("."):
        if not hasattr(named, attribute):
            raise UserError(_describe_no_name(key, target, attribute, named))
        named = getattr(named, attribute)
    if not callable(named):
        raise UserError(f"{key} must name a function or a class, but {target} is {_a(named)}. Name what makes it.")
    return cast("Callable[..., Any]", named)


def call_target(
    key: str, target: str, function: Callable[..., Any], options: Mapping[str, Any], offered: Mapping[str, Any]
) -> Any:
    """Calls what a target names.

    Args:
        key: What the section of the target is called in messages, such as "dataset".
        target: The import path.
        function: What it names.
        options: The user's own arguments.
        offered: Arguments that the function is given if it has parameters of these names.

    Returns:
        What the function returns.

    Raises:
        UserError: The function does not take these options, or needs others.
    """
    return function(**match_arguments(key, target, function, options, offered))


def match_arguments(
    key: str, target: str, function: Callable[..., Any], options: Mapping[str, Any], offered: Mapping[str, Any]
) -> dict[str, Any]:
    """Finds the arguments that `call_target` calls a function with.

    Args:
        key: As for `call_target`, and so the others.
        target: The import path.
        function: What it names.
        options: The user's own arguments.
        offered: Arguments that the function is given if it has parameters of these names.

    Returns:
        The arguments by name.

    Raises:
        UserError: The function does not take these options, or needs others.
    """
    parameters = _parameters(function)
    if parameters is None:  # it is written in C and says nothing about its parameters
        return dict(options)
    named, takes_any = _names(parameters)
    for option in options:
        if option not in named and not takes_any:
            known = f"takes {', '.join(named)}" if named else "takes none"
            raise UserError(
                f"{key}.options must be arguments of {target}, which {known}, but got {option}."
                f"{did_you_mean(option, named) or ' Leave it out.'}"
            )
    given = {name: value for name, value in offered.items() if name in named} | dict(options)
    for name in named:
        if parameters[name].default is inspect.Parameter.empty and name not in given:
            raise UserError(
                f"{key}.options must have what {target} needs, but {name} is missing. Pass {key}.options.{name}=..."
            )
    return given


def describe_swallowed(key: str, target: str, function: Callable[..., Any], options: Mapping[str, Any]) -> list[str]:
    """Describes options that a function takes as it takes any, although they resemble one of its parameters.

    Args:
        key: As for `call_target`, and so the others.
        target: The import path.
        function: What it names.
        options: The user's own arguments.

    Returns:
        A message for each of them; none where the function names all that it takes.
    """
    named, takes_any = _names(_parameters(function) or {})
    if not takes_any:
        return []
    unknown = [option for option in options if option not in named]
    left = [name for name in named if name not in options]
    return [
        f"{key}.options.{option} is no parameter of {target}, which takes any name and may ignore this one.{meant}"
        for option in unknown if (meant := did_you_mean(option, left, cutoff=SIMILAR))
    ]  # fmt: skip


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter] | None:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None


def _names(parameters: Mapping[str, inspect.Parameter]) -> tuple[list[str], bool]:
    """Returns the parameters that can be passed by name, and whether any other name can be, too."""
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    return [name for name, parameter in parameters.items() if parameter.kind in _NAMED], takes_any


def _import(name: str, source: Source) -> Any:
    """Imports a module; its folder stays at the end of the path, where it hides no library: functions import, too."""
    if source.folder and str(source.folder) not in sys.path:
        sys.path.append(str(source.folder))
        invalidate_caches()
    is_new = name not in sys.modules
    module = import_module(name)
    if is_new:
        note_import(name)
    if (file := getattr(module, "__file__", None)) is None or Path(file).resolve() != source.file:
        raise UserError(
            f"the module {name} must have a name of its own, but {source.file} is hidden by {file}. Rename yours."
        )
    return module


def _describe_no_name(key: str, target: str, attribute: str, holder: Any) -> str:
    names = [name for name in dir(holder) if not name.startswith("_") and callable(getattr(holder, name, None))]
    before = target[: target.rindex(attribute)]
    hint = did_you_mean(attribute, names)
    hint = hint.replace("mean ", f"mean {before}", 1) if hint else f" It has: {', '.join(names[:10]) or 'nothing'}."
    return f"{key} must name a function or a class in its module, but {before.rstrip(':.')} has no {attribute}.{hint}"


def _a(value: Any) -> str:
    return f"of type {type(value).__name__}"
