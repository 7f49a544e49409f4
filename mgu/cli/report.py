"""`mgu-run report`: parses its arguments, and prints tables or writes figures."""

from __future__ import annotations

import argparse
import gc
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mgu.cli.parser import Parser
from mgu.console.skipped import name_first, print_skipped
from mgu.console.text import count, print_line
from mgu.errors import UserError
from mgu.report.analysis import Analysis
from mgu.report.classes import all_classes_of, describe_untold
from mgu.report.contrasts.question import NO_QUESTION, Question
from mgu.report.contrasts.resolve import resolve, resolve_default
from mgu.report.contrasts.unanswered import check_answered
from mgu.report.formats.csv import classes_to_csv, searches_to_csv, to_csv
from mgu.report.formats.json import to_json
from mgu.report.formats.latex import to_tex
from mgu.report.formats.markdown import to_markdown
from mgu.report.formats.measured import MEASURED_FORMATS
from mgu.report.ranking.rank import Table, join, rank
from mgu.report.searches.beside import add_measured
from mgu.report.searches.measured import MeasuredSearches, load_measured
from mgu.report.stats.verdict import MARGIN
from mgu.results.on_disk.files import describe_runs_dir, find_folders
from mgu.results.runs.load import load_results
from mgu.results.runs.searches import find_searches
from mgu.text.printable import printable


def main(arguments: list[str]) -> None:
    """Reports finished runs; files that cannot be read are named on stderr.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: There is nothing to report, or an argument is wrong.
    """
    options = _parse(arguments)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's threads cost more than such small products gain
    gc.disable()  # ten thousand results are no garbage until the end
    try:
        _report(options)
    finally:
        gc.enable()


def _report(options: argparse.Namespace) -> None:
    """Loads the runs that are asked for, and writes their report, its pictures or its searches."""
    paths = find_folders(options.runs)
    loaded = load_results(paths)
    searches = [*find_searches(paths), *loaded.packed_searches]
    if not loaded.runs and (measured := load_measured(searches)):
        return _report_measured(measured, options)
    if not loaded.runs:
        none = f"there is none in {', '.join(map(str, paths))}"
        reasons = f" ({name_first(loaded.skipped)})" if loaded.skipped else ""
        raise UserError(
            f"there must be a finished run to report, but {none}{reasons}. {describe_runs_dir()} "
            "Run `mgu-run +experiment=digits -m` first, or name the folder of your runs."
        )
    print_skipped(loaded.skipped, options.runs)
    whole = [run for run in loaded.runs if not run.result.is_stopped]
    if stopped := len(loaded.runs) - len(whole):
        text = f"left out {count(stopped, 'run')} that training.stop_after stopped"
        if not whole:
            text = "training.stop_after stopped all of these runs before their end: they are ranked as they are"
        print(text, file=sys.stderr)
    analyses, elsewhere = add_measured(_analyse(rank(whole or loaded.runs), options), searches)
    if options.searches:
        sys.stdout.write(_searches(analyses))
    elif options.classes and options.format == "csv":
        sys.stdout.write(classes_to_csv(analyses))
    elif options.pictures:
        _draw(analyses, options.pictures)
    else:
        _write(options.format or "table", analyses, loaded.skipped, elsewhere)


def _write(form: str, analyses: list[Analysis], skipped: list[str], elsewhere: Sequence[MeasuredSearches]) -> None:
    """Writes the report, with the searches that measured of experiments that have no runs."""
    if form == "html" and elsewhere:
        sys.stdout.write(_to_html(analyses, skipped, elsewhere))
        return
    sys.stdout.write(FORMATS[form](analyses, skipped))
    if form in ("table", "md") and elsewhere:
        sys.stdout.write(MEASURED_FORMATS[form](elsewhere))
    elif elsewhere:
        spaces = ", ".join(searches.space for searches in elsewhere)
        text = f"left out the searches that measure of experiments without runs, {spaces}: report these alone"
        print(printable(text), file=sys.stderr)


def _analyse(tables: list[Table], options: argparse.Namespace) -> list[Analysis]:
    """Analyses the tables by what is asked; those in which no row differs in the key of --by are joined, if they do."""
    question = Question(options.by, options.baseline, tuple(options.against or ()))
    defaults = resolve_default(options.default, tables) if options.default else [None] * len(tables)
    if question != NO_QUESTION:
        question = resolve(question, tables)
    margin = options.margin / 100
    analyses = [Analysis(table, margin, question, default) for table, default in zip(tables, defaults, strict=True)]
    if question.by and not any(analysis.answer for analysis in analyses):
        analyses = [Analysis(table, margin, question) for table in join(tables)]
    if options.classes:
        analyses = _by_class(analyses)
    elif options.format == "html":  # a page has room for them
        analyses = [replace(analysis, by_class=True) for analysis in analyses]
    if question != NO_QUESTION:
        check_answered(question, (analysis.answer for analysis in analyses))
    return analyses


def _by_class(analyses: list[Analysis]) -> list[Analysis]:
    """Asks for the classes of the models that are compared, where any run has told them apart."""
    analyses = [replace(analysis, by_class=True) for analysis in analyses]
    untold = [line for analysis in analyses for line in describe_untold(analysis)]
    if not any(all_classes_of(analysis) for analysis in analyses):
        raise UserError(
            f"--classes must have runs with a confusion matrix in their results, but there are none. {' '.join(untold)}"
        )
    for line in untold:
        print(printable(line), file=sys.stderr)
    return analyses


