"""The command `mgu-run`: trains by default, and dispatches the sub-commands."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import version

from mgu.cli.exit_codes import SUB_COMMANDS, exit_codes
from mgu.cli.streams import prepare_streams
from mgu.cli.train import train


def main() -> None:
    """Carries out the command of this process, and ends it with an exit code (mgu/cli/exit_codes.py)."""
    arguments = sys.argv[1:]
    if os.path.expanduser("~") == "~":  # a user whom the system does not know, as in many containers
        os.environ["HOME"] = "/"  # which container engines set themselves; libraries fail without any
    os.environ["PYTHONSAFEPATH"] = "1"  # launchers' processes are to import nothing from the working directory first
    with exit_codes(arguments):
        prepare_streams(arguments)
        # Each sub-command imports what it needs: a report needs neither Hydra nor torch, and is to be there at once.
        if "--version" in arguments:
            print(f"mgu-run {version('mgu')}")
        elif words := _asks_about(arguments):
            import_module("mgu.cli.keys").main(words)
        elif arguments[:1] and arguments[0] in SUB_COMMANDS:
            import_module(f"mgu.cli.{arguments[0]}").main(arguments[1:])
        else:
            train(arguments)


def _asks_about(arguments: list[str]) -> list[str]:
    """Returns the keys of `mgu-run --help KEY`; [] for any other command line."""
    words = [word for word in arguments if word not in ("--help", "-h")]
    is_asked = len(words) < len(arguments) and words and words[0] not in SUB_COMMANDS
    return words if is_asked and not any("=" in word or word.startswith(("-", "~")) for word in words) else []


if __name__ == "__main__":
    main()
