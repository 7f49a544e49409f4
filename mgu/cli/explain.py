"""`mgu-run explain`: parses its arguments, prints a table and writes files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mgu.cli.parser import Parser
from mgu.console.text import print_line
from mgu.results.on_disk.file_names import DIRECTED_FILE, EQUILIBRIUM_FILE, EXPLAIN_FILE, PATH_NORM_FILE
from mgu.results.on_disk.files import make_folder
from mgu.text.printable import printable

if TYPE_CHECKING:
    from mgu.directed.network import DirectedNetwork
    from mgu.factory.trained import TrainedRun


def main(arguments: list[str]) -> None:
    """Explains what the gates of a trained unit do.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: RUN is no trained unit, or files cannot be written.
    """
    options = _parse(arguments)
    # torch and matplotlib take seconds to import, which --help and mistyped arguments need not wait for.
    from mgu.config.optimizers import PathSGDConfig
    from mgu.directed.network import DirectedNetwork
    from mgu.factory.equilibrium import equilibria_of
    from mgu.factory.trained import load_trained

    trained = load_trained(options.run, device="auto")  # wherever it was trained
    folder = options.out or trained.folder
    make_folder(folder, "--out" if options.out else "RUN", f"Pass {'another one' if options.out else '--out FOLDER'}.")
    trained.resolved.set_up_torch()
    if isinstance(trained.model, DirectedNetwork):
        return _explain_directed(trained, trained.model, folder, options.format)
    if isinstance(trained.config.optimizer, PathSGDConfig):
        return _explain_paths(trained, folder, options.format)
    written: tuple[str, ...] = ()
    if equilibria_of(trained.model):
        written = _explain_equilibria(trained, folder, options.format)
        if not trained.config.mgu:
            return _say_written(folder, written)
    _explain_gates(trained, folder, options.format, written)


def _explain_directed(trained: TrainedRun, model: DirectedNetwork, folder: Path, form: str) -> None:
    """Writes the graph that a directed network has learned, and prints it as a table or as JSON."""
    from mgu.explain.directed import (
        MOST_DRAWN,
        directed_to_json,
        draw_graph,
        explain_directed,
        print_directed,
        write_directed,
    )

    graph = explain_directed(trained.resolved, model, trained.splits.val)
    write_directed(folder, graph)
    drawn = draw_graph(folder, graph)
    sys.stdout.write(directed_to_json(graph)) if form == "json" else print_directed(graph)
    _say_written(folder, (DIRECTED_FILE, *drawn))
    if not drawn:
        why = f"{sum(graph.layers)} neurons, inputs and bias among them, are more than {MOST_DRAWN}"
        print(f"Not drawn: {why}, whose lines cover one another. {DIRECTED_FILE} has all weights.", file=sys.stderr)


def _explain_equilibria(trained: TrainedRun, folder: Path, form: str) -> tuple[str, ...]:
    """Writes how the equilibrium layers of a network iterate, and prints it; of units as a table only.

    As JSON, stdout has one document: the gates of units. Returns the names of the files.
    """
    from mgu.explain.equilibrium import equilibria_to_json, explain_equilibria, print_equilibria, write_equilibria

    explanation = explain_equilibria(trained.resolved, trained.model, trained.splits.val)
    write_equilibria(folder, explanation)
    if form == "table":
        print_equilibria(explanation)
    elif not trained.config.mgu:
        sys.stdout.write(equilibria_to_json(explanation))
    return (EQUILIBRIUM_FILE,)


def _explain_paths(trained: TrainedRun, folder: Path, form: str) -> None:
    """Writes the path norm of a network that path-SGD has trained, and prints it as lines or as JSON."""
    from mgu.explain.path_norm import explain_paths, paths_to_json, print_paths, write_paths

    explanation = explain_paths(trained.resolved, trained.model, trained.result.best_epoch)
    write_paths(folder, explanation)
    sys.stdout.write(paths_to_json(explanation)) if form == "json" else print_paths(explanation)
    _say_written(folder, (PATH_NORM_FILE,))


def _say_written(folder: Path, names: tuple[str, ...]) -> None:
    print(f"Written to {printable(str(folder))}: {', '.join(names)}.", file=sys.stderr)


def _explain_gates(trained: TrainedRun, folder: Path, form: str, before: tuple[str, ...] = ()) -> None:
    """Writes and draws what the gates of units do, and prints it as a table or as JSON; `before` is written already."""
    from mgu.explain.explanation import explain_model, to_json, write_explanation
    from mgu.explain.figures import draw_figures
    from mgu.explain.terminal import print_explanation

    explanation = explain_model(trained.resolved, trained.model, trained.splits.val)
    write_explanation(folder, explanation)
    pictures = draw_figures(folder, explanation)
    written = (*before, EXPLAIN_FILE, *pictures)
    if form == "json":
        sys.stdout.write(to_json(explanation))
        _say_written(folder, written)
    else:
        reported = trained.result.val
        print_explanation(explanation, reported.of(trained.config.score) if reported else None)
        print_line(f"Written to {folder}: {', '.join(written)}.")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="mgu-run explain",
        description="Show what the gates of a trained unit do on the run's validation data: a table, the most likely "
        "flow of the data through each layer, explain.json, and pictures.",
    )
    parser.add_argument("run", metavar="RUN", help="a run's folder, or its name below the runs folder")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where explain.json and the pictures go (default: the run's folder)"
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    return parser.parse_args(arguments)
