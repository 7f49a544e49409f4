"""`mgu-run search export`: parses its arguments, and writes the studies of an experiment for other programs."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mgu.cli.output_file import check_output
from mgu.cli.parser import Parser
from mgu.console.text import count, print_line
from mgu.errors import UserError
from mgu.results.on_disk.file_names import PACK_FILE
from mgu.results.on_disk.files import describe_runs_dir, find_folders
from mgu.results.on_disk.search_files import REPLAYED_FOLDER, SEARCH_FOLDER, STUDY_FILE
from mgu.results.runs.searches import SearchFolder
from mgu.search.optuna_file.journal import write_journal
from mgu.search.recorded import RecordedStudy, find_studies, read_study
from mgu.search.strategies.optuna_study import import_optuna
from mgu.text.nearest import did_you_mean
from mgu.text.printable import printable


def main(arguments: list[str]) -> None:
    """Exports studies; those that cannot be read are named on stderr.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: FOLDER has no such studies, Optuna is not installed, or the file cannot be written.
    """
    options = _parse(arguments)
    file = check_output(options.optuna, "--optuna")
    if options.optuna.exists() and not options.replace:
        raise UserError(
            f"--optuna must be a new file, but {options.optuna} is there. Pass another, or --replace to write it anew."
        )
    import_optuna("--optuna")
    studies = _read(_choose(options.folder, options.study))
    write_journal(studies, file)
    trials = sum(len(study.history.trials) for study in studies)
    print_line(f"written: {options.optuna}, {count(len(studies), 'study')}, {count(trials, 'trial')}")


def _choose(path: Path, names: Sequence[str] | None) -> list[SearchFolder]:
    """Returns the folders of the studies that are asked for: by their names, with or without the hash."""
    [folder] = find_folders([path])
    if not folder.is_dir() and not (folder.name == PACK_FILE and folder.is_file()):
        raise UserError(
            f"FOLDER must be the folder of an experiment or of a pack, but there is no {path}. {describe_runs_dir()} "
            "Name one that was searched."
        )
    studies, skipped = find_studies(folder)
    if not studies:
        reasons = f" ({'; '.join(skipped)})" if skipped else ""
        raise UserError(f"FOLDER must hold studies, but {folder} has none{reasons}. {_advise(folder)}")
    for reason in skipped:
        print(printable(f"skipped {reason}"), file=sys.stderr)
    if names is None:
        return studies
    for name in names:
        if not any(name in _names(study) for study in studies):
            hint = did_you_mean(name, [study.path.name for study in studies])
            hint = hint or f" It has {_list([study.path for study in studies])}."
            raise UserError(f"--study must name studies of {folder}, but got {name}.{hint}")
    return [study for study in studies if _names(study) & set(names)]


def _names(study: SearchFolder) -> set[str]:
    """Returns the names of a study: with or without its hash."""
    return {study.path.name, study.path.name.rpartition("-")[0]}


def _advise(folder: Path) -> str:
    """Says where studies are, or how they come about."""
    searched = {file.parents[2] for file in folder.glob(f"*/{SEARCH_FOLDER}/*/{STUDY_FILE}")}
    if below := sorted(searched | {file.parent for file in folder.glob(f"*/{PACK_FILE}")}):
        return f"Name an experiment below it: {_list(below)}."
    if next(folder.glob(f"{SEARCH_FOLDER}/{REPLAYED_FOLDER}/*.json"), None):
        return "Replayed searches keep no trials: search without search.replay."
    return "Search first: mgu-run +experiment=NAME -m search=random space=grid."


def _list(folders: Sequence[Path]) -> str:
    shown = [folder.absolute().name for folder in folders[:6]]
    more = [f"{len(folders) - len(shown)} more"] if len(folders) > len(shown) else []
    return ", ".join([*shown, *more])


def _read(folders: Sequence[SearchFolder]) -> list[RecordedStudy]:
    studies, reasons = list[RecordedStudy](), list[str]()
    counts = Counter(folder.path.name for folder in folders)
    for folder in folders:
        try:
            study = read_study(folder)
        except (UserError, OSError) as error:
            reasons.append(str(error))
            continue
        if counts[study.name] > 1:  # of several experiments in a pack
            study = study._replace(name=f"{folder.path.parents[1].name}/{study.name}")
        studies.append(study)
    if not studies:
        raise UserError(reasons[0])
    for reason in reasons:
        print(printable(f"skipped {reason}"), file=sys.stderr)
    return studies


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the arguments of `mgu-run search`."""
    parser = Parser(
        prog="mgu-run search",
        description="Write the studies of an experiment as a file of Optuna's, for optuna-dashboard FILE and "
        "optuna.visualization: each is a study with the name of its folder. Optuna is in the extra `search`.",
        epilog="This searches nothing: mgu-run +experiment=digits -m search=random space=grid does.",
    )
    parser.add_argument("action", choices=("export",), help="what to do with the studies")
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="the folder of an experiment or of a pack, or its name below the runs folder",
    )
    parser.add_argument(
        "--study", nargs="+", metavar="NAME", help="names of studies, with or without their hash (default: all)"
    )
    parser.add_argument("--optuna", type=Path, required=True, metavar="FILE", help="a journal of Optuna's, as j.log")
    parser.add_argument("--replace", action="store_true", help="write FILE anew if it is there")
    return parser.parse_args(arguments)
