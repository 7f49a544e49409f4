"""Reports as CSV, with exact values."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

from mgu.report.analysis import Analysis
from mgu.report.classes import all_classes_of
from mgu.report.contrasts.answer import Answer, rows_compared
from mgu.report.formats.class_tables import class_records
from mgu.report.formats.records import origin, records, search_records
from mgu.report.in_processes import map_analyses
from mgu.report.ranking.column import Value
from mgu.report.ranking.columns import columns
from mgu.report.ranking.rank import Table
from mgu.report.rivals import rivals
from mgu.report.searches.equal_cost import EqualCost
from mgu.report.searches.table import search_table
from mgu.report.stats.compare import Comparison
from mgu.text.printable import printable

COMPARED = ("compared_with", "difference", "difference_low", "difference_high", "p_seeds", "p_images", "p_both",
            "p_corrected", "p_alike")  # fmt: skip
RATIOS = ("time_ratio", "time_note", "processor_ratio", "processor_note")
ROLES = {"best of the grid": "grid", "default network": "default", "random search": "search"}
VERDICT = (
    "unit_kind",
    *(f"{prefix}_{name}" for prefix in ROLES.values() for name in ("name", "verdict", "difference", "p", *RATIOS)),
)
FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NUMBER = re.compile(r"[+-]([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)  # with a sign


def to_csv(tables: Sequence[Table], answers: Sequence[Answer | None] = (), analyses: Sequence[Analysis] = ()) -> str:
    """Writes one line for each model with exact values.

    Accuracies are in percent, and a cell is empty where nothing was measured. The column `seed` lists the seeds of the
    runs that share a row, separated by blanks.

    Columns from compared_with to p_alike, with differences in 0..1 for accuracies, hold the answers to a question.
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
    writer.writerow(map(cell, names))
    for table, answer, judged in zip(tables, answers or [None] * len(tables), verdicts, strict=True):
        compared = rows_compared(answer) if answer else {}
        for index, (record, row) in enumerate(zip(records(table), table.rows, strict=True)):
            seeds = " ".join(str(result.seed) for result in row.results)
            values = record | origin(table) | {"seed": seeds} | _compared(compared.get(id(row)))
            values |= judged.get(index, {})
            writer.writerow(cell(values.get(name)) for name in names)
    return text.getvalue()


def _verdict_columns(analysis: Analysis) -> dict[int, dict[str, Any]]:
    """Returns by index of the best row of each kind of unit the values of the columns of its verdict."""
    by_row: dict[int, dict[str, Any]] = {}
    for verdict in analysis.verdicts:
        values: dict[str, Any] = {"unit_kind": verdict.kind.name}
        for rival in reversed(rivals(analysis, verdict)):  # so that the first of several default networks stays
            prefix, comparison = ROLES[rival.role], rival.comparison
            values |= {
                f"{prefix}_name": comparison.second.name,
                f"{prefix}_verdict": rival.outcome,
                f"{prefix}_difference": comparison.difference.mean,
                f"{prefix}_p": comparison.p_corrected,
                f"{prefix}_time_ratio": rival.cost("time"),
                f"{prefix}_time_note": rival.cost_notes.get("time"),
                f"{prefix}_processor_ratio": rival.cost("processor"),
                f"{prefix}_processor_note": rival.cost_notes.get("processor"),
            }
        by_row[analysis.table.rows.index(verdict.unit)] = values
    return by_row


def _compared(comparison: Comparison | None) -> dict[str, Any]:
    """Returns the values of the columns that answer a question."""
    if comparison is None:
        return {}
    difference = comparison.difference
    values = (comparison.second.name, difference.mean, difference.low, difference.high, comparison.p_seeds,
              comparison.p_images, comparison.p, comparison.p_corrected, comparison.p_alike)  # fmt: skip
    return dict(zip(COMPARED, values, strict=True))


def cell(value: Value) -> Value:
    """Returns a value for a CSV file that spreadsheets open: text that they would take for a formula is quoted.

    See https://owasp.org/www-community/attacks/CSV_Injection. Numbers stay numbers, whatever their sign, and so do
    names that are numbers, such as a class -1, by which other files are joined.

    Args:
        value: The value.

    Returns:
        It, or the text with an apostrophe before it and without control characters.
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) and not NUMBER.fullmatch(text) else text


def classes_to_csv(analyses: Sequence[Analysis]) -> str:
    """Writes one line for each class of each model with exact values: shares are fractions of one.

    Args:
        analyses: The experiments.

    Returns:
        The CSV text with one header for all experiments.
    """
    lines = [
        record | {"taken_for": ", ".join(record["taken_for"])} | origin(analysis.table)
        for analysis in analyses
        for record in class_records(all_classes_of(analysis))
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(lines[0])
    writer.writerows(map(cell, line.values()) for line in lines)
    return text.getvalue()


def searches_to_csv(of_experiments: Sequence[EqualCost]) -> str:
    """Writes one line for each search and clock with exact values: accuracies in 0..1, seconds, kilowatt-hours.

    Args:
        of_experiments: The searches of each experiment.

    Returns:
        The CSV text with one header for all experiments.
    """
    tables = [
        (comparison, search_table(comparison))
        for of_experiment in of_experiments
        for comparison in of_experiment.by_clocks
    ]
    names = list(dict.fromkeys(key for _, table in tables for key in table.keys))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "clock", "experiment", "dataset", "split"])
    for comparison, table in tables:
        last = [comparison.clock.name, *map(cell, origin(comparison.table).values())]
        for values in search_records(table):
            writer.writerow([*(cell(values.get(name)) for name in names), *last])
    return text.getvalue()
