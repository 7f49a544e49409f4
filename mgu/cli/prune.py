"""`mgu-run prune`: parses its arguments, prunes a unit and prints the outcome."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from mgu.cli.parser import Parser
from mgu.config.conf import conf_dir
from mgu.config.describe import describe_values
from mgu.config.prune import PruneConfig, read_defaults, read_settings
from mgu.console.text import print_line
from mgu.errors import UserError
from mgu.results.on_disk.files import make_folder
from mgu.text.printable import printable


def main(arguments: list[str]) -> None:
    """Prunes a trained unit.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: RUN or a value is not as it must be; nothing was trained then.
    """
    defaults = conf_dir() / "prune.yaml"
    options = _parse(arguments, read_defaults(defaults))
    config = read_settings(defaults, options.values)
    # torch takes seconds to import, which a mistake in the arguments need not wait for.
    from mgu.export.network import check_exportable
    from mgu.factory.trained import load_trained
    from mgu.prune.pipeline import run_pruning
    from mgu.prune.terminal import print_outcome
    from mgu.results.on_disk.folder import lock_run

    if options.export:
        check_exportable(options.export)
    trained = load_trained(options.run, device="auto")  # wherever it was trained
    trained.resolved.set_up_torch()
    make_folder(trained.folder, "RUN", "What is pruned is written there: see to its permissions, or prune a copy.")
    with lock_run(trained.folder) as is_ours:
        if not is_ours:
            raise UserError(
                f"RUN must not be in use, but another process holds {trained.folder}. Wait until that has ended."
            )
        outcome, folder = run_pruning(
            trained, config, options.export, lambda line: print(printable(line), file=sys.stderr, flush=True)
        )
    print_outcome(outcome)
    print_line(f"files in {folder}")


def _parse(arguments: list[str], values: dict[str, Any]) -> argparse.Namespace:
    parser = Parser(
        prog="mgu-run prune",
        description="Replace a trained unit's gates by constants, down to a plain network; convert and measure that.",
        epilog=f"Values that can be set, as in mgu-run prune RUN epochs=20:\n\n{describe_values(values, PruneConfig)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="RUN", help="a unit's run: its folder, or its name below the runs folder")
    # Without a default, argparse says of "*", too, that it is required.
    parser.add_argument("values", nargs="*", default=[], metavar="key=value", help="how to prune")
    parser.add_argument("--export", choices=("torch", "onnx"), help="write a program of torch.export, or ONNX, too")
    return parser.parse_intermixed_args(arguments)
