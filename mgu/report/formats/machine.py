"""Reports for machines: CSV and JSON with exact values."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from mgu.errors import printable
from mgu.report.analysis import Analysis
from mgu.report.contrasts import Answer
from mgu.report.contrasts.answer import costs_of, rows_compared
from mgu.report.in_processes import map_analyses
from mgu.report.ranking.columns import Value, columns
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.rivals import Rival, rivals
from mgu.report.searches.equal_cost import EqualCost
from mgu.report.searches.measured import Measured, measured_table
from mgu.report.searches.words import describe_searches, search_table
from mgu.report.stats.budget import BestSoFar
from mgu.report.stats.compare import Comparison
from mgu.report.stats.replication import Pair
from mgu.report.stats.verdict import Verdict
from mgu.report.stats.words import verdict_sentence

COMPARED = ("compared_with", "difference", "difference_low", "difference_high", "p_seeds", "p_images", "p_both",
            "p_corrected")  # fmt: skip
ROLES = {"best of the grid": "grid", "default network": "default", "random search": "search"}
VERDICT = (
    "unit_kind",
    *(
        f"{prefix}_{name}"
        for prefix in ROLES.values()
        for name in ("name", "verdict", "difference", "p", "time_ratio", "processor_ratio")
    ),
)
FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
UNITS = {
    "*_acc": "percent, and so *_acc_sd, _low and _high",
    "*_accuracy, difference, low, high, margin, optimism": "fractions of one",
    "*_s": "seconds",
    "*_wh": "watt-hours, by the method in *_method",
    "cpu_design_power_w": "watts, assumed where cpu_method is model",
    "machine_load, gpu_busy, gpu_busy_max": "share of one",
    "processors_busy": "processors, in training",
    "*_mib, *_mib_max": "mebibytes",
    "*_w, *_w_max": "watts",
    "*_kg_estimated": "kilograms of CO2-equivalent",
}


def to_csv(tables: Sequence[Table], answers: Sequence[Answer | None] = (), analyses: Sequence[Analysis] = ()) -> str:
    """Writes one line for each model with exact values.

    Accuracies are in percent, and a cell is empty where nothing was measured. The column `seed` lists the seeds of the
    runs that share a row, separated by blanks.

    Columns from compared_with to p_corrected, with differences in 0..1 for accuracies, hold the answers to a question.
    Columns from unit_kind on hold the verdict, in the line of the best model of each kind of unit.

    Args:
        tables: Ranked tables.
        answers: For each table the answer to what was asked; empty where nothing was.
        analyses: For each table its verdicts; empty for none.

    Returns:
        The CSV text with one header for all tables.
    """
    keys: dict[str, None] = {}
    for table in tables:
        keys.update(dict.fromkeys(column.key for column in columns(table)))
    text = io.StringIO()
    verdicts = map_analyses(_verdict_columns, analyses) or [{} for _ in tables]
    names = [*keys, "experiment", "dataset", "split", "seed", *(COMPARED if any(answers) else ())]
    names += VERDICT if any(verdicts) else ()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_cell, names))
    for table, found, judged in zip(tables, answers or [None] * len(tables), verdicts, strict=True):
        compared = rows_compared(found) if found else {}
        for place, (record, row) in enumerate(zip(_records(table), table.rows, strict=True)):
            seeds = " ".join(str(result.seed) for result in row.results)
            values = record | _origin(table) | {"seed": seeds} | _compared(compared.get(id(row)))
            values |= judged.get(place, {})
            writer.writerow(_cell(values.get(name)) for name in names)
    return text.getvalue()


def _verdict_columns(analysis: Analysis) -> dict[int, dict[str, Any]]:
    """Returns by place of the best row of each kind of unit the values of the columns of its verdict."""
    found: dict[int, dict[str, Any]] = {}
    for own in analysis.verdicts:
        values: dict[str, Any] = {"unit_kind": own.kind.name}
        for rival in reversed(rivals(analysis, own)):  # so that the first of several default networks stays
            prefix, comparison = ROLES[rival.role], rival.comparison
            values |= {
                f"{prefix}_name": comparison.second.name,
                f"{prefix}_verdict": rival.outcome,
                f"{prefix}_difference": comparison.difference.mean,
                f"{prefix}_p": comparison.p_corrected,
                f"{prefix}_time_ratio": rival.cost("time"),
                f"{prefix}_processor_ratio": rival.cost("processor"),
            }
        found[analysis.table.rows.index(own.unit)] = values
    return found


def _compared(own: Comparison | None) -> dict[str, Any]:
    """Returns the values of the columns that answer a question."""
    if own is None:
        return {}
    difference = own.difference
    return dict(
        zip(COMPARED, (own.second.name, difference.mean, difference.low, difference.high, own.p_seeds, own.p_images,
                       own.p, own.p_corrected), strict=True)
    )  # fmt: skip


def _cell(value: Value) -> Value:
    """Returns a value for a CSV file that spreadsheets open: text that they would take for a formula is quoted.

    See https://owasp.org/www-community/attacks/CSV_Injection. Numbers stay numbers, whatever their sign.
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def to_json(analyses: Sequence[Analysis], skipped: Sequence[str]) -> str:
    """Writes rows, statistics and sentences of each experiment.

    Args:
        analyses: The experiments.
        skipped: One line for each file that could not be read.

    Returns:
        The JSON text.
    """
    experiments = map_analyses(_experiment, analyses)
    return json.dumps({"units": UNITS, "experiments": experiments, "skipped": list(skipped)}, indent=2) + "\n"


