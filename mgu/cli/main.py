"""The command `mgu-run`: trains by default, and dispatches the sub-commands."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version

from mgu.cli.conf import conf_dir
from mgu.cli.exit_codes import exit_codes
from mgu.cli.plan import plan_arguments
from mgu.cli.streams import prepare_streams
from mgu.cli.train import train


def main() -> None:
    """Runs the command with the arguments of this process, and ends it with an exit code (mgu/cli/exit_codes.py)."""
    arguments = sys.argv[1:]
    if os.path.expanduser("~") == "~":  # a user whom the system does not know, as in many containers
        os.environ["HOME"] = "/"  # which container engines set themselves; libraries fail without any
    os.environ["PYTHONSAFEPATH"] = "1"  # launchers' processes are to import nothing from the working directory first
    with exit_codes(arguments):
        prepare_streams(arguments)
        # Each sub-command imports what it needs: a report needs neither Hydra nor torch, and is to be there at once.
        match arguments:
            case ["--version"]:
                print(f"mgu-run {version('mgu')}")
            case ["report", *rest]:
                from mgu.cli.report import main as report

                report(rest)
            case ["explain", *rest]:
                from mgu.cli.explain import main as explain

                explain(rest)
            case ["prune", *rest]:
                from mgu.cli.prune import main as prune

                prune(rest, conf_dir())
            case ["plan", *rest]:
                train(plan_arguments(rest))
            case _:
                train(arguments)


if __name__ == "__main__":
    main()
