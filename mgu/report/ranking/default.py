"""The default network: the plain one that a practitioner would train without any search."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from mgu.report.ranking.rank import Table
from mgu.report.ranking.recipe import recipe_keys, shipped_values, values_of
from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import describe_hardware

NORMS = ("bn_pre", "ln")  # batch norm before the activation is what most published networks have


def default_rows(
    table: Table, unit: Row, chosen: Sequence[str] = (), searched: Collection[str] = frozenset()
) -> dict[str, Row]:
    """Finds the networks that stand for training without a search.

    Args:
        table: A ranked table.
        unit: The unit that is compared with them.
        chosen: Names of rows to take instead, as the report shows them.
        searched: Names of the folders of the runs that a search trained.

    Returns:
        Those rows by name; else by norm, without residual connections, the deepest baseline with batch norm before the
        activation, and the deepest with layer norm. Of several such, as with two learning rates, none is taken for its
        score, which would be a search: it is the one with the unit's recipe, else the one with the package's, else the
        only one that no search trained, else none.
    """
    if chosen:
        return {row.name: row for row in table.baselines if row.name in chosen}
    defaults = {}
    for norm, rows in candidates(table).items():
        if row := _choose(table, rows, unit, searched):
            defaults[norm] = row
    return defaults


def candidates(table: Table) -> dict[str, list[Row]]:
    """Lists the rows of which one may be the default network.

    Args:
        table: A ranked table.

    Returns:
        By norm the deepest baselines without residual connections, best first; no list is empty. Networks that have
        norms of their own are in none: which is not known.
    """
    plain = [row for row in table.baselines if _is_plain(row) and row.rank is not None]
    by_norm = {}
    for norm in NORMS:
        of_norm = [row for row in plain if row.result.shown_norm == norm]
        deepest = max(map(depth, of_norm), default=0)
        if of_norm:
            by_norm[norm] = [row for row in of_norm if depth(row) == deepest]
    return by_norm


def explain_no_default(table: Table, unit: Row) -> str:
    """Says why no default network stands beside a unit, and how to name one.

    Args:
        table: A ranked table with a baseline.
        unit: The unit, for which `default_rows` finds none with a score.
    """
    metric = table.score.metric
    fitting = [row for rows in candidates(table).values() for row in rows if row.values(table.tested, metric)]
    if fitting:
        why = (
            f"of {len(fitting)} that may be it, none alone has the unit's recipe (learning rate and the like) or the "
            "package's, and to take the best would be a search"
        )
    elif any(_is_plain(row) and row.result.shown_norm in NORMS for row in table.baselines):
        why = "the baselines that may be it have no score, for they failed or diverged"
    else:
        why = "no baseline without residual connections has batch norm before the activation, or layer norm"
        if any(row.result.shown_norm is None for row in table.baselines):
            why += "; of networks that have their own it is not known which"
    return f"No default network stands beside {unit.name}: {why}. --default NAME names one."


def _is_plain(row: Row) -> bool:
    """Tells whether a row has no residual connections."""
    return not row.result.shown_residual


def depth(row: Row) -> int:
    """Returns the number of layers of a row; 0 where its layout does not tell, as that of a user's own network."""
    layout = row.result.config.get("layout") or {}
    for key in ("num_layers", "depth"):
        if isinstance(value := layout.get(key), int):
            return value
    matched = re.match(r"(?:dense )?\[(\d+)", row.result.layout)
    return int(matched[1]) if matched else 0


def _choose(table: Table, rows: Sequence[Row], unit: Row, searched: Collection[str]) -> Row | None:
    """Returns the row of the first rule that leaves one model, without a look at scores; None if none does."""
    same_layout = [row for row in rows if row.result.layout == unit.result.layout] or rows

    def like_unit(row: Row) -> bool:
        keys = recipe_keys(table, row, unit)
        return values_of(row, keys) == values_of(unit, keys)

    def like_unit_else_shipped(row: Row) -> bool:
        rest = [key for key in table.axes.keys if key not in recipe_keys(table, row, unit)]
        return like_unit(row) and _is_shipped(row, rest)

    def like_package(row: Row) -> bool:
        return _is_shipped(row, table.axes.keys)

    def by_hand(row: Row) -> bool:
        return not any(result.folder_name in searched for result in row.results)

    rules: tuple[Callable[[Row], bool], ...] = (like_unit, like_unit_else_shipped, like_package, by_hand)
    for rule in rules:
        fitting = [row for row in same_layout if rule(row)]
        models = {(row.result.stem, row.result.layout, *values_of(row, table.axes.keys).items()) for row in fitting}
        if len(models) == 1:  # in several rows, if it was trained on several machines
            hardware = describe_hardware(unit.result)
            return next((row for row in fitting if describe_hardware(row.result) == hardware), fitting[0])
    return None


def _is_shipped(row: Row, keys: Sequence[str]) -> bool:
    """Tells whether a row has the values that the package ships."""
    shared_keys = [key for key in keys if not key.startswith("mgu.")]
    return not shared_keys or values_of(row, shared_keys) == shipped_values(row.result.config, shared_keys)
