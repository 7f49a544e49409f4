"""`mgu-run card`: parses its arguments, and prints the model card of a run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mgu.cli.output_file import check_output, check_suffix
from mgu.cli.parser import Parser


def main(arguments: list[str]) -> None:
    """Writes the model card of a finished run.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: RUN is no finished run, or the file cannot be written.
    """
    options = _parse(arguments)
    if options.output:
        check_suffix(options.output, "md")
    file = check_output(options.output) if options.output else None
    from mgu.report.card.card import to_card
    from mgu.results.on_disk.files import write_text
    from mgu.results.on_disk.finished import read_finished
    from mgu.results.runs.find import find_run

    folder = find_run(options.run)
    text = to_card(folder, read_finished(folder))
    if file is None:
        sys.stdout.write(text)
    else:
        write_text(file, text)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="mgu-run card",
        description="Write a model card in Markdown: metrics with an interval, data, seed, cost by part and method, "
        "size. Every number is of the run's own files; intended use is left to the author.",
    )
    parser.add_argument("run", metavar="RUN", help="a run's folder, or its name below the runs folder")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: stdout")
    return parser.parse_args(arguments)
