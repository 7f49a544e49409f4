"""`mgu-run predict`: parses its arguments, predicts what is in files, and writes CSV or JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.cli.output_file import check_output, check_suffix
from mgu.cli.parser import Parser
from mgu.console.text import count
from mgu.errors import RunsFailed, UserError
from mgu.text.agree import agree
from mgu.text.printable import printable

if TYPE_CHECKING:
    from mgu.predict.model import Model

MOST_TOLD = 200  # lines about inputs that cannot be predicted
FORMS = ("csv", "json")
MOST_ODD = 10  # lines about those that are predicted in spite of what training never saw


def main(arguments: list[str]) -> None:
    """Predicts with a finished run.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: RUN is no finished run, or the output cannot be written; nothing was predicted then.
        RunsFailed: Some inputs were wrong; the others are predicted.
    """
    options = _parse(arguments)
    if options.output:
        check_suffix(options.output, options.format or "csv", "--format", FORMS)
        options.output = check_output(options.output)
    # torch takes seconds to import, which --help and mistyped arguments need not wait for.
    from mgu.predict.model import load
    from mgu.predict.writing import FORMATS

    model = load(options.run, "auto", pruned=options.pruned)
    predicted = model.predict_files(options.files, with_truth=options.score)
    _tell(predicted.faults, MOST_TOLD)
    _tell(predicted.remarks, MOST_ODD)
    if predicted.rows and options.score:
        _score(model, predicted.rows, options)
    elif predicted.rows:
        _write(FORMATS[options.format or "csv"](predicted.rows, options.probabilities), options.output)
    if predicted.faults or predicted.remarks:
        told = f"{len(predicted.rows):,} predicted" if predicted.rows else "nothing predicted, and nothing written"
        wrong = [f"{count(len(predicted.faults), 'input')} could not be"] if predicted.faults else []
        has = agree(len(predicted.remarks), "has", "have")
        odd = [f"{len(predicted.remarks):,} {has} what training never saw"] if predicted.remarks else []
        raise RunsFailed(f"{'; '.join([told, *wrong, *odd])}: see above.")


def _score(model: Model, rows: Sequence[Mapping[str, Any]], options: argparse.Namespace) -> None:
    """Prints how good predictions are, or writes it as CSV or JSON where a format is named."""
    from mgu.predict.score import score
    from mgu.predict.score_files import FORMATS
    from mgu.predict.score_text import print_scores

    decimal = getattr(model.preprocessing.inputs, "decimal", ".")
    scores = score(rows, model.preprocessing.outputs, decimal, are_grouped=model.are_grouped)
    if options.format:
        _write(FORMATS[options.format](scores), options.output)
    else:
        print_scores(scores)


def _tell(lines: list[str], most: int) -> None:
    """Prints the first of the lines on stderr, and how many more there are."""
    for line in lines[:most]:
        print(printable(line), file=sys.stderr)
    if len(lines) > most:
        print(f"and {len(lines) - most:,} more", file=sys.stderr)


def _write(text: str, path: Path | None) -> None:
    if path is None:
        sys.stdout.write(text)
        return
    from mgu.results.on_disk.files import write_text

    write_text(path, text)


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the arguments of `mgu-run predict`."""
    parser = Parser(
        prog="mgu-run predict",
        description="Predict with a finished run: classes with their probability, numbers in the target's unit, or "
        "scores of user-item pairs. Inputs are prepared as in training; the training data need not be there.",
        epilog="What is wrong with an input is told in one line on stderr; the others are predicted, and the exit "
        "code is 1.",
    )
    parser.add_argument("run", metavar="RUN", help="a run's folder, or its name below the runs folder")
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="images or folders of them; CSV or Parquet files with the columns of training, or - for a CSV on "
        "standard input; .npy files of raw pixels or inputs",
    )
    parser.add_argument("--format", choices=FORMS, help="default: csv; with --score text for people")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the predictions go (default: stdout)")
    parser.add_argument(
        "--probabilities", action="store_true", help="a column for each class in CSV; JSON always has them"
    )
    parser.add_argument(
        "--score",
        action="store_true",
        help="say how good predictions are, by the target's column or by folders of classes, in their place",
    )
    parser.add_argument("--pruned", action="store_true", help="predict with what mgu-run prune left of the run")
    options = parser.parse_intermixed_args(arguments)
    if options.score and options.output and not options.format:
        raise UserError(
            "--score must be printed, or go to a file as --format csv or json. Leave --output out, or add one of these."
        )
    return options
