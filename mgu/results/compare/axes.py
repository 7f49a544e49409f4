"""Axes: the keys in which the runs of an experiment differ, and names that tell such runs apart.

The name of a run tells its layout, normalisation, residual, unit and seed. Runs that differ in anything else that can
change a result, such as optimizer.lr, have one name, and only the hashes of their folders differ. People read the names
that are made here, such as digits_2-bn_pre-lr0.001-s0; folders and identities stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from mgu.results.schema.replicate import replicate_of
from mgu.results.schema.stored_config import keys_outside_identity, parse_config

IN_NAME = ("layout", "norm", "residual", "mgu")  # sections whose usual differences the name of a run tells
START = "training.start_sha256"  # which the name of a run tells, too
LEARNING = "learning.name"  # likewise
SCORE = "training.score"
DIGESTS = ("dataset.sha256", "dataset.fingerprint")
NEVER = ("seed", "experiment_name", "dataset.fold")  # a fold is a replicate, as a seed is
# The unit of conf/mgu/lean.yaml as UnitConfig.name describes it. A test compares the two.
LEAN = "equations-gate-channel-bypass-padded-norm_or_none+5"
MOST_CHARACTERS = 24  # of a value in a name
LACKING = "lacking"

Config = Mapping[str, Any]
Flat = dict[str, Any]


class Axes(NamedTuple):
    """Holds the keys in which runs differ, and names runs by them.

    Attributes:
        keys: Keys of the configuration in dotted form, in its order.
    """

    keys: tuple[str, ...] = ()

    def values(self, config: Config) -> dict[str, Any]:
        """Returns the values of a run.

        Args:
            config: Configuration of the run, nested as in result.json.

        Returns:
            The value of each key; None where the run has no such key, too.
        """
        flat = flatten(config)
        return {key: flat.get(key) for key in self.keys}

    def name(self, name: str, seed: int, config: Config) -> str:
        """Names a run, or a model over its seeds, for people.

        Args:
            name: The run's own name, with or without its seed.
            seed: Its seed.
            config: Its configuration.

        Returns:
            The name with the values of all axes before the fold and the seed.
        """
        end = replicate_of(seed, config).suffix
        stem = call_lean(name.removesuffix(end))
        flat, short = flatten(config), shorten_keys(self.keys)
        if SCORE in self.keys and flat.get(SCORE) is None:  # the usual one of the task
            flat[SCORE] = parsed.score.metric if (parsed := parse_config(config)) else "usual"
        parts = [_part(key, short[key], flat[key]) for key in self.keys if key in flat and key != LEARNING]
        return "-".join([stem, *parts]) + (end if name.endswith(end) else "")


NO_AXES = Axes()


def find_axes(runs: Sequence[tuple[str, Config]]) -> Axes:
    """Finds the keys in which runs differ.

    A key below layout, norm, residual or mgu counts only where it differs among runs of one name; a key beside a `name`
    in its section, such as dataset.split, only where it differs among runs in which that name is the same.

    Args:
        runs: The name without its seed, and the configuration, of each run.

    Returns:
        The axes. A key that cannot change a result, such as runs_dir, is none.
    """
    written = [(name, flatten(config)) for name, config in runs]
    if not (differing := _differing(written, LACKING)):  # the usual case, which need not read the schema
        return Axes()
    complete = [(name, complete_values(config)) for name, config in runs]
    keys = [key for key in _differing(complete) if not is_outside_identity(key)]
    keys = [key for key in keys if not _is_told_by_target(key, keys, complete)]
    # A digest tells nobody anything: the path, or what else chose these data, does.
    chosen = [key for key in differing if key.startswith("dataset.") and key not in (*DIGESTS, *keys)]
    if "dataset.sha256" in keys and chosen:
        index = keys.index("dataset.sha256")
        keys[index : index + 1] = chosen
    return Axes(tuple(keys))


def call_lean(name: str) -> str:
    """Calls the unit of conf/mgu/lean.yaml `lean` in the name of a run.

    Args:
        name: Name of a run, with or without its seed.

    Returns:
        The name, the same for any other unit.
    """
    return name.replace(f"-mgu-{LEAN}", "-mgu-lean")


def flatten(config: Config, prefix: str = "") -> Flat:
    """Returns a configuration with the keys of nested sections joined by dots.

    Args:
        config: The configuration, nested as in result.json, or a section of it.
        prefix: What stands before every key.

    Returns:
        The values by dotted key, in the order of the configuration.
    """
    flat: Flat = {}
    for key, value in config.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def write_value(value: Any) -> str:
    """Writes a value of a configuration as the command line takes it; equal numbers are written alike.

    Args:
        value: The value: plain, or a list of such.

    Returns:
        The text, without quotation marks.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e6:
            return f"{value:.0f}"
        return next((text for text in (f"{value:g}", repr(value)) if float(text) == value), "nan")
    return f"[{','.join(map(write_value, value))}]" if isinstance(value, list) else str(value)


