"""`mgu-run keys`, and `mgu-run --help KEY`: what keys mean, what they may be, and what they are by themselves."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence

from mgu.cli.parser import Parser
from mgu.config.conf import conf_dir
from mgu.config.faults import hint_key, nearest_key
from mgu.config.keys import Key, choices_of_groups, list_keys, list_search_keys
from mgu.config.run import RunConfig
from mgu.console.text import count, print_line
from mgu.errors import UserError

MOST_DEFAULTS = 6  # choices of a group that are told apart
NOT_OF_RUNS = {  # what the groups are that change several keys or none of a run's
    "experiment": "Sets of changes with their grids, chosen as +experiment=NAME, often with -m.",
    "search": "Strategies that search in place of a sweep over a grid, chosen as search=NAME with -m; budget.*, "
    "warm_start.* and confirm.* go with them.",
    "space": "What is searched, chosen as space=NAME with search=NAME.",
}


def main(arguments: list[str]) -> None:
    """Prints the groups, or what is known of some keys.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: Nothing has that name.
    """
    parser = Parser(
        prog="mgu-run keys",
        description="Say what keys mean, which values they may have, and which they have by themselves.",
        epilog="mgu-run --help KEY does the same.",
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="KEY",
        help="a key (optimizer.lr), its end (lr), a group (optimizer) or a word of descriptions; none: an overview",
    )
    parser.add_argument("--all", action="store_true", help="every key of every group")
    options = parser.parse_args(arguments)
    keys = [*list_keys(conf_dir()), *list_search_keys()]
    if not options.words:
        for line in _describe_all(keys) if options.all else _overview(keys):
            print_line(line)
        return
    for word in options.words:
        for line in _describe(_find(word.rstrip("="), keys)):
            print_line(line)


def _find(word: str, keys: Sequence[Key]) -> list[Key]:
    """Finds what a word stands for: a key, a group, the last part of keys, or a word of descriptions."""
    name = word.lower()
    for matches in (
        [key for key in keys if key.name == name],
        [key for key in keys if key.name.startswith(f"{name}.")],
        [key for key in keys if key.name.rpartition(".")[2] == name],
        [key for key in keys if name in key.description.lower() or name in key.name],
    ):
        if matches:
            return matches
    near = nearest_key(name)
    if near and (matches := [key for key in keys if near in (key.name, key.group)]):
        return matches
    raise UserError(f"KEY must be a key, a group or a word of their descriptions, but got {word}. {hint_key(word)}")


def _overview(keys: Sequence[Key]) -> Iterator[str]:
    """Yields the lines that list the keys without a group, and the groups with their choices."""
    yield "Keys without a group:"
    for key in keys:
        if not key.group:
            yield from _wrapped(f"{key.name}={next(iter(key.defaults.values()))}", key.description)
    yield ""
    yield "Groups, chosen as group=choice; the first choice is the default:"
    for group, choices in choices_of_groups(conf_dir()).items():
        num_keys = sum(key.group == group for key in keys)
        number = f" {count(num_keys, 'key')}." if num_keys else ""
        field = RunConfig.model_fields.get(group)
        about = field.description if field else NOT_OF_RUNS[group]
        yield from _wrapped(group, f"{about}{number} {', '.join(choices)}")
    yield ""
    yield "mgu-run keys GROUP lists the keys of a group, and mgu-run keys KEY says what one may be."


def _describe_all(keys: Sequence[Key]) -> Iterator[str]:
    for key in keys:
        yield from _describe([key])


def _describe(keys: Sequence[Key]) -> Iterator[str]:
    for key in keys:
        yield key.name
        yield from _filled(key.description, "    ")
        yield from _filled(f"{key.values}; {_default(key)}", "    ")


def _default(key: Key) -> str:
    """Describes what a key is by itself, and with which choices of its group it can be set."""
    values = dict.fromkeys(key.defaults.values())
    choices = list(key.defaults)
    if choices == [""]:
        return f"default {next(iter(values))}"
    with_ = f"with {key.group}={'|'.join(choices)}"
    if len(values) == 1:
        return f"default {next(iter(values))}, {with_}"
    told = [f"{value} ({'|'.join(name for name in choices if key.defaults[name] == value)})" for value in values]
    more = [f"{len(told) - MOST_DEFAULTS} more"] if len(told) > MOST_DEFAULTS else []
    return f"default {', '.join([*told[:MOST_DEFAULTS], *more])}"


def _wrapped(title: str, text: str) -> Iterator[str]:
    yield from _filled(f"{title:<24}{text}", "  ", " " * 26)


def _filled(text: str, indent: str, later: str | None = None) -> list[str]:
    width = min(shutil.get_terminal_size((100, 24)).columns, 120)
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=later or indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
