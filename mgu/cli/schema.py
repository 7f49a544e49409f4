"""`mgu-run schema`: JSON schemas with which editors complete and check YAML files of configurations."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from mgu.cli.output_file import check_output, check_suffix
from mgu.cli.parser import Parser
from mgu.config.json_schema import kinds_of_files, schema_of
from mgu.console.text import count, print_line
from mgu.errors import UserError
from mgu.results.on_disk.files import make_folder, write_text
from mgu.text.nearest import did_you_mean

GLOBS = {"run": "runs/*/*/config.yaml", "prune": "conf/prune.yaml"}  # else GROUP/*.yaml, as in conf/ and --config-dir
SETTINGS = "yaml.schemas.json"


def main(arguments: list[str]) -> None:
    """Prints or writes a schema, or writes all of them.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: There is no such kind of file, or the file or the folder cannot be written.
    """
    options = _parse(arguments)
    if options.what not in kinds_of_files():
        hint = did_you_mean(options.what, kinds_of_files()) or " Leave it out for the schema of a run."
        raise UserError(f"KIND must be one of {', '.join(kinds_of_files())}, but got {options.what}.{hint}")
    if options.write:
        _write_all(options.write)
    elif options.output:
        check_suffix(options.output, "json")
        write_text(check_output(options.output), _text_of(options.what))
    else:
        sys.stdout.write(_text_of(options.what))


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the arguments of `mgu-run schema`."""
    parser = Parser(
        prog="mgu-run schema",
        description="Print the JSON schema of a kind of configuration file, for editors.",
        epilog="The first line of a YAML file can name its schema: # yaml-language-server: $schema=FILE",
    )
    parser.add_argument(
        "what",
        nargs="?",
        default="run",
        metavar="KIND",
        help=f"one of {', '.join(kinds_of_files())}: the config.yaml of a run, a file of a group, conf/prune.yaml "
        "(default: run)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--output", type=Path, metavar="FILE", help="where the schema goes (default: stdout)")
    where.add_argument(
        "--write",
        type=Path,
        metavar="FOLDER",
        help=f"write the schemas of all kinds there instead, and {SETTINGS}, the setting yaml.schemas of an editor",
    )
    return parser.parse_args(arguments)


def _text_of(what: str) -> str:
    return json.dumps(schema_of(what), indent=2) + "\n"


def _write_all(folder: Path) -> None:
    make_folder(folder, "FOLDER", "Name another one.")
    settings = {}
    for what in kinds_of_files():
        file = folder / f"{what}.schema.json"
        write_text(file, _text_of(what))
        settings[str(file.absolute())] = GLOBS.get(what, f"**/{what}/*.yaml")
    write_text(folder / SETTINGS, json.dumps({"yaml.schemas": settings}, indent=2) + "\n")
    print_line(
        f"{count(len(settings), 'schema')} in {folder}. {folder / SETTINGS} is the setting of editors with "
        "yaml-language-server, as VS Code has with the extension redhat.vscode-yaml."
    )
