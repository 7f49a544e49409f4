"""Trains the best points of a study anew with seeds that the search has not seen; this is counted apart."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

from mgu.console.lines import LineView
from mgu.console.text import count, describe_s, print_line
from mgu.results.on_disk.closed import ClosedRun
from mgu.results.on_disk.file_names import LOG_FILE, RESULT_FILE
from mgu.results.on_disk.files import write_text
from mgu.results.on_disk.folder import find_result, run_folder
from mgu.results.on_disk.result_file import ForeignResult
from mgu.results.on_disk.search_files import CONFIRMED_FILE
from mgu.results.schema.result import Result
from mgu.search.costs import cost_of
from mgu.search.current import current_trials
from mgu.search.history import History
from mgu.search.spending import count_trials
from mgu.search.strategy import Trial, generator_for
from mgu.sweep.jobs import finish, run_job
from mgu.sweep.search.study_run import StudyRun


def confirm(study_run: StudyRun, history: History, top: int, seeds: int) -> str:
    """Trains the best points of a study anew, prints their mean scores, and keeps them beside the history.

    Args:
        study_run: The study.
        history: Its history.
        top: Number of points.
        seeds: Number of seeds.

    Returns:
        A sentence on the runs that failed; empty where none did.
    """
    best = best_points(study_run, history, top)
    new = [generator_for(study_run.study.seed, number, "confirm").randrange(2**31) for number in range(seeds)]
    if best:
        print_line(f"training {count(len(best), 'point')} anew with {count(seeds, 'new seed')}, counted apart")
    view, records = LineView(in_sweep=True, axes=study_run.axes), []
    failed: list[Path] = []
    for trial in best:
        results: list[Result] = []
        for seed in new:
            config = study_run.settings.configure(trial.point, seed, None)
            try:
                finish(run_job([config], trial.number, view, study_run.settings.threads, may_wait=True))
            except (ForeignResult, ClosedRun) as error:  # the other runs are worth their training
                print_line(str(error))
                failed.append(run_folder(config) / RESULT_FILE)
                continue
            if (result := find_result(config)) and result.status != "failed":
                results.append(result)
            else:
                failed.append(run_folder(config) / LOG_FILE)
        records.append(_record(trial, results))
        print_line(_describe(study_run, trial, results))
    write_text(study_run.study.folder / CONFIRMED_FILE, json.dumps({"seeds": new, "points": records}, indent=2) + "\n")
    total = count(len(best) * seeds, "run")
    return (
        f"{study_run.study.title}: {len(failed)} of {total} with new seeds failed. See {failed[-1]}." if failed else ""
    )


def best_points(study_run: StudyRun, history: History, top: int) -> list[Trial]:
    """Finds the points with the best trials, of those that ended within the budget.

    Args:
        study_run: The search.
        history: Its trials.
        top: Number of points, at most.

    Returns:
        The best trial of each point, the best first.
    """
    counted, _ = count_trials(history, study_run.study.budget)
    current = current_trials([history.trials[number] for number in counted])
    scored = [trial for trial in current if trial.score is not None]
    scored.sort(key=lambda trial: (-(trial.score or 0.0), trial.number))
    by_point = {study_run.study.space.key(trial.point): trial for trial in reversed(scored)}
    return sorted(by_point.values(), key=scored.index)[:top]


def _record(trial: Trial, results: list[Result]) -> dict[str, object]:
    return {
        "number": trial.number,
        "point": trial.point,
        "score_when_found": trial.score,
        "val": [result.val_score for result in results],
        "test": [result.test.of(result.score) if result.test else None for result in results],
        "seconds": sum(cost_of(result).seconds for result in results),
        "runs": [result.folder_name for result in results],
    }


def _describe(study_run: StudyRun, trial: Trial, results: list[Result]) -> str:
    overrides = " ".join(study_run.study.space.overrides(trial.point))
    if not results:
        return f"confirmed: trial {trial.number}, {overrides}: all runs failed"
    score = results[0].score
    vals = [result.val_score for result in results if result.val_score is not None]
    tests = [value for result in results if result.test and (value := result.test.of(score)) is not None]
    parts = [f"{split} {score.text(fmean(values))}" for split, values in (("val", vals), ("test", tests)) if values]
    seconds = sum(cost_of(result).seconds for result in results)
    return (
        f"confirmed: trial {trial.number}, {overrides}: {', '.join(parts)}, mean of {count(len(results), 'new seed')}, "
        f"in {describe_s(seconds)}"
    )