def _report_measured(measured: Sequence[MeasuredSearches], options: argparse.Namespace) -> None:
    """Reports searches that measured points, where there are no runs."""
    form = "csv" if options.searches else options.format or "table"
    if options.pictures or form not in MEASURED_FORMATS:
        wanted = "--pictures" if options.pictures else f"--format {form}"
        raise UserError(
            f"there must be a finished run for {wanted}, but there are only searches that measure. "
            "Pass --format md, csv, json or html."
        )
    sys.stdout.write(MEASURED_FORMATS[form](measured))


def _searches(analyses: list[Analysis]) -> str:
    """Returns the searches alone, as CSV: a row of another kind than a model's."""
    searches = [analysis.searches for analysis in analyses if analysis.searches]
    for line in (line for analysis in analyses for line in analysis.searches_left_out):
        print(printable(line), file=sys.stderr)
    if not searches and any(analysis.searches_left_out or analysis.table.has_other_rows for analysis in analyses):
        raise UserError("--searches must have studies on the rows of these runs, but there are none. Name other runs.")
    if not searches:
        raise UserError("--searches must have studies to list, but there are none. Run mgu-run search=random -m first.")
    return searches_to_csv(searches)


def _draw(analyses: list[Analysis], folder: Path) -> None:
    """Writes the figures; if there are several experiments, each has a folder of its own."""
    from mgu.report.figures.write import write_figures

    taken: dict[str, int] = {}
    for analysis in analyses:
        table = analysis.table
        # A result file may be anybody's: its names must not lead out of the folder, nor two to the same one.
        name = re.sub(r"[^\w-]+", "_", f"{table.experiment}-{table.dataset}-{table.split}")
        taken[name] = taken.get(name, 0) + 1
        own_folder = folder / (name if taken[name] == 1 else f"{name}-{taken[name]}")
        for path in write_figures(analysis, folder if len(analyses) == 1 else own_folder):
            print_line(str(path))


def _to_table(analyses: list[Analysis], skipped: list[str]) -> str:
    from mgu.report.formats.terminal import print_analyses  # rich takes longer to import than a CSV to write

    print_analyses(analyses)
    return ""


def _to_html(analyses: list[Analysis], skipped: list[str], measured: Sequence[MeasuredSearches] = ()) -> str:
    from mgu.report.formats.html import to_html  # matplotlib takes a second to import

    return to_html(analyses, skipped, measured)


# By the name of a form, what takes the experiments and the files that could not be read, and returns the text to print.
FORMATS: dict[str, Callable[[list[Analysis], list[str]], str]] = {
    "table": _to_table,
    "md": lambda analyses, skipped: to_markdown(analyses),
    "csv": lambda analyses, skipped: to_csv(
        [analysis.table for analysis in analyses], [analysis.asked for analysis in analyses], analyses
    ),
    "json": to_json,
    "tex": lambda analyses, skipped: to_tex(analyses),
    "html": _to_html,
}


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the arguments of `mgu-run report`, and refuses those that exclude one another."""
    parser = Parser(prog="mgu-run report", description="Join finished runs into the ranking table of their experiment.")
    parser.add_argument(
        "runs",
        nargs="*",
        type=Path,
        metavar="RUNS",
        help="folders, result.json files or names of experiments (default: all of runs/)",
    )
    _add_forms(parser)
    _add_rivals(parser)
    _add_questions(parser)
    parser.add_argument(
        "--classes",
        action="store_true",
        help="also tell the compared models class by class: precision, recall, F1, and what is taken for what",
    )
    parser.add_argument("--searches", action="store_true", help="list the searches alone, as CSV")
    options = parser.parse_args(arguments)
    if options.searches and (options.pictures or options.format not in (None, "csv")):
        raise UserError("--searches must be alone or with --format csv. Make one after the other.")
    if options.classes and (options.searches or options.pictures):
        other = "--searches" if options.searches else "--pictures"
        raise UserError(f"--classes must be without {other}. Make one after the other.")
    if options.pictures and options.format:
        raise UserError(f"--pictures must be alone, but got --format {options.format}. Make one after the other.")
    return options


def _add_forms(parser: Parser) -> None:
    """Adds the options of what is written."""
    parser.add_argument("--format", choices=FORMATS, help="default: table")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="write the pictures there as SVG, PDF and PNG, and nothing else"
    )


def _add_rivals(parser: Parser) -> None:
    """Adds the options of what a unit is compared with, and by how much it may be worse."""
    parser.add_argument(
        "--margin",
        type=_points,
        default=100 * MARGIN,
        metavar="POINTS",
        help="of accuracy that a unit may lose and still be as good, and by which rows that are asked for may differ "
        "and be alike (default: %(default)s)",
    )
    parser.add_argument(
        "--default",
        metavar="NAME",
        help="the baseline that one would train without a search, with which units are compared, too (default: bn_pre "
        "without residual connections, of the deepest layout)",
    )


def _add_questions(parser: Parser) -> None:
    """Adds the options by which rows are compared, see `Question`."""
    parser.add_argument(
        "--by", metavar="KEY", help="compare rows that are alike but for a key, such as optimizer.lr or lr"
    )
    parser.add_argument("--baseline", metavar="NAME", help="compare all rows with this one, named as the report does")
    parser.add_argument(
        "--against",
        metavar="NAME",
        action="append",
        help="compare this row with --baseline, or, given twice, the first with the second",
    )


def _points(text: str) -> float:
    """Parses a number of percentage points."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 100:
        raise UserError(f"--margin must be from 0 to 100 points, but got {text!r}. Half a point is --margin 0.5.")
    return value
