"""Caveats: sentences on what limits the numbers of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mgu.console.text import count, name_some
from mgu.report.class_caveats import describe_classes
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import describe_hardware, identity_without_seed
from mgu.report.ranking.validity import STARVED, is_starved
from mgu.report.repeated import describe_repeated
from mgu.report.stats.ungrouped import describe_ungrouped
from mgu.results.compare.axes import IN_NAME, Axes, write_value
from mgu.results.schema.energy import SHORT_S
from mgu.results.schema.result import Result
from mgu.text.agree import agree

SOME = 4  # models are named


def caveats(table: Table, by_class: bool = False) -> list[str]:
    """Names what limits the numbers of a table.

    Args:
        table: A ranked table.
        by_class: Whether the report tells classes, so that nobody need be told how to ask for them.

    Returns:
        The sentences.
    """
    results = table.results
    ended = [*_unfinished(table), *_unconverged(results), *_unsettled(table), *_mixed(results)]
    judged = [*_selected(table), *_scores(table), *describe_classes(table, by_class), *_truth_table(table)]
    return [*ended, *_unlike(table), *_marked(results), *_started(results), *judged]


def _unfinished(table: Table) -> list[str]:
    """Runs that diverged or failed."""
    lines, results = [], table.results
    for status in ("diverged", "failed"):
        if ended := sum(result.status == status for result in results):
            lines.append(f"{ended} of {count(len(results), 'run')} {status}.")
    in_means = [row for row in table.rows if len(row.runs) > 1 and any(result.val for result in row.results)]
    if lost := sum(result.status == "diverged" and result.val is None for row in in_means for result in row.results):
        its, effect = agree(lost, "its", "their"), f"no mean includes {agree(lost, 'it', 'them')}"
        if table.score.metric == "accuracy":
            each = agree(lost, "it", "each")
            effect = f"in a mean {each} counts as a guess, or as 0 % where the number of classes is not known"
        lines.append(f"{lost} of {count(len(results), 'run')} diverged before {its} first epoch ended: {effect}.")
    return lines


def _scores(table: Table) -> list[str]:
    """Models that were not trained for one score, by which their best epochs were selected."""
    trained_for = {result.score.metric for result in table.results}
    if len(trained_for) < 2:
        return []
    return [
        f"The models were trained for different scores ({', '.join(sorted(trained_for))}: training.score), which "
        f"selected their epochs. They are ranked by {table.score.metric}."
    ]


def _unconverged(results: list[Result]) -> list[str]:
    """Runs whose equilibrium layers, or whose directed network, stopped before they were at an equilibrium."""
    unconverged = sum(result.solver is not None and result.solver.eval_unconverged > 0 for result in results)
    if not unconverged:
        return []
    its, scores = agree(unconverged, "its", "their"), agree(unconverged, "its score is", "their scores are")
    return [
        f"{unconverged} of {count(len(results), 'run')} ended {its} last evaluation with batches above the tolerance "
        f"of {its} iteration: {scores} of where it stopped, not of an equilibrium."
    ]


def _unsettled(table: Table) -> list[str]:
    """Runs that were judged by running statistics of batch norm which lag behind their weights."""
    shares = [result.statistics_left or 0.0 for result in table.results if result.is_unsettled]
    if not shares:
        return []
    low, high = f"{min(shares):.0%}", f"{max(shares):.0%}"
    models = [row.name for row in table.rows if any(result.is_unsettled for result in row.results)]
    return [
        f"{len(shares)} of {count(len(table.results), 'run')} ({name_some(models, SOME)}): running statistics of "
        f"batch norm kept {low if low == high else f'{low} to {high}'} of their initial values, so the scores are of "
        "another network than was trained, and mostly too low. Pass training.precise_bn=4096 to compute them anew."
    ]


def _mixed(results: list[Result]) -> list[str]:
    """Runs whose parts were trained by different devices, versions or commits."""
    mixed = sum(bool(result.earlier_parts) for result in results)
    if not mixed:
        return []
    were, its = agree(mixed, "was", "were"), agree(mixed, "its", "their")
    return [
        f"{mixed} of {count(len(results), 'run')} {were} continued by another device, version or commit than {its} "
        f"earlier epochs (earlier_parts in result.json): {its} scores are of neither alone."
    ]


def _unlike(table: Table) -> list[str]:
    """Runs and models that are not alike."""
    lines = []
    if len(devices := {result.device for result in table.results if result.device}) > 1:
        lines.append(f"The runs differ in device ({', '.join(sorted(devices))}), so their costs are not comparable.")
    lines += [*_split(table), *_confounded(table)]
    if table.has_other_rows:
        lines.append(
            f"{table.dataset_name} has returned other rows to other runs of the experiment, which are in a table of "
            "their own, for they cannot be compared with these. Searches are left out: their trials may have had "
            "either."
        )
    if blocks := len(table.other_models):
        are, them = agree(blocks, "is", "are"), agree(blocks, "it", "them")
        lines.append(
            f"{blocks} of {count(len(table.rows), 'model')} {are} neither the paper's unit nor of the grid: ranked, "
            f"but no comparison and no cost includes {them}."
        )
    lines += describe_repeated(table)
    if len({len(row.runs) for row in table.rows}) > 1:
        lines.append("The models have different numbers of seeds: those with few have wide intervals.")
    if any(row.examples == "cases" for row in table.rows):
        lines.append(
            "Images of one case resemble each other: accuracies are over images unless they are called case_acc; tests "
            "are over cases, each with the share of its images that is classified correctly."
        )
    return [*lines, *_grouped(table)]


def _grouped(table: Table) -> list[str]:
    """What the accuracies and the tests of examples in groups are over."""
    words = dict.fromkeys(row.scored for row in table.rows if row.examples == "groups")
    if table.score.metric != "accuracy":  # nothing is tested over them
        return []
    told = [
        f"{word.capitalize()} of one group resemble each other: accuracies are over {word}; tests are over groups, "
        f"each with the share of its {word} that is classified correctly."
        for word in words
    ]
    return [*told, *describe_ungrouped(table.rows)]


def _marked(results: list[Result]) -> list[str]:
    """Returns what the marks beside times mean, with the number of runs that have each."""
    marked: dict[Callable[[int], str], int] = {
        _short: sum(r.seconds is not None and r.seconds.to_solution < SHORT_S for r in results),
        _together: sum(r.trained_together > 1 for r in results),
        _contended: sum(r.contended and r.trained_together == 1 for r in results),
        _starved: sum(is_starved(r) and not r.contended for r in results),
        _resumed: sum(r.resumed > 0 for r in results),
    }
    return [f"{number} of {count(len(results), 'run')} {say(number)}" for say, number in marked.items() if number]


def _short(number: int) -> str:
    return f"took under {SHORT_S:.0f} s (marked ~): too few energy readings to compare; times are still used."


def _together(number: int) -> str:
    were, its = agree(number, "was", "were"), agree(number, "its", "their")
    return (
        f"{were} trained together with others in one process (marked !): {its} time and energy are shares of the whole "
        "and are not compared."
    )


def _contended(number: int) -> str:
    its, they_were = agree(number, "its", "their"), agree(number, "it was", "they were")
    return (
        f"shared the host with other runs while {they_were} measured (marked !): {its} time and energy are not "
        "compared."
    )


def _starved(number: int) -> str:
    its, s = agree(number, "its", "their"), agree(number, "", "s")
    return (
        f"had the processor for less than {STARVED:.0%} of {its} time (marked !): other work on the machine makes "
        f"{its} wall-clock time{s} and energy estimate{s} too high."
    )


def _resumed(number: int) -> str:
    were, its = agree(number, "was", "were"), agree(number, "its", "their")
    return (
        f"{were} interrupted and resumed (marked +): {its} time and energy are sums over the parts and are not "
        "compared."
    )


def _started(results: list[Result]) -> list[str]:
    """Says of runs that start from trained weights what their cost lacks, and what of their data was not checked."""
    started = [result for result in results if result.start_sha256 is not None]
    if not started:
        return []
    number = len(started)
    start, its = agree(number, "starts", "start"), agree(number, "its", "their")
    lines = [
        f"{number} of {count(len(results), 'run')} {start} from trained weights (training.start_from): {its} time, "
        f"energy and CO2 are of what was trained since, without what {its} source cost. So "
        f"{agree(number, 'it is', 'they are')} not compared in cost with other runs, nor with what a search finds at "
        "that cost."
    ]
    if any(result.has_own_rows for result in started):
        these, they = agree(number, "this run", "these runs"), agree(number, "it", "they")
        lines.append(
            f"Whether some of the rows that judge {these} have trained the weights {they} started from was not "
            "checked: a function chooses them (dataset=python)."
        )
    return lines


def _selected(table: Table) -> list[str]:
    """Describes selection on the data that judge."""
    if table.split != "paper":
        return []
    lines = []
    if any(not result.has_own_rows for result in table.results):
        lines.append(
            "With split: paper, validation uses the official test data, so the best of the grid is selected on them; "
            "use dataset.split=holdout for an unbiased comparison."
        )
    if names := list(dict.fromkeys(result.dataset for result in table.results if result.has_own_rows)):
        lines.append(
            f"{' and '.join(names)} gave no test data, so nothing is held out: the validation data that select the "
            "best of the grid also judge it; use dataset.split=holdout for an unbiased comparison."
        )
    return lines


def _truth_table(table: Table) -> list[str]:
    """Says that all rows of a truth table train and judge."""
    gates = dict.fromkeys(
        result.dataset for result in table.results if result.config.get("dataset", {}).get("name") == "gates"
    )
    if not gates:
        return []
    return [f"Every row of {' and '.join(gates)} trains and validates: the scores say nothing of other data."]


def _split(table: Table) -> list[str]:
    """Models of several rows, because their runs had different hardware or numbers of threads."""
    lines = []
    for rows in _by(table.rows, lambda row: row.result.stem):
        if len(rows) < 2 or len({describe_hardware(row.result) for row in rows}) < 2:
            continue  # the usual case, which need not read the schema
        for same in _by(rows, lambda row: identity_without_seed(row.result)):
            hardware = list(dict.fromkeys(describe_hardware(row.result) or "not known" for row in same))
            if len(hardware) > 1:
                names = ", ".join(row.name for row in same)
                lines.append(
                    f"The rows {names} are one model on different hardware or threads ({'; '.join(hardware)}): each is "
                    "ranked by itself, and no mean includes seeds of both."
                )
    return lines


def _by(rows: Iterable[Row], key: Callable[[Row], bytes | str]) -> list[list[Row]]:
    """Groups rows of one key, in order of their first rows."""
    groups: dict[bytes | str, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return list(groups.values())


def _confounded(table: Table) -> list[str]:
    """Settings that the units have and the baselines do not, which may be why one is better than the other."""
    lines = []
    for key in table.axes.keys:
        if key.partition(".")[0] in IN_NAME:
            continue
        units, baselines = (_values(table.axes, key, rows) for rows in (table.unit_models, table.baselines))
        if units and baselines and units != baselines:
            lines.append(
                f"Units have {key}={','.join(units)}, baselines {key}={','.join(baselines)}: a difference between "
                "them may come from that."
            )
    return lines


def _values(axes: Axes, key: str, rows: list[Row]) -> list[str]:
    values = [axes.values(row.result.config)[key] for row in rows]
    numbers = sorted({value for value in values if isinstance(value, int | float)})
    words = sorted({write_value(value) for value in values if not isinstance(value, int | float)})
    return [*map(write_value, numbers), *words]
