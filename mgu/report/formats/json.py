"""Reports as JSON, with exact values."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import msgspec.json

from mgu.report.analysis import Analysis
from mgu.report.classes import all_classes_of
from mgu.report.formats.class_tables import class_records
from mgu.report.formats.over_table import over_to_plain
from mgu.report.formats.plain_statistics import (
    answer_to_plain,
    best_so_far_to_plain,
    kind_to_plain,
    pair_to_plain,
    verdict_to_plain,
)
from mgu.report.formats.records import origin, records, search_records
from mgu.report.in_processes import map_analyses
from mgu.report.over_data_sets import Found, on_data_set, summarise
from mgu.report.ranking.row import Row
from mgu.report.searches.equal_cost import EqualCost
from mgu.report.searches.fronts import fronts_of, point_table, share_table
from mgu.report.searches.measured import MeasuredSearches, measured_table
from mgu.report.searches.sentences import describe_searches
from mgu.report.searches.table import search_table

UNITS = {
    "*_acc, *_recall, *_macro_f1": "percent, and so *_sd, _low and _high of these",
    "*_accuracy, difference, low, high, margin, optimism": "fractions of one",
    "*_s": "seconds",
    "*_kwh": "kilowatt-hours",
    "covered_at_*": "share of one",
    "precision, recall, f1 of classes": "share of one",
    "*_wh": "watt-hours, by the method in *_method",
    "cpu_design_power_w": "watts, assumed where cpu_method is model",
    "machine_load, gpu_busy, gpu_busy_max": "share of one",
    "processors_busy": "processors, in training",
    "*_mib, *_mib_max": "mebibytes",
    "*_w, *_w_max": "watts",
    "*_kg_estimated": "kilograms of CO2-equivalent",
}


def to_json(analyses: Sequence[Analysis], skipped: Sequence[str]) -> str:
    """Writes rows, statistics and sentences of each experiment.

    Args:
        analyses: The experiments.
        skipped: One line for each file that could not be read.

    Returns:
        The JSON text.
    """
    parts = map_analyses(_write, analyses)
    over = summarise(found for _, found in parts)
    text = (
        f'{{"units":{json.dumps(UNITS)},"experiments":[{",".join(text for text, _ in parts)}],'
        f'"over_data_sets":{json.dumps(list(map(over_to_plain, over.joined)))},"skipped":{json.dumps(list(skipped))}}}'
    )
    try:
        return msgspec.json.format(text, indent=2) + "\n"  # json.dumps(indent=2) is not compiled
    except msgspec.DecodeError:  # half a character, of a name that is not UTF-8
        return json.dumps(json.loads(text), indent=2) + "\n"


def _write(analysis: Analysis) -> tuple[str, Found]:
    """Writes an experiment; a number that JSON does not have, such as the loss of a run that diverged, is null."""
    plain, found = _experiment(analysis), on_data_set(analysis)
    try:
        return json.dumps(plain, allow_nan=False), found
    except ValueError:
        return json.dumps(_finite(plain)), found


def _finite(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {key: _finite(value) for key, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [_finite(value) for value in plain]
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def _experiment(analysis: Analysis) -> dict[str, Any]:
    """Returns the analysis of one experiment as plain values."""
    table, verdict = analysis.table, analysis.verdict
    return {
        **origin(table),
        "task": table.task,
        "axes": list(table.axes.keys),
        "rows": [record | {"seeds": _runs(row)} for record, row in zip(records(table), table.rows, strict=True)],
        "verdict": verdict and verdict_to_plain(verdict),
        "verdicts": [kind_to_plain(analysis, of_kind) for of_kind in analysis.verdicts],
        "comparison": analysis.answer and answer_to_plain(analysis.answer),
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
        "budget": [
            best_so_far_to_plain(analysis.best_so_far, of_kind) for of_kind in analysis.verdicts if analysis.best_so_far
        ],
        **({"classes": class_records(all_classes_of(analysis))} if analysis.by_class else {}),
        "searches": _searches(analysis.searches),
        "measured": list(map(measured_to_plain, analysis.measured)),
        "paper": [pair_to_plain(pair) for pair in analysis.replication],
        "summary": analysis.lines,
    }


def _runs(row: Row) -> list[dict[str, Any]]:
    metric = row.score.metric
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


def _searches(comparison: EqualCost | None) -> dict[str, Any] | None:
    """Returns the searches: the cost of one multiple, and each row by the names of the columns; so by each clock."""
    if comparison is None:
        return None
    return {
        "multiple_s": comparison.multiple,
        "rows": search_records(search_table(comparison)),
        "by_other_clocks": [
            {
                "clock": by_clock.clock.name,
                f"multiple_{by_clock.clock.key}": by_clock.multiple,
                "rows": search_records(search_table(by_clock)),
            }
            for by_clock in comparison.by_clocks[1:]
        ],
        "two_objectives": [
            {
                "second": fronts.second,
                "covered": search_records(share_table(fronts)),
                "front": search_records(point_table(fronts)),
            }
            for fronts in fronts_of(comparison)
        ],
        "summary": describe_searches(comparison),
    }


def measured_to_plain(searches: MeasuredSearches) -> dict[str, Any]:
    """Returns the searches that measured the points of one space as plain values.

    Args:
        searches: The searches.

    Returns:
        Values for JSON: the space, and a row for each strategy by the names of the columns.
    """
    return {
        "space": searches.space,
        "points": searches.size,
        "unit": searches.unit,
        "best_known": searches.best,
        "rows": search_records(measured_table(searches)),
    }
