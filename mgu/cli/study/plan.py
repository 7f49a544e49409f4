"""`mgu-run plan search=...`: shows what studies have done, and what they may still take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from rich.console import Console

from mgu.cli.study.studies import PlannedStudy
from mgu.console.table import TextColumn, print_table
from mgu.console.text import describe_s, print_line, table_console
from mgu.measure.estimate import estimate
from mgu.search.budget import Budget, Spent
from mgu.search.damage import describe_damage
from mgu.search.history import History
from mgu.search.space import some_point
from mgu.search.spending import spent_in_all
from mgu.search.strategy import generator_for, is_multi_fidelity
from mgu.search.study import Study
from mgu.sweep.concurrency import find_concurrency
from mgu.sweep.preflight import check_and_size
from mgu.sweep.sweep import find_samples

MOST_SIZED = 24  # points of a space whose time is estimated


def show_searches(planned: Sequence[PlannedStudy], form: str) -> None:
    """Prints each study with its space, its budget, what it has spent, and an estimate of what it will.

    Args:
        planned: The studies.
        form: "table" or "json".

    Raises:
        UserError: A trial cannot be trained here.
    """
    notes: list[str] = []
    trial_s: dict[str, float | None] = {planned_study.study.space.name: None for planned_study in planned}
    with Console(stderr=True).status("looking at data and models"):
        for planned_study in planned:
            if trial_s[planned_study.study.space.name] is None:
                trial_s[planned_study.study.space.name] = _estimate_trial(planned_study, notes)
    records, damage = list[dict[str, Any]](), list[str]()
    for own in planned:
        history = own.study.read()
        records.append(_record(own.study, history, trial_s[own.study.space.name]))
        damage += [] if form == "json" else describe_damage(own.study.title, history)
    if form == "json":
        print(json.dumps({"studies": records, "data": notes}, indent=2))
        return
    for line in (*dict.fromkeys(notes), *damage):
        print_line(line)
    cells = [_cells(record) for record in records]
    columns = [
        TextColumn(title, title, [row[title] for row in cells], "left" if title in ("study", "budget") else "right")
        for title in cells[0]
    ]
    print_table(table_console(), columns, ["points"])
    print_line(
        "Times are estimated from finished runs of like models and the mean over points of the space; a budget in "
        "seconds or epochs ends a study, too. - is not known: train one run, or the unit for multiples of its cost."
    )


def _estimate_trial(planned: PlannedStudy, notes: list[str]) -> float | None:
    """Returns the mean estimated seconds of a trial over some points; None where it is known of none."""
    space = planned.study.space
    if space.measure is not None:
        return None
    if space.size is not None and space.size <= MOST_SIZED:
        points = list(space.points())
    else:
        generator = generator_for(0, 0, "plan")
        points = [some_point(space), *(space.sample(generator) for _ in range(MOST_SIZED - 1))]
    configs = [planned.configure(point, 0) for point in points]
    models = check_and_size(configs, configs, find_concurrency(configs).threads, False, on_note=notes.append,
                            on_import=lambda: None)  # fmt: skip
    samples = find_samples(configs)
    times = [estimate(config, models[config.identity], samples).time_s for config in configs]
    known = [time_s for time_s in times if time_s is not None]
    return fmean(known) if known else None


def _record(study: Study, history: History, trial_s: float | None) -> dict[str, Any]:
    """Returns one study as JSON."""
    budget, spent = study.budget, spent_in_all(history)
    if spent.trials:
        # Its own trials tell more than those of others.
        trial_s = (spent.seconds - history.stopped.seconds) / spent.trials
    left = _trials_left(study, history, spent)
    by_trials = None if left is None or trial_s is None else left * trial_s
    by_seconds = budget.left_s(spent)
    known = [left_s for left_s in (by_trials, by_seconds) if left_s is not None]
    return {
        "study": study.title,
        "folder": str(study.folder),
        "points": study.space.size,
        "budget": budget.given,
        "trials_done": spent.trials,
        "spent_s": spent.seconds,
        "trials_left": left,
        "est_trial_s": trial_s,
        "est_left_s": min(known) if known else None,
    }


def _trials_left(study: Study, history: History, spent: Spent) -> int | None:
    """Returns how many trials there may still be at most; None: any number.

    Finished runs that a warm start told without charge are no trials of the budget, but their points are tried.
    """
    budget, size = study.budget, study.space.size
    if budget.reached(spent):
        return 0
    left = [] if budget.trials is None else [budget.trials - spent.trials]
    is_once = not study.strategy.may_repeat and not is_multi_fidelity(study.strategy)
    if size is not None and is_once:  # else a point is tried again, maybe with more epochs
        ended = {study.space.key(history.trials[number].point) for number in history.order}
        left.append(size - len(ended))
    return max(min(left), 0) if left else None


def _cells(record: dict[str, Any]) -> dict[str, str]:
    limits = Budget(**record["budget"]).describe()

    def seconds(value: float | None) -> str:
        return "-" if value is None else describe_s(value)

    return {
        "study": record["study"],
        "points": "infinite" if record["points"] is None else f"{record['points']:,}",
        "budget": limits or "the whole space",
        "trials done": str(record["trials_done"]),
        "spent": seconds(record["spent_s"]),
        "trials left": "-" if record["trials_left"] is None else f"at most {record['trials_left']}",
        "a trial, estimated": seconds(record["est_trial_s"]),
        "left, estimated": seconds(record["est_left_s"]),
    }
