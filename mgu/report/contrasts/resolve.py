"""Finds the key and the rows that a question names, as a report shows them, or says which there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mgu.console.text import name_some
from mgu.errors import UserError
from mgu.report.contrasts.keys import Key
from mgu.report.contrasts.question import Question
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.results.compare.axes import complete_values, is_outside_identity, shorten_keys, write_value
from mgu.text.nearest import did_you_mean

MOST_LISTED = 12  # keys or names in a message
UNIT = Key("mgu")
REPLICATES = ("seed", "dataset.fold")
SPLITS = {"val": "validation", "test": "test"}
FINGERPRINT = "dataset.fingerprint"  # of rows that no table has together


def resolve(question: Question, tables: Sequence[Table]) -> Question:
    """Finds what a question names.

    Args:
        question: With names as a user typed them.
        tables: The ranked tables.

    Returns:
        The question with the full key; the names of rows stay as they are.

    Raises:
        UserError: The options do not go together, there is no such key or row, or a row has no score.
    """
    question.check()
    if question.by:
        return question._replace(by=_find_key(question.by, tables))
    for option, name in (("--baseline", question.baseline), *(("--against", name) for name in question.against)):
        if name:
            _check_row(option, name, tables)
    return question


def resolve_default(name: str, tables: Sequence[Table]) -> list[str | None]:
    """Finds the network that stands for training without a search.

    Args:
        name: As a user typed it.
        tables: The ranked tables.

    Returns:
        For each table the name of its row; None where it has none of that name.

    Raises:
        UserError: No table has a baseline of that name.
    """
    rows = [row if (row := find_row(name, table)) and row.is_baseline else None for table in tables]
    if not any(rows):
        names = list(dict.fromkeys(row.name for table in tables for row in table.baselines))
        raise UserError(
            f"--default must be the name of a baseline as the report shows it, but got {name}.{_hint(name, names)}"
        )
    return [row.name if row else None for row in rows]


def find_row(name: str, table: Table) -> Row | None:
    """Finds a row by its name in a table, with or without the experiment, or without fold and seed where that is one.

    Args:
        name: As a user typed it.
        table: A ranked table.

    Returns:
        The row; None if there is none.
    """
    wanted = name.removeprefix(f"{table.experiment}/")
    exact = next((row for row in table.rows if row.name == wanted), None)
    alike = [row for row in table.rows if row.name.removesuffix(row.result.replicate.suffix) == wanted]
    return exact or (alike[0] if len(alike) == 1 else None)


def differing_keys(rows: Iterable[Row]) -> list[str]:
    """Lists the keys and sections in which rows differ, but for seeds, folds and what cannot change a result.

    Args:
        rows: Rows of any tables.

    Returns:
        Keys in dotted form, each after the sections that it belongs to and that have a name of their own.
    """
    seen: dict[str, set[str]] = {}
    sections: dict[str, None] = {}
    units: set[str | float | None] = set()
    for row in rows:
        units.add(UNIT.value(row))
        for key, value in complete_values(row.result.config).items():
            seen.setdefault(key, set()).add(write_value(value))
            if key.endswith(".name"):
                sections[key.removesuffix(".name")] = None
    differing = [key for key, values in seen.items() if len(values) > 1 and key not in (*REPLICATES, FINGERPRINT)]
    chosen = [key for key in differing if not is_outside_identity(key) or key.startswith("dataset.")]
    # A section differs where one of its keys does, and where some rows have none, such as no augmentation.
    above = [name for name in sections if name in seen or any(key.startswith(f"{name}.") for key in chosen)]
    if len(units) > 1:
        above.append("mgu")
    return [*chosen, *(name for name in above if name not in chosen)]


def _find_key(text: str, tables: Sequence[Table]) -> str:
    rows = [row for table in tables for row in table.rows]
    keys = differing_keys(rows)
    fitting = [key for key in keys if key == text] or [key for key in keys if key.endswith(f".{text}")]
    if len(fitting) == 1 and len({Key(fitting[0]).value(row) for row in rows} - {None}) > 1:
        return fitting[0]
    if len(fitting) > 1:
        may_be = name_some(fitting, MOST_LISTED)
        raise UserError(f"--by must name one key, but got {text}, which may be {may_be}. Name one of them.")
    known = [name for names in shorten_keys(keys).items() for name in names]
    results = [result for row in rows for result in row.results]
    values = (complete_values(result.config).get(text) for result in results)
    same = {write_value(value) for value in values if value is not None}
    got = f"{text}, which is {same.pop()} in all of them" if len(same) == 1 else text
    there = f" They differ in {name_some(keys, MOST_LISTED)}." if keys else " They differ in seeds only."
    raise UserError(f"--by must be a key in which the runs differ, but got {got}.{did_you_mean(text, known) or there}")


def _check_row(option: str, name: str, tables: Sequence[Table]) -> None:
    """Checks that a table has a row of that name with a score. Raises UserError."""
    found = [(table, row) for table in tables if (row := find_row(name, table))]
    if not found:
        names = list(dict.fromkeys(row.name for table in tables for row in table.rows))
        raise UserError(
            f"{option} must be the name of a row as the report shows it, but got {name}.{_hint(name, names)}"
        )
    if not any(row.values(table.tested, row.score.metric) for table, row in found):
        (table, row), *_ = found
        lacking = "is" if row.val_score is None else f"has none on {SPLITS[table.tested]} data and is"
        raise UserError(
            f"{option} must be a row with a score, but {name} {lacking} {row.status}. Name a row that has one."
        )


def _hint(name: str, names: Sequence[str]) -> str:
    """Suggests rows for a name that none has: those with all its parts first, for more runs make names longer."""
    parts = set(name.split("-"))
    if fitting := [each for each in names if parts <= set(each.split("-"))]:
        one_of = f" Name one of {name_some(fitting, MOST_LISTED)}."
        return f" Did you mean {fitting[0]}?" if len(fitting) == 1 else one_of
    return did_you_mean(name, names) or f" There are {name_some(names, MOST_LISTED)}."
