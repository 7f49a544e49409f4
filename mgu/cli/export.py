"""`mgu-run export`: parses its arguments, exports a run to one file and says how the file was checked."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from mgu.cli.output_file import SUFFIXES, check_output, check_suffix
from mgu.cli.parser import Parser
from mgu.console.text import print_line

FORMS = ("torch", "onnx")


def main(arguments: list[str]) -> None:
    """Exports a finished run.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: RUN is no finished run, or the file cannot be written.
        RunsFailed: The file computes something else than the run; it is not written.
    """
    options = _parse(arguments)
    if options.output:
        check_suffix(options.output, options.to, "--to", FORMS)
        check_output(options.output)
    # torch takes seconds to import, which --help and mistyped arguments need not wait for.
    from mgu.export.network import check_exportable

    check_exportable(options.to, "--to")
    from mgu.predict.export_run import export_run
    from mgu.predict.model import load
    from mgu.results.compare.axes import call_lean
    from mgu.results.on_disk.files import replacing

    model = load(options.run, pruned=options.pruned)
    kind = ("-pruned" if options.pruned else "") + ("-int8" if options.quantize else "")
    stem = re.sub(r"[^\w.+-]", "_", call_lean(model.trained.result.name))
    path = options.output or Path(f"{stem}{kind}{SUFFIXES[options.to][0]}")
    file = check_output(path)
    exported = export_run(model, options.to, bool(options.quantize))
    with replacing(file) as temporary:
        temporary.write_bytes(exported.content)
    for line in exported.lines:
        print_line(line)
    print_line(f"written: {path}")
    if options.to == "torch" and path.suffix != SUFFIXES["torch"][0]:
        print_line("torch.export.load reads it with a warning, for it expects a name that ends in .pt2")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="mgu-run export",
        description="Export a finished run to one file that runs without this package: raw inputs in, as they are in "
        "your files; preprocessing, names of classes and metadata are in it. The file is compared with the run on "
        "held-out data before it is written.",
    )
    parser.add_argument("run", metavar="RUN", help="a run's folder, or its name below the runs folder")
    parser.add_argument("--to", choices=FORMS, required=True, help="a torch.export program (.pt2), or ONNX")
    parser.add_argument("--quantize", choices=("int8",), help="weights, and in ONNX activations, in eight bits")
    parser.add_argument("--pruned", action="store_true", help="the network that mgu-run prune left of the run")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="default: the name of the run in the working directory"
    )
    return parser.parse_args(arguments)