def shorten_keys(keys: Sequence[str]) -> dict[str, str]:
    """Shortens keys to their last part, and as many parts as it takes to tell each from the others.

    Args:
        keys: Keys in dotted form.

    Returns:
        The short form of each key, by the key.
    """
    length = dict.fromkeys(keys, 1)
    while True:
        short = {key: ".".join(key.split(".")[-parts:]) for key, parts in length.items()}
        counts = Counter(short.values())
        longer = {key: parts + 1 for key, parts in length.items() if counts[short[key]] > 1 and short[key] != key}
        if not longer:
            return short
        length |= longer


def _part(key: str, short: str, value: Any) -> str:
    """Returns the part of a name that tells one value, such as lr0.001, engine-eager or beta1=0.9."""
    text = "none" if value is None else write_value(value)
    if isinstance(value, str):
        text = text[:8] if re.fullmatch("[0-9a-f]{64}", text) else text
        text = PurePath(text).stem if key.endswith(".path") else text
    if isinstance(value, list):
        text = "+".join(map(write_value, value)) or "none"
    if len(text) > MOST_CHARACTERS:
        text = f"{text[: MOST_CHARACTERS - 3]}..."
    if key.endswith((".name", ".target")):  # the import path of the user's own code is a name, too
        return text
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number:
        return f"{short}-{text}"
    return f"{short}={text}" if short[-1:].isdigit() else f"{short}{text}"


def _differing(runs: Sequence[tuple[str, Flat]], lacking: str | None = None) -> list[str]:
    keys = dict.fromkeys(key for _, flat in runs for key in flat if key not in NEVER)
    return [key for key in keys if _differs(key, runs, keys, lacking)]


def _is_told_by_target(key: str, keys: Sequence[str], runs: Sequence[tuple[str, Flat]]) -> bool:
    """Tells whether a key is the digest of code of the user's whose import path tells as much."""
    target = f"{key.removesuffix('.sha256')}.target"
    if not key.endswith(".sha256") or target not in keys:
        return False
    pairs = {(flat.get(target), flat.get(key)) for _, flat in runs}
    return len(pairs) == len({path for path, _ in pairs})


def _differs(key: str, runs: Sequence[tuple[str, Flat]], keys: Mapping[str, None], lacking: str | None) -> bool:
    """Tells whether runs differ in a key that should be alike.

    Runs that lack the key, being older, have the value `lacking`; if that is None, they count for nothing.
    """
    section = key.partition(".")[0]
    named = f"{section}.name"
    seen: dict[Any, str] = {}
    for name, flat in runs:
        if key in flat:
            value = flat[key]
        elif section in flat or ".options." in key:  # the section is null, or the user's code has its own default
            value = None
        elif lacking:
            value = lacking
        else:
            continue
        group: Any = ""
        if section in IN_NAME or key == START:
            group = name
        elif key != named and named in keys:
            group = flat.get(named)
        if seen.setdefault(group, text := write_value(value)) != text:
            return True
    return False


def complete_values(config: Config) -> Flat:
    """Returns the values of a configuration by dotted key; those that it lacks, being older, are today's defaults.

    Args:
        config: The configuration, nested as in result.json.

    Returns:
        All values; only those that it has where it is not valid today.
    """
    parsed = parse_config(config)
    return (flatten(parsed.model_dump(mode="json")) if parsed else {}) | flatten(config)


def is_outside_identity(key: str) -> bool:
    """Tells whether a key of the configuration, or its section, cannot change the result of a run.

    Args:
        key: The key in dotted form.

    Returns:
        Whether it, or a section that it is in, is left out of the identity.
    """
    parts = key.split(".")
    return any(".".join(parts[:number]) in keys_outside_identity() for number in range(1, len(parts) + 1))
