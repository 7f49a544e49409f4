"""`mgu-run push`: logs finished runs to TensorBoard or MLflow, as if that had been asked for when they were trained."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from mgu.cli.parser import Parser
from mgu.config.faults import describe_faults
from mgu.console.skipped import print_skipped
from mgu.console.text import count, print_line
from mgu.errors import RunsFailed, UserError
from mgu.results.compare.axes import find_axes
from mgu.results.on_disk.files import describe_runs_dir, find_folders
from mgu.results.runs.load import Run, load_results
from mgu.text.printable import printable
from mgu.tracking.push import Target, push, read_run_config, with_tracker
from mgu.tracking.trackers import check_installed


def main(arguments: list[str]) -> None:
    """Pushes runs; those that are there already stay as they are.

    Args:
        arguments: Arguments of the sub-command.

    Raises:
        UserError: There is no run, or an argument is wrong.
        RunsFailed: A run could not be pushed; the others were.
    """
    parser = Parser(
        prog="mgu-run push",
        description="Log finished runs to TensorBoard or MLflow, as tensorboard=with and mlflow=with do while runs are "
        "trained. Runs that are there are left alone.",
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUNS", help="folders of runs, result.json files or packs"
    )
    parser.add_argument("--to", choices=get_args(Target), required=True, help="where to")
    parser.add_argument(
        "--dir",
        metavar="FOLDER",
        help="of tensorboard: gets a folder for each run (default: in the run's own folder; packed runs have none)",
    )
    parser.add_argument(
        "--uri", help="of mlflow: a server or store (default: MLFLOW_TRACKING_URI, else mlflow.db in the runs folder)"
    )
    options = parser.parse_args(arguments)
    for name, to in (("dir", "tensorboard"), ("uri", "mlflow")):
        if getattr(options, name) and options.to != to:
            raise UserError(f"--{name} must go with --to {to}, but got --to {options.to}. Leave it out.")
    loaded = load_results(find_folders(options.runs))
    print_skipped(loaded.skipped, options.runs)
    if not loaded.runs:
        raise UserError(
            f"RUNS must hold finished runs, but there is none in {', '.join(map(str, options.runs))}. "
            f"{describe_runs_dir()} Name the folder of a run, of an experiment or of all runs."
        )
    packs = {str(run.folder.parents[1]) for run in loaded.runs if run.packed is not None}
    if packs and options.to == "tensorboard" and not options.dir:
        raise UserError(
            f"--dir must be given for packed runs, which have no folders of their own, but RUNS has {min(packs)}. "
            "Pass --dir FOLDER."
        )
    _push_all(loaded.runs, options.to, options.dir or options.uri, len(loaded.skipped))


def _push_all(runs: list[Run], to: Target, where: str | None, num_skipped: int) -> None:
    """Pushes each run, and says what became of it. Raises RunsFailed where one could not be pushed."""
    names, outcomes = _names(runs), {"pushed": 0, "there already": 0, "not pushed": num_skipped}
    for run, name in zip(runs, names, strict=True):
        try:
            config = with_tracker(read_run_config(run), to, where)
            check_installed(config)
            outcome = "pushed" if push(run, config, name) else "there already"
        except UserError:
            raise
        except ValidationError as error:
            raise UserError(describe_faults(error.errors(include_url=False), prefix=(to,))) from None
        except Exception as error:  # of libraries and servers: any
            outcome = "not pushed"
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            print(printable(f"{name} could not be pushed: {reason}"), file=sys.stderr)
        outcomes[outcome] += 1
    told = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items() if number)
    print_line(f"{count(len(runs) + num_skipped, 'run')} to {to}: {told}")
    if outcomes["not pushed"]:
        raise RunsFailed(
            f"{count(outcomes['not pushed'], 'run')} could not be pushed. The same command tries them again."
        )


def _names(runs: Iterable[Run]) -> list[str]:
    """Returns what people call each run: in its experiment by what tells it from the others, as while it is trained."""
    results = [run.result for run in runs]
    by_experiment: dict[str, list[tuple[str, dict[str, object]]]] = {}
    for result in results:
        by_experiment.setdefault(result.experiment_name, []).append((result.stem, result.config))
    axes = {experiment: find_axes(runs_of_one) for experiment, runs_of_one in by_experiment.items()}
    return [axes[result.experiment_name].name(result.name, result.seed, result.config) for result in results]
