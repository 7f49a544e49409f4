"""The command `mgu-run`: trains by default, and dispatches the sub-commands."""

from __future__ import annotations

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