def _experiment(analysis: Analysis) -> dict[str, Any]:
    table, verdict = analysis.table, analysis.verdict
    return {
        **_origin(table),
        "task": table.task,
        "axes": list(table.axes.keys),
        "rows": [record | {"seeds": _runs(row)} for record, row in zip(_records(table), table.rows, strict=True)],
        "verdict": verdict and _verdict(verdict),
        "verdicts": [_kind(analysis, own) for own in analysis.verdicts],
        "comparison": analysis.answer and _answer(analysis.answer),
        "optimism": analysis.optimism._asdict(),
        "cost_ratios": [
            {
                "unit_kind": charge.name,
                "charged": charge.title,
                **{ratio.kind: ratio.value for ratio in charge.ratios},
                "notes": {ratio.kind: ratio.note for ratio in charge.ratios if ratio.note},
            }
            for charge in analysis.charges
        ],
        "budget": [_budget(analysis.best_so_far, own) for own in analysis.verdicts if analysis.best_so_far],
        "searches": _searches(analysis.searches),
        "measured": list(map(measured_to_plain, analysis.measured)),
        "paper": [_pair(pair) for pair in analysis.replication],
        "summary": analysis.lines,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome,
        "sentence": verdict_sentence(verdict),
        "unit": verdict.unit.name,
        "margin": verdict.margin,
        "compared_on": verdict.table.tested,
        "median": verdict.median.baseline.name,
        "own_layout": verdict.same_layout and verdict.same_layout.baseline.name,
        "comparisons": [_comparison(own) for own in verdict.comparisons],
    }


def _answer(found: Answer) -> dict[str, Any]:
    """The answer to a question, with differences in 0..1 for accuracies: `first` minus `second`."""
    return {
        "kind": found.kind,
        "by": found.key or None,
        "means": [_contrast(found, own) for own in found.means],
        "values": [
            {"value": own.name, "models": len(own.rows), "score": fmean(own.scores.values()) if own.scores else None}
            for own in found.values
        ],
        "comparisons": [_contrast(found, own) for own in found.comparisons],
    }


def _contrast(found: Answer, own: Comparison) -> dict[str, Any]:
    record = _comparison(own)
    del record["baseline"], record["p_margin"]
    costs = {ratio.kind: ratio.value for ratio in costs_of(own)}
    names = {"first": own.first.name, "second": own.second.name, "models": len(own.first.rows)}
    return names | {"outcome": found.outcome(own)} | record | {"cost_ratios": costs}


def _kind(analysis: Analysis, own: Verdict) -> dict[str, Any]:
    """The verdict of one kind of unit, with differences in 0..1."""
    return {
        "kind": own.kind.name,
        "models": [row.name for row in own.kind.rows],
        "unit": own.unit.name,
        "outcome": own.outcome,
        "margin": own.margin,
        "compared_on": own.table.tested,
        "corrected_for_kinds": own.num_kinds,
        "rivals": [_rival(rival) for rival in rivals(analysis, own)],
    }


