"""What the models of two sides cost: time, processor time, energy with its method, and what disturbed the runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mgu.report.cost_kinds import places
from mgu.report.formats.side_table import Entry, SideTable
from mgu.report.ranking.row import Row
from mgu.results.schema.energy import describe_method
from mgu.tasks.score import shorten

LACKING = "-"


def compare_costs(pairs: list[tuple[str, Row, Row]]) -> SideTable:
    """Lists the costs of the models that both sides have.

    Args:
        pairs: Name and both rows of each model.

    Returns:
        The table of sums over models of the mean over runs, with the method of each energy; no rows without models.
    """
    sides = ([a for _, a, _ in pairs], [b for _, _, b in pairs])
    parts: dict[str, Callable[[Row], float | None]] = {
        "time to solution [s] (wall clock)": lambda row: row.cost.tts_s,
        "processor time [s] (measured)": lambda row: row.cost.processor_s,
    }
    rows: list[list[Entry]] = [
        [(title, title), *(_sum(map(of, side)) for side in sides)] for title, of in parts.items()
    ]
    for part in ("cpu", "gpu", "ram"):
        components = [[row.cost.component(part) for row in side] for side in sides]
        if any(component for side in components for component in side):
            methods = [sorted({component.method for component in side if component}) for side in components]
            cells = [_sum(1000 * component.kwh if component else None for component in side) for side in components]
            rows.append(
                [(f"{part.upper()} energy [Wh]", part)]
                + [(f"{text} ({describe_method('+'.join(how))})" if how else text, n)
                   for (text, n), how in zip(cells, methods, strict=True)]
            )  # fmt: skip
    emissions = [_sum(_grams(row) for row in side) for side in sides]
    if any(value is not None for _, value in emissions):
        where = ["+".join(places([result for row in side for result in row.cost.timed])) for side in sides]
        cells = [(f"{text} ({place})" if place else text, n) for (text, n), place in zip(emissions, where, strict=True)]
        rows.append([("CO2 [g] (estimated)", "co2"), *cells])
    for title, is_marked in (("contended runs", lambda r: r.contended), ("resumed runs", lambda r: r.resumed > 0)):
        counts = [sum(is_marked(result) for row in side for result in row.results) for side in sides]
        rows += [[(title, title), *((str(count), count) for count in counts)]] if any(counts) else []
    return SideTable("Cost (sum over models of the mean over runs)", ["", "A", "B"], rows if pairs else [])


def _grams(row: Row) -> float | None:
    emissions_kg = row.cost.mean_energy("emissions_kg")
    return None if emissions_kg is None else 1000 * emissions_kg


def _sum(values: Iterable[float | None]) -> Entry:
    """Adds values; a dash where one is not known."""
    known = list(values)
    if any(value is None for value in known):
        return (LACKING, None)
    total = sum(value for value in known if value is not None)
    return (shorten(total), total)
