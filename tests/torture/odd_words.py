"""Bad command lines beside the values of fields: keys, groups, and those written down."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from mgu.config.conf import conf_dir
from mgu.config.faults import GROUPS, known_keys
from mgu.config.prune import PruneConfig

KEYS = known_keys()
Line = tuple[str, ...]


def key_lines() -> Iterator[Line]:
    """Yields keys that are nearly those of the schema."""
    for key in KEYS:
        if key in GROUPS or ("." not in key and not key.isidentifier()):
            continue
        for other in (key[:-1], key + "s", key[:-2] + key[-1] + key[-2], key.upper(), f"{key}.more", f"hydra.{key}"):
            if other not in KEYS and not other.startswith("mgu.gate_bias"):
                yield (f"{other}=1",)
                yield (f"+{other}=1",)
    for key in PruneConfig.model_fields:
        yield ("prune", "run", f"{key[:-1]}=1")


def group_lines() -> Iterator[Line]:
    """Yields groups with what is none of their configurations."""
    for group in GROUPS:
        plus = "+" if group == "experiment" else ""
        choices = sorted(file.stem for file in (conf_dir() / group).glob("*.yaml"))
        wrong = [choices[0][:-1], choices[0] + "x", choices[0].upper(), "", "1", "1.5", "true", "null", "[]", "{}",
                 "{a:1}", f"[{choices[0]}]", "../layout/digits_2", "digits_2/..", ".", "/", "*", "\u00fc", "nan",
                 f"'{choices[0]} '", f" {choices[0]}x", f"{choices[0]}.yaml",
                 f"{choices[0]},{choices[-1]}x"]  # fmt: skip
        for choice in wrong:
            if group not in ("norm", "residual") or choice not in ("null",):
                yield (f"{plus}{group}={choice}",)
        yield (f"{group}@other={choices[0]}x",)
        yield (f"~{group}={choices[0]}x",)
        yield (f"{group}/{choices[0]}=1",)
        yield (f"+{group}/x={choices[0]}",)
        yield ("-m", f"{plus}{group}={choices[0]},{choices[0]}x")
        yield ("-m", f"{plus}{group}=glob(none_such*)")


def long_lines() -> Iterator[Line]:
    """Yields words that are too long or too deep."""
    yield ("+" + "a." * 300 + "b=1",)
    yield ("=" * 200,)
    yield ("seed=" + "[" * 400 + "]" * 400,)
    yield ("seed=" + "{a:" * 300 + "1" + "}" * 300,)
    yield ("seed=" + "(" * 400,)
    yield ("seed=" + "9" * 5000,)
    yield ("optimizer.lr=1e" + "9" * 400,)
    yield ("layout=" + "x" * 5000,)
    yield ("report", "a" * 5000)
    yield ("explain", "a" * 5000)
    yield ("prune", "run", "epochs=" + "[" * 5000)
    yield ("prune", "run", "epochs=" + doubling(30))
    yield ("-m", "seed=" + ",".join(map(str, range(10_001))))


def doubling(levels: int) -> str:
    """A value in YAML that doubles with every level, by aliases."""
    parts = ["&a0 [1, 1]", *(f"&a{level} [*a{level - 1}, *a{level - 1}]" for level in range(1, levels))]
    return f"[{', '.join(parts)}]"


def written_lines() -> Iterator[Line]:
    """Yields the command lines of command_lines.txt."""
    for line in Path(__file__).with_suffix(".txt").with_stem("command_lines").read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            yield tuple(_unescape(word) for word in shlex.split(line))


def _unescape(word: str) -> str:
    return re.sub(r"\\(x..|u....|n)", lambda found: found[0].encode().decode("unicode_escape"), word)
