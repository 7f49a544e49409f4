"""The command `mgu-run`: trains by default, and dispatches the sub-commands. The only file that touches hydra.main."""

from __future__ import annotations

import sys
from importlib.metadata import version

from mgu.cli.conf import conf_dir
from mgu.cli.exit_codes import exit_codes
from mgu.cli.plan import plan_arguments
from mgu.cli.train import train


def main() -> None:
    """Entry point. Exit codes: 0 all well, 1 a run failed, 2 bad input, 130 interrupted."""
    with exit_codes():
        if sys.argv[1:] == ["--version"]:
            print(f"mgu-run {version('mgu')}")
        elif sys.argv[1:2] == ["report"]:
            # Before Hydra and torch are imported: a report is to be there at once.
            from mgu.cli.report import main as report

            report(sys.argv[2:])
        elif sys.argv[1:2] == ["explain"]:
            from mgu.cli.explain import main as explain

            explain(sys.argv[2:])
        elif sys.argv[1:2] == ["prune"]:
            from mgu.cli.prune import main as prune

            prune(sys.argv[2:], conf_dir())
        elif sys.argv[1:2] == ["plan"]:
            train(plan_arguments(sys.argv[2:]))
        else:
            train(sys.argv[1:])
