"""Cells of the tables in results/: Markdown, numbers and what is known of a machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from statistics import mean, stdev
from typing import Any

Row = dict[str, Any]
MOST_NAMED = 6  # rows of one commit


def table(header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Returns a Markdown table; the first `left` columns are aligned left, the others right."""
    alignment = [":--" if column < left else "--:" for column in range(len(header))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, alignment, *rows))


def percent(share: float | None, digits: int = 2) -> str:
    """Returns a fraction in percent, without the sign."""
    return "-" if share is None else f"{100 * share:.{digits}f}"


def number(value: float | None, digits: int = 2) -> str:
    """Returns a number with fixed digits; large ones in scientific notation."""
    if value is None:
        return "-"
    return f"{value:.2g}" if abs(value) >= 1e4 else f"{value:.{digits}f}"


def p_value(value: float | None) -> str:
    """Returns a p-value with two significant digits."""
    if value is None:
        return "-"
    return "&lt; 0.001" if value < 0.001 else f"{value:.2g}"


def size(count: float) -> str:
    """Returns a number of parameters in thousands or millions."""
    scale, unit = (1e6, "M") if count >= 1e6 else (1e3, "K")
    return f"{count / scale:.2f}{unit}"


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Returns the mean, with the standard deviation if there are several values."""
    deviation = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{deviation}"


def each(values: Sequence[float], digits: int = 1) -> str:
    """Returns all values, separated by commas."""
    return ", ".join(f"{value:.{digits}f}" for value in values)


def hardware(machine: Row) -> str:
    """Returns the device of a part, with the number of threads."""
    return str(machine.get("device", "not recorded"))


def origin(machine: Row) -> str:
    """Returns what is known of how a part was measured, in one line."""
    names = {"device": "", "torch": "torch ", "python": "Python ", "commit": "commit ", "date": ""}
    known = [f"{prefix}{machine[key]}" for key, prefix in names.items() if machine.get(key)]
    return ", ".join(known) or "Machine and versions were not recorded."


def kept(rows: Iterable[Any]) -> str:
    """Returns which rows a partial run has kept, with the commit and the date of each; an empty text where it has none.

    Args:
        rows: Rows of a part; of those of folder_growth.py, which have several sizes, it is the sizes that were kept.
    """
    names: dict[str, dict[str, None]] = {}
    for row in (row for row in rows if isinstance(row, dict)):
        if measured := row.get("measured"):
            names.setdefault(_when(measured), {})[_name_of(row)] = None
        times = row.get("seconds")
        for size, own in times.items() if isinstance(times, dict) else ():
            if isinstance(own, dict) and "measured" in own:
                names.setdefault(_when(own["measured"]), {})[f"{size} runs"] = None
    told = [f"{_first_of(list(of_one))} ({when})" for when, of_one in names.items()]
    return f"Measured before: {'; '.join(told)}." if told else ""


def _when(machine: Row) -> str:
    return ", ".join(
        f"{prefix}{machine[key]}" for key, prefix in (("commit", "commit "), ("date", "")) if key in machine
    )


def _name_of(row: Row) -> str:
    """Returns the words that a row begins with; of one that begins with a number, this."""
    values = {key: value for key, value in row.items() if key != "measured"}
    words = [*takewhile(lambda value: isinstance(value, str), values.values())]
    return " ".join(words) or " ".join(map(str, next(iter(values.items()))))


def _first_of(names: Sequence[str]) -> str:
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return ", ".join([*names[:MOST_NAMED], *more])


def spent(parts: Iterable[Row]) -> str:
    """Returns the sum of the runs' own time over the parts of a page, as far as it is known."""
    parts = list(parts)
    machines = _of_runs(parts)
    if not machines:
        return "not recorded"
    wall_s, cpu_s = (sum(machine[key] for machine in machines) for key in ("wall_s", "cpu_s"))
    text = f"{wall_s / 3600:.2f} h wall clock, {cpu_s / 3600:.2f} h processor time (measured)"
    pruned_s = sum(row.get("search_s", 0) + row.get("tune_s", 0) for part in parts for row in part["rows"])
    text += f"; pruning them {pruned_s / 3600:.2f} h wall clock" * bool(pruned_s)
    lacking = sum("wall_s" not in part["machine"] for part in parts)
    return text + f"; of {_count(lacking, 'other table')} not recorded" * bool(lacking)


def contended(parts: Iterable[Row]) -> str:
    """Returns how many of the runs of a page were measured while others were; an empty text where none was."""
    machines = _of_runs(parts)
    shared, runs = (sum(machine[key] for machine in machines) for key in ("contended", "runs"))
    return f"{shared:,} of {runs:,} runs, measured at the same time as others" if shared else ""


def _of_runs(parts: Iterable[Row]) -> list[Row]:
    """Returns what is known of the runs of each part; a part without a command sums up others."""
    return [part["machine"] for part in parts if {"wall_s", "command"} <= part["machine"].keys()]


def _count(number_of: int, name: str) -> str:
    return f"{number_of} {name}{'s' * (number_of != 1)}"
