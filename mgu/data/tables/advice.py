"""Words and overrides about columns: names joined for a message, and keys such as `dataset.drop` for a shell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mgu.text.hydra_quoting import quote

NAMED = 10  # columns that a message names
WORDS_OF_HYDRA = ("null", "nan", "inf", "true", "false")


def advise_drop(names: Sequence[str]) -> str:
    """Returns the override that leaves columns out, quoted for Hydra and for a shell."""
    return advise_columns("dataset.drop", names)


def advise_columns(key: str, names: Sequence[str]) -> str:
    """Returns the override that sets a key to names of columns, quoted for Hydra and for a shell."""
    if all(re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name.lower() not in WORDS_OF_HYDRA for name in names):
        return f"{key}=[{','.join(names)}]"
    quoted = ",".join(quote(name, '"') for name in names)
    return _for_shell(f"{key}=[{quoted}]")


def advise_separator(separator: str) -> str:
    """Returns the override that says what separates the columns of a CSV, quoted for Hydra and for a shell."""
    return "dataset.separator=tab" if separator == "\t" else advise_text("dataset.separator", separator)


def advise_text(key: str, text: str) -> str:
    """Returns the override that sets a key to a text, quoted for Hydra and for a shell."""
    quoted = quote(text, '"')
    return _for_shell(f"{key}={quoted}")


def join_some(names: Sequence[str], between: str = ", ") -> str:
    """Joins the first names, and says how many more there are.

    Args:
        names: The names.
        between: What stands between two of them.

    Returns:
        The text.
    """
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return between.join(names[:NAMED]) + more


def join_and(parts: Sequence[str]) -> str:
    """Joins parts of a sentence, with "and" before the last one."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _for_shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
