"""Takes the paths of this machine out of results that are given away: where the data lie is nobody else's business."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from mgu.results.compare.axes import is_outside_identity

# An absolute path amid words: in quotes, where it may have blanks, or up to a character that ends it; also in the
# addresses of files and databases (file:///a/b, sqlite:////a/b), but not in others (https://a/b), nor of the form 1/2.
IN_TEXT = re.compile(
    r"""(?P<start>(?:\b(?:file|sqlite)://)|(?<![\w.~:/\\*)\]}<>-]))"""
    r"""(?:(?<=')(?P<single>/[^'\n]+)(?=')|(?<=")(?P<double>/[^"\n]+)(?=")|(?P<bare>/[^\s'",;:()\[\]{}<>|]+))"""
)


def without_own_paths(result: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a result in which absolute paths are their last names.

    Args:
        result: The members of a result.json.

    Returns:
        A copy, changed where a path cannot change the result of the run: in `error`, and in the keys of `config` that
        are no part of the identity.
    """
    changed = dict(result)
    changed["config"] = _shorten(result["config"])
    if isinstance(error := result.get("error"), str):
        changed["error"] = shorten_paths(error)
    return changed


def identity_paths(config: Mapping[str, Any]) -> Iterator[str]:
    """Yields the absolute paths that are part of the identity of a run, and so have to stay.

    Args:
        config: Its configuration.
    """
    for key, value in _texts(config):
        if PurePath(value).is_absolute() and not is_outside_identity(key):
            yield value


def absolute_paths(values: Any) -> Iterator[str]:
    """Yields the absolute paths in any plain values.

    Args:
        values: A text, or a list or mapping of such values.
    """
    return (text for _, text in _texts(values) if PurePath(text).is_absolute())


def shorten_paths(text: str) -> str:
    """Returns a text, in which absolute paths are their last names.

    Args:
        text: A text with words of any kind.
    """
    return IN_TEXT.sub(lambda match: match["start"] + _last_name(match["single"] or match["double"] or match["bare"]),
                       text)  # fmt: skip


def _texts(values: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yields all texts below a value with their dotted keys; those of a list have its key."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield from _texts(value, f"{key}.{name}".lstrip("."))
    elif isinstance(values, list):
        for value in values:
            yield from _texts(value, key)
    elif isinstance(values, str):
        yield key, values


def _shorten(values: Any, key: str = "") -> Any:
    """Returns a value of a configuration, in which paths that change no result are their last names."""
    if isinstance(values, Mapping):
        return {name: _shorten(value, f"{key}.{name}".lstrip(".")) for name, value in values.items()}
    if isinstance(values, list):
        return [_shorten(value, key) for value in values]
    if not isinstance(values, str) or not is_outside_identity(key):
        return values
    return _last_name(values) if PurePath(values).is_absolute() else shorten_paths(values)


def _last_name(path: str) -> str:
    return PurePath(path).name or "root"
