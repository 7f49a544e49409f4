"""`mgu-run pack`: parses its arguments, and packs finished runs into one small file."""

from __future__ import annotations

import sys
from pathlib import Path

from mgu.cli.parser import Parser
from mgu.console.text import print_line
from mgu.errors import UserError
from mgu.results.on_disk.file_names import PACK_FILE
from mgu.results.on_disk.files import describe_runs_dir, find_folders
from mgu.results.runs.load import load_results
from mgu.results.runs.pack_runs import MOST_NAMED, pack_runs
from mgu.text.printable import printable


def main(arguments: list[str]) -> None:
    """Packs finished runs; files that cannot be read are named on stderr.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: There is nothing to pack, or the pack cannot be written.
    """
    parser = Parser(
        prog="mgu-run pack",
        description=f"Pack finished runs without their weights into one small file, FOLDER/{PACK_FILE}, from which "
        "mgu-run report and diff read them as from their folders. Runs that the pack already holds stay.",
        epilog="For example: mgu-run pack runs/mnist --to results/mnist, then mgu-run report results/mnist",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUNS", help="folders, result.json files or packs")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the pack is, or is made")
    parser.add_argument(
        "--replace", action="store_true", help="let a run take the place of one with the same identity in the pack"
    )
    options = parser.parse_args(arguments)
    loaded = load_results(find_folders(options.runs))
    for line in loaded.skipped:
        print(printable(f"skipped {line}"), file=sys.stderr)
    if not loaded.runs:
        raise UserError(
            f"there must be a finished run to pack, but there is none in {', '.join(map(str, options.runs))}. "
            f"{describe_runs_dir()} Name a folder of runs, such as runs/mnist."
        )
    packed = pack_runs(loaded.runs, options.to, options.replace)
    if packed.own_paths:
        named = ", ".join(packed.own_paths[:MOST_NAMED])
        print(printable(f"note: the identities of these runs include paths of this machine ({named})"), file=sys.stderr)
    print_line(packed.text)
