"""`mgu-run pack`: parses its arguments, and packs finished runs and searches into one small file."""

from __future__ import annotations

import sys
from pathlib import Path

from mgu.cli.parser import Parser
from mgu.console.skipped import print_skipped
from mgu.console.text import print_line
from mgu.errors import UserError
from mgu.results.on_disk.file_names import PACK_FILE
from mgu.results.on_disk.files import describe_runs_dir, find_folders
from mgu.results.runs.load import load_results
from mgu.results.runs.pack_runs import MOST_NAMED, pack_runs
from mgu.results.runs.search_folders import search_folders
from mgu.results.runs.searches import find_searches
from mgu.text.printable import printable


def main(arguments: list[str]) -> None:
    """Packs finished runs and searches; files that cannot be read are named on stderr.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: There is nothing to pack, or the pack cannot be written.
    """
    parser = Parser(
        prog="mgu-run pack",
        description=f"Pack finished runs without their weights, and the searches of their experiments, into one small "
        f"file, FOLDER/{PACK_FILE}, from which mgu-run report and diff read them as from their folders. What the pack "
        "already holds stays.",
        epilog="For example: mgu-run pack runs/mnist --to results/mnist, then mgu-run report results/mnist",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUNS", help="folders, result.json files or packs")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the pack is, or is made")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="let a run or a study take the place of one with the same identity in the pack",
    )
    options = parser.parse_args(arguments)
    paths = find_folders(options.runs)
    loaded = load_results(paths)
    searches = [*find_searches(paths), *loaded.packed_searches]
    print_skipped(loaded.skipped, options.runs)
    if not loaded.runs and not any(True for _ in search_folders(searches)):
        raise UserError(
            f"there must be a finished run or a search to pack, but {', '.join(map(str, options.runs))} has none. "
            f"{describe_runs_dir()} Name a folder of runs, such as runs/mnist."
        )
    packed = pack_runs(loaded.runs, options.to, options.replace, searches)
    if packed.own_paths:
        named = ", ".join(packed.own_paths[:MOST_NAMED])
        whose = "these runs and searches" if packed.searches else "these runs"
        print(printable(f"note: the identities of {whose} include paths of this machine ({named})"), file=sys.stderr)
    print_line(packed.text)
