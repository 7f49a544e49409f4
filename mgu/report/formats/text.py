"""Analysed tables as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from mgu.report.analysis import Analysis
from mgu.report.formats.tables import lesser_grids
from mgu.report.ranking.columns import LEFT_ALIGNED, columns, shown_columns
from mgu.report.ranking.rank import Row, Table
from mgu.report.stats.compare import Comparison
from mgu.report.stats.replication import Pair

UNITS = {
    "*_acc": "percent, and so *_acc_sd, _low and _high",
    "*_accuracy, difference, low, high, margin, optimism": "fractions of one",
    "*_s": "seconds",
    "*_wh": "watt-hours, by the method in *_method",
    "*_kg_estimated": "kilograms of CO2-equivalent",
}


def to_markdown(analyses: Sequence[Analysis]) -> str:
    """A heading, a table and what follows from it as lists, for each experiment."""
    parts = []
    for analysis in analyses:
        table = analysis.table
        shown = shown_columns(table)
        titles, is_left = [column.title for column in shown], [column.key in LEFT_ALIGNED for column in shown]
        lines = [
            f"## {table.title}",
            "",
            *_lines(titles, is_left, ([c.text(row) for c in shown] for row in table.rows)),
        ]
        for heading, sentences in analysis.sections.items():
            lines += ["", f"**{heading}**", "", *(f"- {sentence}" for sentence in sentences)]
        for grid in lesser_grids(analysis):
            cells = ([text for text, _ in row] for row in grid.rows)
            lines += [
                "",
                f"**{grid.title}**",
                "",
                *_lines(grid.columns, [k == 0 for k in range(len(grid.columns))], cells),
            ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def to_csv(tables: Sequence[Table]) -> str:
    """One row a model, exact values; accuracies in percent, an empty cell where nothing was measured. What runs share
    a row is told by `seed`, their seeds with blanks between.
    """
    keys: dict[str, None] = {}
    for table in tables:
        keys.update(dict.fromkeys(column.key for column in columns(table)))
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=[*keys, "experiment", "dataset", "split", "seed"], lineterminator="\n")
    writer.writeheader()
    for table in tables:
        seeds = (" ".join(str(result.seed) for result in row.results) for row in table.rows)
        writer.writerows(
            record | _origin(table) | {"seed": own} for record, own in zip(_records(table), seeds, strict=True)
        )
    return text.getvalue()


def to_json(analyses: Sequence[Analysis], skipped: Sequence[str]) -> str:
    """Rows, statistics and sentences of each experiment, and the files that could not be read."""
    return (
        json.dumps(
            {"units": UNITS, "experiments": [_experiment(own) for own in analyses], "skipped": list(skipped)}, indent=2
        )
        + "\n"
    )


def _experiment(analysis: Analysis) -> dict[str, Any]:
    table, verdict, curve = analysis.table, analysis.verdict, analysis.budget
    return {
        **_origin(table),
        "task": table.task,
        "rows": [record | {"seeds": _runs(row)} for record, row in zip(_records(table), table.rows, strict=True)],
        "verdict": verdict
        and {
            "outcome": verdict.outcome,
            "sentence": verdict.sentence,
            "unit": verdict.unit.name,
            "margin": verdict.margin,
            "compared_on": table.tested,
            "median": verdict.median.baseline.name,
            "own_layout": verdict.own_layout and verdict.own_layout.baseline.name,
            "comparisons": [_comparison(own) for own in verdict.comparisons],
        },
        "optimism": analysis.optimism._asdict(),
        "cost_ratios": [
            {"charged": charge.title, **{ratio.kind: ratio.value for ratio in charge.ratios}}
            for charge in analysis.charges
        ],
        "budget": curve
        and {
            "unit_s": curve.unit_s,
            "unit_accuracy": curve.unit_accuracy,
            "grid_expected_at_unit_s": float(curve.expected[curve.at_unit]),
            "grid_reaches_unit_after_s": curve.reached_s,
        },
        "paper": [_pair(pair) for pair in analysis.beside_paper],
        "summary": analysis.lines,
    }


def _runs(row: Row) -> list[dict[str, Any]]:
    metric = row.result.score.metric
    values: dict[int, float] = row.values("val", metric)
    return [
        {
            "seed": result.seed,
            "name": result.name,
            "identity": result.identity,
            "status": result.status,
            f"val_{metric}": values.get(result.seed),
            "tts_s": result.seconds.to_solution if result.seconds else None,
        }
        for result in row.results
    ]


def _comparison(own: Comparison) -> dict[str, Any]:
    """Differences as fractions."""
    return {
        "baseline": own.baseline.name,
        "seeds": list(own.seeds),
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


def _records(table: Table) -> list[dict[str, str | int | float | None]]:
    """One a row."""
    shown = columns(table)  # which look at every row: once for the table
    return [{column.key: column.value(row) for column in shown} for row in table.rows]


def _lines(titles: Sequence[str], is_left: Sequence[bool], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of Markdown."""

    def line(cells: Iterable[str]) -> str:
        return (
            "| " + " | ".join(" ".join(cell.replace("|", "\\|").replace("<", "&lt;").split()) for cell in cells) + " |"
        )

    return [line(titles), line(":--" if left else "--:" for left in is_left), *map(line, rows)]