def _rival(own: Rival) -> dict[str, Any]:
    record = _comparison(own.comparison)
    name = record.pop("baseline") if own.role != "random search" else None
    costs = {ratio.kind: ratio.value for ratio in own.ratios}
    return {"role": own.role, "name": name, "outcome": own.outcome} | record | {"cost_relative_to_unit": costs}


def _budget(curve: BestSoFar, own: Verdict) -> dict[str, Any]:
    """What a search in random order would have bought at the cost of one kind of unit."""
    cost_s, accuracy = curve.cost_of(own.kind.rows), fmean(own.unit.accuracies(own.table.tested).values())
    return {
        "unit_kind": own.kind.name,
        "cost": curve.basis,
        "unit_s": cost_s,
        "unit_accuracy": accuracy,
        "grid_expected_at_unit_s": None if cost_s is None else float(curve.expected[curve.at(cost_s)]),
        "grid_reaches_unit_after_s": curve.reached_s(accuracy),
    }


def _searches(found: EqualCost | None) -> dict[str, Any] | None:
    """The searches: seconds of one multiple, and each row by the names of the columns."""
    if found is None:
        return None
    table = search_table(found)
    rows = [dict(zip(table.keys, (value for _, value in row), strict=True)) for row in table.rows]
    return {"multiple_s": found.unit_s, "rows": rows, "summary": describe_searches(found)}


def measured_to_plain(found: Measured) -> dict[str, Any]:
    """Returns the searches that measured the points of one space, each row by the names of the columns."""
    table = measured_table(found)
    rows = [dict(zip(table.keys, (value for _, value in row), strict=True)) for row in table.rows]
    return {"space": found.space, "points": found.size, "unit": found.unit, "best_known": found.best, "rows": rows}


def searches_to_csv(found: Sequence[EqualCost]) -> str:
    """Writes one line for each search with exact values; scores in 0..1 for accuracies, times in seconds.

    Args:
        found: The searches of each experiment.

    Returns:
        The CSV text with one header for all experiments.
    """
    tables = [(own.table, search_table(own)) for own in found]
    names = list(dict.fromkeys(key for _, table in tables for key in table.keys))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "experiment", "dataset", "split"])
    for own, table in tables:
        for row in table.rows:
            values = dict(zip(table.keys, (value for _, value in row), strict=True))
            writer.writerow([*(_cell(values.get(name)) for name in names), *map(_cell, _origin(own).values())])
    return text.getvalue()


def _runs(row: Row) -> list[dict[str, Any]]:
    metric = row.result.score.metric
    values = row.values("val", metric)
    return [
        {
            "seed": result.seed,
            **({"fold": result.replicate.fold} if result.replicate.folds else {}),
            "name": result.name,
            "identity": result.identity,
            "status": result.status,
            f"val_{metric}": values.get(result.replicate),
            "tts_s": result.seconds.to_solution if result.seconds else None,
        }
        for result in row.results
    ]


def _comparison(own: Comparison) -> dict[str, Any]:
    """A comparison with differences in 0..1."""
    return {
        "baseline": own.baseline.name,
        "seeds": [run.seed for run in own.shared],
        **({"folds": [run.fold for run in own.shared]} if own.has_folds else {}),
        "difference": own.difference.mean,
        "low": own.difference.low,
        "high": own.difference.high,
        "effect": own.effect,
        "p_seeds": own.p_seeds,
        "p_images": own.p_images,
        "p_both": own.p,
        "p_corrected": own.p_corrected,
        "p_margin": own.p_margin,
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "paper_name": pair.paper.model_name,
        "model_name": pair.row.name,
        "paper_val_acc": pair.paper.val_acc,
        "val_acc": pair.ours,
        "difference": pair.difference,
        "paper_outside_interval": pair.is_outside,
        "diverged": pair.diverged,
    }


def _origin(table: Table) -> dict[str, str]:
    return {"experiment": table.experiment, "dataset": table.dataset, "split": table.split}


def _records(table: Table) -> list[dict[str, Value]]:
    """The values of each row by column."""
    shown = columns(table)  # looks at every row, so it is called once for the table
    return [{column.key: column.value(row) for column in shown} for row in table.rows]
