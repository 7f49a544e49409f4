"""`mgu-run report`: its arguments and where its output goes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mgu.arguments import Parser
from mgu.errors import UserError
from mgu.report.load import load_results
from mgu.report.rank import rank
from mgu.report.render import to_csv, to_json, to_markdown
from mgu.results import default_runs_dir


def main(arguments: list[str]) -> None:
    """Raises UserError where there is nothing to report; files that cannot be read are named on stderr."""
    options = _parse(arguments)
    paths = options.runs or [default_runs_dir()]
    loaded = load_results(paths)
    for line in loaded.skipped:
        print(f"skipped {line}", file=sys.stderr)
    if not loaded.results:
        raise UserError(
            f"there must be a finished run to report, but there is none in {', '.join(map(str, paths))}. "
            "Run `mgu-run +experiment=digits -m` first, or name the folder of your runs."
        )
    tables = rank(loaded.results)
    if options.format == "table":
        from mgu.report.terminal import print_tables  # rich takes longer to import than all the rest

        print_tables(tables)
    elif options.format == "md":
        sys.stdout.write(to_markdown(tables))
    elif options.format == "csv":
        sys.stdout.write(to_csv(tables))
    else:
        sys.stdout.write(to_json(tables, loaded.skipped))


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="mgu-run report", description="Join finished runs into the ranking table of their experiment.")
    parser.add_argument(
        "runs", nargs="*", type=Path, metavar="RUNS", help="folders or result.json files (default: all of runs/)"
    )
    parser.add_argument(
        "--format", choices=("table", "md", "csv", "json"), default="table", help="default: %(default)s"
    )
    return parser.parse_args(arguments)
