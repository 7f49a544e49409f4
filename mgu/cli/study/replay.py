"""`mgu-run search=... search.replay=true -m`: searches recorded runs, and compares strategies at equal cost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from mgu.cli.study.studies import PlannedStudy
from mgu.console.text import count, describe_s, print_line, table_console
from mgu.errors import UserError
from mgu.machine import count_cores
from mgu.report.formats.terminal import print_searches
from mgu.report.ranking.rank import rank
from mgu.report.searches.equal_cost import by_score_of, compare_searches
from mgu.report.searches.fronts import front_tables
from mgu.report.searches.load import load_curves, save_replayed, settings_of
from mgu.report.searches.sentences import describe_other_scores, describe_searches
from mgu.report.searches.table import search_tables
from mgu.results.on_disk.folder import runs_dir
from mgu.results.runs.load import Run, load_results
from mgu.results.runs.searches import Searches
from mgu.results.schema.result import Result
from mgu.search.replay import Records, Replay, find_records, replay
from mgu.search.strategy import is_multi_fidelity
from mgu.search.usable import as_of_today, find_obstacle


def replay_studies(planned: Sequence[PlannedStudy]) -> None:
    """Searches the recorded runs of an experiment, once for each study, and prints the comparison.

    Args:
        planned: The studies.

    Raises:
        UserError: A point has no recorded run, or a setting is of searches that train.
    """
    _check_settings(planned)
    start = planned[0].start
    folder = runs_dir(start) / start.experiment_name
    loaded = load_results([folder]).runs if folder.is_dir() else []
    today = start.model_dump(mode="json")
    known_by = [(run, find_obstacle(run.result, today)) for run in loaded]
    runs = [run for run, obstacle in known_by if obstacle is None]
    lost = [(as_of_today(run.result, obstacle, today), obstacle) for run, obstacle in known_by if obstacle is not None]
    groups: dict[str, list[PlannedStudy]] = {}
    for planned_study in planned:
        groups.setdefault(_group(planned_study), []).append(planned_study)
    known: dict[str, Records] = {}
    for studies in groups.values():
        _replay_group(studies, runs, lost, folder, known)
    _report(folder, runs, (start.dataset.label, start.dataset.split))


def _check_settings(planned: Sequence[PlannedStudy]) -> None:
    """Refuses what a replay does not do, and what would make it a search of its own beside an equal one."""
    for settings in (each.settings for each in planned):
        given = {"warm_start.folder": settings.warm_start.folder, "confirm.top": settings.confirm.top or None}
        for key, value in given.items():
            if value is not None:
                raise UserError(
                    f"{key} must be left out with search.replay=true, which trains nothing and begins with no results, "
                    f"but got {value}. Leave it out."
                )


def _group(planned: PlannedStudy) -> str:
    """Returns what studies of one strategy share: all but their seed."""
    described = {key: value for key, value in planned.study.described.items() if key != "seed"}
    return f"{described}{planned.study.budget}"


def _replay_group(
    studies: list[PlannedStudy],
    runs: Sequence[Run],
    lost: Sequence[tuple[Result, str]],
    folder: Path,
    known: dict[str, Records],
) -> None:
    """Replays the studies that differ in their seed alone on recorded runs, and saves their curves."""
    first, second = studies[0].study, studies[0].settings.search.second
    if first.space.measure is not None:
        raise UserError(
            f"search.replay must have a space of runs, but space={first.space.name} has none. Leave search.replay out."
        )
    if is_multi_fidelity(first.strategy):
        raise UserError(
            f"search.replay must have a strategy that trains runs to their end, but search={first.name} stops them, "
            "and what they had cost by then was not recorded. Leave search.replay out."
        )
    key = f"{first.space.describe()}{second}"
    if key not in known:
        configure, fixed = studies[0].configure, studies[0].fixed_seed
        results = [run.result for run in runs]
        seeds = None if fixed is None else [fixed]
        known[key] = find_records(
            first.space, results, lambda point, seed: configure(point, seed).identity, second, seeds, lost
        )
    begun = time.perf_counter()
    settings = studies[0].settings.search
    replayed = Replay(first.space, known[key], first.name, settings.options, first.budget, settings.per_cost)
    curves = replay(replayed, [each.study.seed for each in studies], count_cores())
    name = f"{first.name}-{first.space.name}-{first.identity}"
    described = settings_of({**first.described, "size": first.space.size})
    save_replayed(folder, name, first.data[:2], curves, described, first.data.fingerprint)
    took = describe_s(time.perf_counter() - begun)
    seeds_text = count(len(known[key]), "recorded seed")
    number = count(len(curves), "study")
    print_line(f"{first.name} on {first.space.name}: {number} over {seeds_text}, replayed in {took}")


def _report(folder: Path, runs: Sequence[Run], data: tuple[str, str]) -> None:
    curves, skipped = load_curves([Searches(folder)], *data)
    replayed = [curve for curve in curves if curve.origin == "replayed"]
    for table in rank(list(runs)):
        if (table.dataset_name, table.split) != data:
            continue
        by_score = by_score_of(table, replayed)
        comparison = compare_searches(table, by_score, skipped, others=curves)
        if comparison:
            console = table_console()
            for search_table in (*search_tables(comparison), *front_tables(comparison)):
                print_searches(console, search_table)
            left_out = describe_other_scores(table, len(replayed) - len(by_score))
            for line in (*describe_searches(comparison), *left_out):
                print_line(line)
