"""`mgu-run completion`: scripts that complete sub-commands, their options, keys and the values of keys in a shell.

The scripts hold all words: a shell need not start Python at every press of Tab.
"""

from __future__ import annotations

import re
import shlex
from contextlib import redirect_stdout
from importlib import import_module
from importlib.resources import files
from io import StringIO
from typing import NamedTuple

from mgu.cli.exit_codes import SUB_COMMANDS
from mgu.cli.parser import Parser
from mgu.config.conf import conf_dir
from mgu.config.keys import choices_of_groups, list_keys
from mgu.config.prune import read_defaults

SHELLS = {  # by shell, how its script is switched on
    "bash": 'eval "$(mgu-run completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(mgu-run completion zsh)" in ~/.zshrc, after compinit',
    "fish": "mgu-run completion fish > ~/.config/fish/completions/mgu-run.fish",
}
TAKES_KEYS = ("plan", "check", "config")  # sub-commands whose other arguments are those of a run
FLAGS = ("-m", "--multirun", "--config-dir", "--help", "--version")


class Words(NamedTuple):
    """Holds all that can be completed.

    Attributes:
        options: The options of each sub-command, and the words of which one must be given.
        values: The values of each key; () of a key that is not one of few words.
        choices: The values of the options that take one of few words, by sub-command and option: "report --format".
    """

    options: dict[str, list[str]]
    values: dict[str, tuple[str, ...]]
    choices: dict[str, tuple[str, ...]]


def main(arguments: list[str]) -> None:
    """Prints the script of a shell.

    Args:
        arguments: Arguments of the sub-command.
    """
    parser = Parser(
        prog="mgu-run completion",
        description="Print a script that completes sub-commands, options, keys and their values.",
        epilog="Switched on by: " + "; ".join(SHELLS.values()),
    )
    parser.add_argument("shell", choices=SHELLS)
    shell = parser.parse_args(arguments).shell
    print(script(shell, read_words()), end="")


def read_words() -> Words:
    """Reads the words from the sub-commands' own help, the configuration files and the schema."""
    values: dict[str, tuple[str, ...]] = {key.name: key.choices for key in list_keys(conf_dir())}
    for group, choices in choices_of_groups(conf_dir()).items():
        values[f"+{group}" if group == "experiment" else group] = tuple(choices)
    helps = {command: _help_of(command) for command in SUB_COMMANDS}
    options = {command: _options_in(shown) for command, shown in helps.items()}
    options["prune"] += [f"{key}=" for key in read_defaults(conf_dir() / "prune.yaml")]
    taken = {
        f"{command} {option}": tuple(choices.split(","))
        for command, shown in helps.items()
        for option, choices in re.findall(r"^  (--[a-z][\w-]*) \{([\w,]+)\}", shown, re.MULTILINE)
    }
    return Words(options, values, taken)


def _help_of(command: str) -> str:
    shown = StringIO()
    try:
        with redirect_stdout(shown):
            import_module(f"mgu.cli.{command}").main(["--help"])
    except SystemExit:  # argparse ends like that
        pass
    return shown.getvalue()


def _options_in(shown: str) -> list[str]:
    """Returns the options that a sub-command's help names, and the words of its arguments that are one of few."""
    words = [word for choices in re.findall(r"^  \{([\w,]+)\}", shown, re.MULTILINE) for word in choices.split(",")]
    return sorted({*words, *re.findall(r"(?<![\w-])--[a-z][\w-]*", shown)})


def script(shell: str, words: Words) -> str:
    """Writes the script of a shell.

    Args:
        shell: One of SHELLS.
        words: What is completed.

    Returns:
        Its text.
    """
    if shell == "fish":
        return _fish(words)
    template = (files("mgu.cli") / f"completion.{shell}").read_text(encoding="utf-8")
    options = "\n".join(
        f"    {name}) echo {shlex.quote(' '.join(listed))} ;;" for name, listed in words.options.items()
    )
    values = "\n".join(
        f"    {shlex.quote(key)}) echo {shlex.quote(' '.join(listed))} ;;"
        for key, listed in (words.values | words.choices).items()
        if listed
    )
    filled = {
        "@COMMANDS@": shlex.quote(" ".join(SUB_COMMANDS)),
        "@FLAGS@": shlex.quote(" ".join(FLAGS)),
        "@KEYS@": shlex.quote(" ".join(f"{key}=" for key in words.values)),
        "@TAKES_KEYS@": "|".join(TAKES_KEYS),
        "@OPTIONS@": options,
        "@VALUES@": values,
    }
    return re.sub("@[A-Z_]+@", lambda mark: filled[mark[0]], template)


def _fish(words: Words) -> str:
    """Writes the script of fish, which completes whole words: key=value for keys of few values, else key=."""
    trains = f"not __fish_seen_subcommand_from {' '.join(name for name in SUB_COMMANDS if name not in TAKES_KEYS)}"
    whole = [f"{key}={value}" for key, listed in words.values.items() for value in listed or ("",)]
    lines = [
        f"complete -c mgu-run -n __fish_use_subcommand -f -a {shlex.quote(' '.join(SUB_COMMANDS))}",
        f"complete -c mgu-run -n {shlex.quote(trains)} -f -a {shlex.quote(' '.join([*whole, *FLAGS]))}",
    ]
    lines += [
        f"complete -c mgu-run -n '__fish_seen_subcommand_from {name}' -a {shlex.quote(' '.join(listed))}"
        for name, listed in words.options.items()
        if listed
    ]
    lines += [
        f"complete -c mgu-run -n '__fish_seen_subcommand_from {name.split()[0]}' -l {name.split('--')[1]} -x "
        f"-a {shlex.quote(' '.join(listed))}"
        for name, listed in words.choices.items()
    ]
    return "\n".join(lines) + "\n"
