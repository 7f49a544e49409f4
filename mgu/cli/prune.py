"""`mgu-run prune`: its arguments, and what it prints."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mgu.cli.parser import Parser
from mgu.config.prune import read_settings
from mgu.errors import UserError


def main(arguments: list[str], conf_dir: Path) -> None:
    """Raises UserError where RUN or a value is not as it must be, before anything is trained."""
    options = _parse(arguments)
    config = read_settings(conf_dir / "prune.yaml", options.values)
    # Only now what imports torch: a mistake is to be told at once.
    from mgu.factory.trained import load_trained
    from mgu.prune.export import check_exportable
    from mgu.prune.pipeline import run_pruning
    from mgu.prune.terminal import print_outcome
    from mgu.results.folder import hold

    if options.export:
        check_exportable(options.export)
    trained = load_trained(options.run, device="auto")  # wherever it was trained
    trained.experiment.set_up_torch()
    with hold(trained.folder) as is_ours:
        if not is_ours:
            raise UserError(
                f"RUN must be at rest, but another process is at {trained.folder}. Wait until that is over."
            )
        outcome, folder = run_pruning(
            trained, config, options.export, lambda line: print(line, file=sys.stderr, flush=True)
        )
    print_outcome(outcome)
    print(f"files in {folder}")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="mgu-run prune",
        description="Replace a trained unit's gates by constants, down to a plain network; convert and measure that.",
        epilog="Values that can be set, with their defaults, are in conf/prune.yaml: mgu-run prune RUN epochs=20",
    )
    parser.add_argument("run", metavar="RUN", help="a unit's run: its folder, or its name below the runs folder")
    parser.add_argument("values", nargs="*", metavar="key=value", help="how to prune")
    parser.add_argument("--export", choices=("torch", "onnx"), help="write a program of torch.export, or ONNX, too")
    return parser.parse_args(arguments)
