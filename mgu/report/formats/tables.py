"""Side tables of a report: comparisons that were asked for, the unit against every baseline, the paper's rows."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from mgu.report.analysis import Analysis
from mgu.report.classes import classes_of
from mgu.report.contrasts.answer import Answer, costs_of
from mgu.report.cost_kinds import CostKind, times
from mgu.report.costs import Ratio
from mgu.report.formats.class_tables import class_table
from mgu.report.formats.side_table import MISSING, Entry, SideTable
from mgu.report.ranking.rank import Table
from mgu.report.rivals import rivals
from mgu.report.searches.fronts import front_tables
from mgu.report.searches.measured import measured_table
from mgu.report.searches.table import SearchTable, search_tables
from mgu.report.stats.compare import Comparison
from mgu.report.stats.comparison_words import difference_text, p_text
from mgu.report.stats.replication import Pair
from mgu.report.stats.sample import Sample
from mgu.report.stats.verdict import Verdict
from mgu.tasks.score import shorten

COSTS: dict[CostKind, str] = {"time": "time", "processor": "CPU time", "gpu": "GPU energy"}


def side_tables(analysis: Analysis) -> list[SideTable]:
    """Returns the side tables of an experiment that have rows."""
    tables = [verdict_table(analysis), *answer_tables(analysis.answer), *map(comparison_table, analysis.verdicts)]
    if analysis.searches:
        tables += map(without_keys, (*search_tables(analysis.searches), *front_tables(analysis.searches)))
    tables += [without_keys(measured_table(searches)) for searches in analysis.measured]
    tables += [] if analysis.table.is_joined else [replication_table(analysis.replication)]
    tables += class_tables(analysis)
    return [table for table in tables if table.rows]


def class_tables(analysis: Analysis) -> list[SideTable]:
    """Returns the classes of each model that is compared, where they are asked for."""
    return [class_table(model) for model in classes_of(analysis)] if analysis.by_class else []


def without_keys(table: SearchTable) -> SideTable:
    """Returns a table of searches as one of the side tables, whose columns have titles alone."""
    return SideTable(table.title, table.columns, table.rows)


def verdict_table(analysis: Analysis) -> SideTable:
    """Compares every kind of unit with its rivals: the best of the grid, the default networks, a search at its cost."""
    pairs = [(verdict, rival) for verdict in analysis.verdicts for rival in rivals(analysis, verdict)]
    kinds = [kind for kind in COSTS if any(rival.cost(kind) is not None for _, rival in pairs)]
    titles = ["unit", "rival", "difference [points]", "95 % interval", "seeds", "p", "the unit is"]
    costs = [f"rival's {COSTS[kind]}" for kind in kinds]
    titles += costs
    rows: list[list[Entry]] = [
        [
            (verdict.unit.name, verdict.unit.name),
            (rival.name, rival.name),
            *_decisive(rival.comparison),
            (rival.outcome, rival.outcome),
            *(_ratio(rival.ratio(kind)) for kind in kinds),
        ]
        for verdict, rival in pairs
    ]
    title = "Units minus their rivals, whose costs are relative to the unit's"
    if (count := len(analysis.verdicts)) > 1:
        title += f"; p is corrected for {count} kinds of unit"
    if any(ratio.is_unequal for _, rival in pairs for kind in kinds if (ratio := rival.ratio(kind))):
        title += "; ! was not measured under equal conditions"
    if any(ratio.value is None for _, rival in pairs for ratio in rival.ratios if ratio.kind in kinds):
        title += "; - cannot be compared"
    return SideTable(title, titles, rows, (0, 1, 6), ("seeds", *reversed(costs), "95 % interval", "p"))


def _decisive(comparison: Comparison) -> list[Entry]:
    """Returns difference, interval, number of seeds and corrected p-value of a comparison."""
    difference, interval, seeds, *_, corrected = numbers(comparison)
    return [difference, interval, seeds, corrected]


def _ratio(ratio: Ratio | None) -> Entry:
    if ratio is None or ratio.value is None:
        return MISSING
    mark = "!" if ratio.is_unequal else ""
    return (f"{times(ratio.value)}{mark}", ratio.value)


def comparison_table(verdict: Verdict) -> SideTable:
    """Compares a unit with every baseline, best first; stats/compare.py describes the p-values."""
    columns = ["baseline", *number_titles(verdict.unit.examples)]
    title = f"The unit {verdict.unit.name} minus each baseline, {verdict.table.tested}_acc"
    rows: list[list[Entry]] = [
        [(comparison.baseline.name, comparison.baseline.name), *numbers(comparison)]
        for comparison in verdict.comparisons
    ]
    return SideTable(title, columns, rows)


def answer_tables(answer: Answer | None) -> list[SideTable]:
    """Lists the comparisons of an answer; by a key, first the means over models."""
    if answer is None or not answer.comparisons:
        return []
    table, examples = answer.table, answer.comparisons[0].first.row.examples
    unit = "points" if table.score.is_percent else table.score.metric
    metric = "the score of the test images that each has" if table.is_joined else _metric(table)
    titles = [*number_titles(examples, unit), "time ratio"]
    if answer.kind == "best":
        title = f"The best row {answer.comparisons[0].first.name} minus each other, {metric}"
        rows = [
            [(comparison.second.name, comparison.second.name), *numbers(comparison), time_entry(comparison)]
            for comparison in answer.comparisons
        ]
        return [SideTable(title, ["model", *titles], rows)]
    rows = [
        [(comparison.first.name, comparison.first.name), *numbers(comparison), time_entry(comparison)]
        for comparison in answer.comparisons
    ]
    if answer.kind != "by":
        title = f"Each row minus {answer.comparisons[0].second.name}, {metric}"
        return [SideTable(title, ["model", *titles], rows)]
    title = f"{answer.key} minus {answer.reference}, each model by itself, {metric}"
    return [_means_table(answer, titles, metric), SideTable(title, ["model", *titles], rows)]


def _means_table(answer: Answer, titles: Sequence[str], metric: str) -> SideTable:
    """Compares the values of a key by the means over all models that have both; the first is the reference."""
    nothing = [MISSING] * len(titles)
    rows = [[*_mean(comparison.second), *nothing] for comparison in answer.means[:1]]
    rows += [[*_mean(comparison.first), *numbers(comparison), time_entry(comparison)] for comparison in answer.means]
    title = f"{answer.key} minus {answer.reference}, mean over models that are alike but for it, {metric}"
    mean = "mean [%]" if answer.table.score.is_percent else "mean"
    return SideTable(title, [answer.key, "models", mean, *titles], rows)


def _mean(sample: Sample) -> list[Entry]:
    """Returns value, number of models and mean score of a sample."""
    score, mean = sample.row.score, fmean(sample.scores.values())
    text = f"{100 * mean:.2f}" if score.is_percent else shorten(mean)
    return [(sample.name, sample.name), (str(len(sample.rows)), len(sample.rows)), (text, mean)]


def _metric(table: Table) -> str:
    return f"{table.tested}_{table.score.metric.replace('accuracy', 'acc')}"


def number_titles(examples: str, unit: str = "points") -> list[str]:
    """Returns the headings of `numbers`."""
    return [f"difference [{unit}]", "95 % interval", "seeds", "effect size d", "p over seeds", f"p over {examples}",
            "p over both", "p corrected"]  # fmt: skip


def numbers(comparison: Comparison) -> list[Entry]:
    """Returns the cells of one comparison."""
    low, high = comparison.difference.low, comparison.difference.high
    interval = "-"
    if low is not None and high is not None:
        interval = f"{difference_text(comparison, low)} to {difference_text(comparison, high)}"
    return [
        (difference_text(comparison, comparison.difference.mean), comparison.difference.mean),
        (interval, low),
        (str(comparison.difference.n), comparison.difference.n),
        ("-" if comparison.effect is None else f"{comparison.effect:+z.2f}", comparison.effect),
        *((p_text(p), p) for p in (comparison.p_seeds, comparison.p_images, comparison.p, comparison.p_corrected)),
    ]


def time_entry(comparison: Comparison) -> Entry:
    """Returns the time to solution relative to the other side's; a dash where it cannot be compared."""
    ratio = next((ratio.value for ratio in costs_of(comparison) if ratio.kind == "time"), None)
    return ("-" if ratio is None else f"{ratio:.2f}x", ratio)


def replication_table(pairs: Sequence[Pair]) -> SideTable:
    """Lists the paper's rows with ours, by the paper's accuracy."""
    columns = [
        "model_name",
        "in the paper",
        "paper [%]",
        "ours [%]",
        "difference [points]",
        "in our interval",
        "diverged",
    ]
    within = {None: "-", True: "no", False: "yes"}
    rows: list[list[Entry]] = [
        [
            (pair.row.name, pair.row.name),
            (pair.paper.model_name, pair.paper.model_name),
            (f"{pair.paper.val_acc:.2f}", pair.paper.val_acc),
            ("-" if pair.ours is None else f"{pair.ours:.2f}", pair.ours),
            ("-" if pair.difference is None else f"{pair.difference:+.2f}", pair.difference),
            (within[pair.is_outside], within[pair.is_outside]),
            (pair.diverged, pair.diverged),
        ]
        for pair in pairs
    ]
    return SideTable("The paper's results and ours", columns, rows)
