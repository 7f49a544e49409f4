"""`mgu-run diff`: parses its arguments, and prints what differs between two runs or two folders of runs."""

from __future__ import annotations

import sys

from mgu.cli.parser import Parser
from mgu.console.skipped import print_skipped
from mgu.report.diff.compare_sides import diff
from mgu.report.diff.side import read_side


def main(arguments: list[str]) -> None:
    """Compares two runs or two folders of runs.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: A or B is no run and no folder of runs.
    """
    parser = Parser(
        prog="mgu-run diff",
        description="Compare two runs, or two folders of runs whose models have the same names: keys, scores with "
        "tests, size, time, energy, environment and data. Differences are B minus A.",
    )
    parser.add_argument("a", metavar="A", help="a run or a folder of runs, or its name below the runs folder")
    parser.add_argument("b", metavar="B", help="what is compared with it")
    parser.add_argument("--format", choices=("terminal", "md", "json"), default="terminal", help="default: %(default)s")
    options = parser.parse_args(arguments)
    first, second = read_side(options.a), read_side(options.b)
    print_skipped((*first.skipped, *second.skipped), (options.a, options.b))
    from mgu.report.diff.formats import print_diff, to_json, to_markdown

    comparison = diff(first, second)
    if options.format == "terminal":
        print_diff(comparison)
    else:
        sys.stdout.write(to_markdown(comparison) if options.format == "md" else to_json(comparison))
