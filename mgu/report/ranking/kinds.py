"""Kinds of units: the models of one unit configuration, whatever their layout, are one alternative to the grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.results.compare.axes import Axes, call_lean

MARK = "-mgu-"  # in the name of a run, before that of its unit


@dataclass(frozen=True)
class UnitKind:
    """Holds the models of one kind of unit, best first.

    Who wants the best of several layouts or learning rates of one kind has to train them all, so they are one
    alternative to the grid, at the cost of all of them.

    Attributes:
        name: What reports call it, such as mgu-lean.
        rows: Its models.
    """

    name: str
    rows: tuple[Row, ...]

    @cached_property
    def best(self) -> Row | None:
        """The best of its models by validation score; None if none of them has one."""
        return Table.best(self.rows)


def unit_kinds(table: Table) -> list[UnitKind]:
    """Groups the units of a table by their configuration.

    Args:
        table: A ranked table.

    Returns:
        The kinds in the order of their best models.
    """
    axes = Axes(tuple(key for key in table.axes.keys if key.startswith("mgu.")))
    groups: dict[str, dict[str, list[Row]]] = {}
    for row in table.unit_models:
        name = _name(row)
        full = axes.name(name, row.result.seed, row.result.config)
        groups.setdefault(name, {}).setdefault(full, []).append(row)
    kinds = [
        UnitKind(name if len(by_full_name) == 1 else full, tuple(rows))
        for name, by_full_name in groups.items()
        for full, rows in by_full_name.items()
    ]
    return sorted(kinds, key=lambda kind: table.rows.index(kind.rows[0]))


def _name(row: Row) -> str:
    """Returns the name of a row's unit without its layout; names that do not tell one, as made by hand, stay."""
    stem = call_lean(row.result.stem)
    return f"mgu-{stem.split(MARK, 1)[1]}" if MARK in stem else stem
