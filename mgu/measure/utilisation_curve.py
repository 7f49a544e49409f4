"""How busy the devices of a run were over time: rows that stay few, and their file load.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mgu.results.on_disk.file_names import LOAD_FILE
from mgu.results.on_disk.files import write_text

MOST_ROWS = 1000  # more are averaged by pairs


class UtilisationRow(NamedTuple):
    """Holds how busy the devices were up to a moment since the row before.

    Attributes:
        time_s: Seconds since the run began, without interruptions.
        phase: Phase of the run, named as in `Seconds`.
        processors: Number of processors that the process kept busy.
        machine: Share of the machine's processors that any program kept busy; None if not known.
        gpu_busy: Share of the time in which the GPU ran a kernel; None if not known, as the others.
        gpu_memory_mib: Memory in use on the GPU in MiB.
        gpu_power_w: Power of the GPU in watts.
    """

    time_s: float
    phase: str
    processors: float
    machine: float | None = None
    gpu_busy: float | None = None
    gpu_memory_mib: float | None = None
    gpu_power_w: float | None = None


def shorten(rows: Sequence[UtilisationRow]) -> list[UtilisationRow]:
    """Averages pairs of rows of one phase.

    Args:
        rows: In the order of time.

    Returns:
        About half as many rows; what one of a pair does not know is not known.
    """
    shorter: list[UtilisationRow] = []
    start, index = 0.0, 0
    while index < len(rows):
        first = rows[index]
        second = rows[index + 1] if index + 1 < len(rows) and rows[index + 1].phase == first.phase else None
        shorter.append(_average(start, first, second) if second else first)
        index, start = index + (2 if second else 1), shorter[-1].time_s
    return shorter


def _average(start_s: float, first: UtilisationRow, second: UtilisationRow) -> UtilisationRow:
    """Averages two rows by the seconds that each is about."""
    weights = first.time_s - start_s, second.time_s - first.time_s
    total = sum(weights) or 1.0
    values = [
        None if a is None or b is None else (a * weights[0] + b * weights[1]) / total
        for a, b in zip(first[2:], second[2:], strict=True)
    ]
    return UtilisationRow(second.time_s, second.phase, values[0] or 0.0, *values[1:])


def write_curve(folder: Path, rows: Sequence[UtilisationRow]) -> None:
    """Writes load.csv, whole every time.

    Args:
        folder: The run's folder.
        rows: The rows.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(UtilisationRow._fields)
    for row in rows:
        writer.writerow(f"{value:.4g}" if isinstance(value, float) and k else value for k, value in enumerate(
            (round(row.time_s, 3), *row[1:])))  # fmt: skip
    write_text(folder / LOAD_FILE, text.getvalue())


def read_curve(folder: Path) -> list[UtilisationRow]:
    """Reads load.csv; returns no rows where there is none, or it is damaged."""
    try:
        lines = list(csv.DictReader(io.StringIO((folder / LOAD_FILE).read_text(encoding="utf-8"))))
        names = UtilisationRow._fields[3:]
        return [
            UtilisationRow(float(line["time_s"]), line["phase"], float(line["processors"]),
                    *(float(line[name]) if line[name] else None for name in names))
            for line in lines
        ]  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return []
