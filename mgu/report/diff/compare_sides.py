"""What differs between two sides; every difference is B minus A, for A is what was there before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mgu.console.text import count, size
from mgu.report.costs import cost_ratios, describe_ratios
from mgu.report.data_names import name_data
from mgu.report.diff.classes import compare_classes
from mgu.report.diff.costs import LACKING, compare_costs
from mgu.report.diff.side import Side
from mgu.report.formats.side_table import Entry, SideTable
from mgu.report.formats.tables import number_titles, numbers, time_entry
from mgu.report.ranking.rank import share_score
from mgu.report.ranking.row import Row
from mgu.report.stats.compare import Comparison, compare
from mgu.report.stats.comparison_words import describe_comparison, signed
from mgu.report.stats.correct import correct_of
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.images import takes_mcnemar
from mgu.report.stats.sample import Sample, sample_of
from mgu.report.stats.ungrouped import describe_ungrouped
from mgu.results.compare.axes import complete_values, is_outside_identity, write_value
from mgu.results.schema.replicate import Replicate
from mgu.results.schema.result import Result
from mgu.tasks.score import shorten
from mgu.text.agree import agree

NO_KEYS = ("dataset.sha256",)  # the table of the data has it


@dataclass(frozen=True)
class Diff:
    """Holds what differs.

    Attributes:
        first: Name of A.
        second: Name of B.
        notes: Sentences; where the data differ, the first says so.
        tables: Tables that have rows.
    """

    first: str
    second: str
    notes: tuple[str, ...]
    tables: tuple[SideTable, ...]


def diff(first: Side, second: Side) -> Diff:
    """Compares two sides; models are matched by name, two runs in any case.

    Args:
        first: A.
        second: B.

    Returns:
        What differs.
    """
    is_of_runs = first.is_run and second.is_run
    names = [name for name in first.models if name in second.models]
    pairs = [(name, first.models[name], second.models[name]) for name in names]
    if is_of_runs:
        pairs = [("run", next(iter(first.models.values())), next(iter(second.models.values())))]
    data = _sets(
        first,
        second,
        {"data": _name_data(first, second), "split": lambda result: result.shown_split, "digest": _digest},
    )
    comparisons = _compare(pairs, is_paired_anyway=is_of_runs, on_same_images=not data)
    keys = _sets(first, second, {key: _value_of(key) for key in _keys(first, second)})
    tables = [
        SideTable("Data", ["", "A", "B"], data),
        SideTable("Configuration", ["key", "A", "B"], keys),
        *([_metrics(pairs[0][1].result, pairs[0][2].result)] if is_of_runs else []),
        *([compare_classes(pairs[0][1].result, pairs[0][2].result)] if is_of_runs and not data else []),
        *([] if is_of_runs else [_scores(comparisons)]),
        SideTable("Size", ["model", "A parameters", "B parameters", "A FLOPs", "B FLOPs"], _sizes(pairs, is_of_runs)),
        compare_costs(pairs),
        SideTable("Environment", ["", "A", "B"], _sets(first, second, _environment(first, second))),
    ]
    notes = [*_describe_data(data), *_describe_models(first, second, pairs), *_describe(comparisons, is_of_runs)]
    notes += describe_ungrouped([row for _, *both in pairs for row in both])
    ratios = cost_ratios([b for _, _, b in pairs], [a for _, a, _ in pairs]) if pairs else ()
    if ratios:
        notes.append(f"B costs, relative to A: {describe_ratios(ratios)}.")
    same = [] if keys else ["The configurations are the same but for seeds, folds and what cannot change a result."]
    return Diff(first.name, second.name, (*notes, *same), tuple(table for table in tables if table.rows))


def _compare(
    pairs: list[tuple[str, Row, Row]], *, is_paired_anyway: bool, on_same_images: bool
) -> list[tuple[str, Comparison]]:
    """Compares B with A for each model, corrected for the number of models; two runs even with different seeds."""
    comparisons = []
    for name, a, b in pairs:
        share_score((a, b))
        bits = correct_of([a, b]) if on_same_images else [{}, {}]
        sides = [sample_of(row, answers, row.tested) for row, answers in zip((a, b), bits, strict=True)]
        if is_paired_anyway and len({(run.fold, run.folds) for side in sides for run in side.scores}) == 1:
            sides = [_without_seed(side) for side in sides]
        if sides[1].scores:
            comparisons += [(name, comparison) for comparison in compare(sides[1], sides[:1])]
    corrected = correct_for_many([comparison.p for _, comparison in comparisons])
    return [
        (name, replace(comparison, p_corrected=p)) for (name, comparison), p in zip(comparisons, corrected, strict=True)
    ]


def _without_seed(sample: Sample) -> Sample:
    """Returns the sample of a run as if its seed were 0."""
    return replace(
        sample,
        scores={_first_seed(replicate): score for replicate, score in sample.scores.items()},
        images={_first_seed(replicate): images for replicate, images in sample.images.items()},
    )


def _first_seed(replicate: Replicate) -> Replicate:
    return Replicate(0, replicate.fold, replicate.folds)


def _describe_data(data: list[list[Entry]]) -> list[str]:
    if not data:
        return []
    told = "; ".join(f"{label}: {a} and {b}" for (label, _), (a, _), (b, _) in data)
    return [f"The data differ ({told}): scores are not compared by images."]


def _describe_models(first: Side, second: Side, pairs: list[tuple[str, Row, Row]]) -> list[str]:
    """Models of one side only."""
    if first.is_run and second.is_run:
        return []
    lonely = [f"{len(s.models) - len(pairs)} of {len(s.models)} in {n}" for s, n in ((first, "A"), (second, "B"))]
    has_lonely = any(len(side.models) > len(pairs) for side in (first, second))
    same = f"{count(len(pairs), 'model')} {agree(len(pairs), 'has', 'have')}"
    return [f"{same} the same name; without a partner are {' and '.join(lonely)}."] if has_lonely else []


def _describe(comparisons: list[tuple[str, Comparison]], is_of_runs: bool) -> list[str]:
    if not comparisons:
        return ["No score can be compared."]
    name, comparison = comparisons[0]
    subject = "B minus A" if is_of_runs else f"B minus A of {name}"
    many = f" (the first of {len(comparisons)} models)" if len(comparisons) > 1 else ""
    text = describe_comparison(comparison)
    row = comparison.first.row
    return [f"{subject}{many}, {row.tested} {row.score.metric}: {text}{_name_test(comparison)}."]


def _name_test(comparison: Comparison) -> str:
    """Names the test over images of two runs, in brackets; "" where there are several, or nothing is tested."""
    if comparison.p_images is None or len(comparison.shared) > 1:
        return ""
    is_exact = takes_mcnemar(comparison.first, comparison.second, comparison.shared)
    return " (exact McNemar test)" if is_exact else " (Student's t over their shares of right answers)"


def _scores(comparisons: list[tuple[str, Comparison]]) -> SideTable:
    """Returns B minus A for each model."""
    rows = [[(name, name), *numbers(comparison), time_entry(comparison)] for name, comparison in comparisons]
    if not rows:
        return SideTable("Scores", [], [])
    row = comparisons[0][1].first.row
    unit = "points" if row.score.is_percent else row.score.metric
    titles = ["model", *number_titles(row.examples, unit), "time ratio"]
    return SideTable(f"Scores, B minus A, {row.tested} {row.score.metric}", titles, rows)


def _metrics(a: Result, b: Result) -> SideTable:
    """Returns every metric of two runs."""
    rows: list[list[Entry]] = []
    for split in ("train", "val", "test"):
        ours, theirs = getattr(a, split), getattr(b, split)
        for field in (ours or theirs).__struct_fields__ if ours or theirs else ():
            values = [getattr(metrics, field, None) for metrics in (ours, theirs)]
            if all(value is None or isinstance(value, list) for value in values):
                continue
            cells: list[Entry] = [(LACKING if v is None else shorten(v), v) for v in values]
            delta = values[1] - values[0] if values[0] is not None and values[1] is not None else None
            text = LACKING if delta is None else signed(delta)
            rows.append([(f"{split} {field}", f"{split} {field}"), *cells, (text, delta)])
    return SideTable("Metrics (shares are fractions of one)", ["metric", "A", "B", "B minus A"], rows)


def _sizes(pairs: list[tuple[str, Row, Row]], are_all_shown: bool) -> list[list[Entry]]:
    rows: list[list[Entry]] = []
    for name, a, b in pairs:
        values = [(row.result.params_keras, row.result.flops_per_sample) for row in (a, b)]
        if are_all_shown or values[0] != values[1]:
            numbers_ = [values[0][0], values[1][0], values[0][1], values[1][1]]
            rows.append([(name, name), *((LACKING if n is None else size(n), n) for n in numbers_)])
    return rows


def _keys(first: Side, second: Side) -> list[str]:
    """Lists the keys that can change a result, but for seeds and folds, which are paired."""
    keys = dict.fromkeys(key for s in (first, second) for r in s.results for key in complete_values(r.config))
    return [key for key in keys if key not in (*NO_KEYS, "dataset.fold") and not is_outside_identity(key)]


def _value_of(key: str) -> Callable[[Result], str]:
    def value(result: Result) -> str:
        values = complete_values(result.config)
        return write_value(values[key]) if key in values else LACKING

    return value


def _environment(first: Side, second: Side) -> dict[str, Callable[[Result], str]]:
    """Returns what describes the environment of a run, by title."""
    libraries = dict.fromkeys(name for s in (first, second) for r in s.results for name in r.versions)
    readers: dict[str, Callable[[Result], str]] = {
        "device": lambda r: r.device or LACKING,
        "processor": lambda r: (r.processor and r.processor.name) or LACKING,
        "threads": lambda r: str(r.processor.threads) if r.processor else LACKING,
        "commit": lambda r: r.git_commit or LACKING,
    }
    return readers | {name: lambda r, name=name: r.versions.get(name, LACKING) for name in libraries}


def _name_data(first: Side, second: Side) -> Callable[[Result], str]:
    """Returns what names the data of a result among those of both sides."""
    results = [*first.results, *second.results]
    names = {id(result): name for result, name in zip(results, name_data(results), strict=True)}
    return lambda result: names[id(result)]


def _digest(result: Result) -> str:
    dataset = result.config.get("dataset")
    return str(dataset.get("sha256") or LACKING) if isinstance(dataset, dict) else LACKING


def _sets(first: Side, second: Side, values: dict[str, Callable[[Result], str]]) -> list[list[Entry]]:
    """Lists what differs between the sets of values of both sides."""
    rows: list[list[Entry]] = []
    for title, of in values.items():
        a, b = (", ".join(dict.fromkeys(sorted(of(result) for result in side.results))) for side in (first, second))
        if a != b:
            rows.append([(title, title), (a, a), (b, b)])
    return rows
