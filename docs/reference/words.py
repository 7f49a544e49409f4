"""Rules of the identity in words, and tables in Markdown, for the pages of docs/reference/."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic.fields import FieldInfo

from mgu.config.identity import NOT_IDENTITY, identity_rules


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Renders a Markdown table."""
    lines = [list(header), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"


def identity_in_words(field: FieldInfo, group: str = "yes") -> str:
    """Says whether a field is part of a run's identity, as far as its group is."""
    own = next((rule.when for rule in identity_rules(field)), "yes")
    return group if group == NOT_IDENTITY.when or own == "yes" else own
