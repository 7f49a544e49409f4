"""The default network: the plain one that a practitioner would train without any search."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row

NORMS = ("bn_pre", "ln")  # batch norm before the activation is what most published networks have


def default_rows(table: Table, chosen: Sequence[str] = ()) -> list[Row]:
    """Finds the networks that stand for training without a search.

    Args:
        table: A ranked table.
        chosen: Names of rows to take instead, as the report shows them.

    Returns:
        Those rows; else, without residual connections, the deepest baseline with batch norm before the activation, and
        the deepest with layer norm. Of several such, as with two learning rates, the best by validation score.
    """
    if chosen:
        return [row for row in table.baselines if row.name in chosen]
    plain = [row for row in table.baselines if not row.result.residual and row.rank is not None]
    found = []
    for norm in NORMS:
        own = [row for row in plain if row.result.norm == norm]
        deepest = max(map(depth, own), default=0)
        found += [row for row in own if depth(row) == deepest][:1]
    return found


def depth(row: Row) -> int:
    """Returns the number of layers of a row; 0 where its layout does not tell, as that of a user's own network."""
    layout = row.result.config.get("layout") or {}
    for key in ("num_layers", "depth"):
        if isinstance(value := layout.get(key), int):
            return value
    found = re.match(r"(?:dense )?\[(\d+)", row.result.layout)
    return int(found[1]) if found else 0
