"""How far the runs of each experiment are, in the words and numbers that the page shows."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from mgu.console.failures import describe_failure
from mgu.console.text import count, describe_s
from mgu.serve.scan import Scanner
from mgu.serve.seen_run import SeenRun

MOST_SHOWN = 50  # runs under way, and failures: a thousand rows would be for nobody
ORDER = ("running", "pending", "done", "diverged", "failed", "unreadable", "interrupted")


def summarise_runs(scanner: Scanner) -> dict[str, Any]:
    """Summarises what the scanner has seen.

    Args:
        scanner: After a look.

    Returns:
        Values for JSON: the experiments with the number of runs of each state and the time left, the runs under way
        with their epochs and time left, why runs failed, and why results cannot be read.
    """
    by_experiment: dict[str, list[SeenRun]] = {}
    for run in scanner.all_runs:
        by_experiment.setdefault(run.folder.parent.name, []).append(run)
    names = sorted({*by_experiment, *(folder.split("/")[0] for said in scanner.sweeps for folder in said.folders)})
    running = [run for run in scanner.all_runs if run.state == "running"]
    failed = [run for run in scanner.all_runs if run.state == "failed"]
    unreadable = [run for run in scanner.all_runs if run.state == "unreadable"]
    return {
        "experiments": [_experiment(name, by_experiment.get(name, []), scanner) for name in names],
        "running": [_running(run) for run in running[:MOST_SHOWN]],
        "more_running": max(len(running) - MOST_SHOWN, 0),
        "failed": [[name_of(run), _reason(run)] for run in failed[:MOST_SHOWN]],
        "more_failed": max(len(failed) - MOST_SHOWN, 0),
        "unreadable": [[name_of(run), _reason(run)] for run in unreadable[:MOST_SHOWN]],
        "more_unreadable": max(len(unreadable) - MOST_SHOWN, 0),
    }


def name_of(run: SeenRun) -> str:
    """Returns the name of a run, without its identity."""
    return run.folder.name.rpartition("-")[0] or run.folder.name


def _experiment(name: str, runs: Iterable[SeenRun], scanner: Scanner) -> dict[str, Any]:
    states = Counter[str](run.state for run in runs)
    known = {run.folder.name for run in runs}
    asked: set[str] = set()
    left: list[float | None] = []
    for said in scanner.sweeps:
        named = {folder.split("/")[1] for folder in said.folders if folder.split("/")[0] == name}
        if named:
            asked |= named
            left.append(None if said.left_s is None else max(said.left_s - (time.time() - said.written_s), 0.0))
    states["pending"] = len(asked - known)
    counts = {state: states[state] for state in ORDER if states[state]}
    text = ", ".join(f"{number} {state}" for state, number in counts.items())
    return {"name": name, "counts": counts, "total": sum(counts.values()), "text": text, "left": _left(left)}


def _left(left: list[float | None]) -> str:
    """Describes the time that sweeps still take, as they estimate it themselves."""
    if not left:
        return ""
    known = [left_s for left_s in left if left_s is not None]
    if not known:
        return "time left not known before a first run is over"
    return f"about {describe_s(max(known))} left, estimated" + (
        f" of {count(len(left), 'sweep')}" if len(left) > 1 else ""
    )


def _running(run: SeenRun) -> dict[str, Any]:
    left_s = run.left_s
    return {
        "name": name_of(run),
        "experiment": run.folder.parent.name,
        "epochs_done": run.epochs_done,
        "epochs": run.epochs,
        "left": "" if left_s is None else f"at most {describe_s(left_s)} left, estimated",
    }


def _reason(run: SeenRun) -> str:
    if run.run:
        return describe_failure(run.run.result.error)
    return f"its result is {(run.skipped or '').partition(': ')[2]}"
