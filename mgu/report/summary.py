"""What the grid cost, what the unit cost, and which was better: the sentences under a table."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.report.rank import SHORT_S, Row, Table
from mgu.results import describe_method


def summarise(table: Table) -> list[str]:
    """Plain sentences, each figure with its unit and the method it was come by."""
    lines = [*_costs(table), *_accuracy(table), *_paper(table), *_caveats(table)]
    return lines


def _costs(table: Table) -> list[str]:
    """Cost of all baselines and of the units, and their ratios: with diverged units charged, and without."""
    lines = []
    if table.baselines:
        lines.append(f"Grid: {_describe_cost(table.baselines)}.")
    finished = [row for row in table.units if row.result.status == "ok"]
    if table.units:
        lines.append(f"Unit: {_describe_cost(table.units)}.")
    if not (table.baselines and table.units):
        return lines
    if len(finished) < len(table.units):
        if finished:
            lines.append(f"Grid / unit, diverged and failed units not charged: {_ratios(table.baselines, finished)}.")
        lines.append(f"Grid / unit, diverged and failed units charged: {_ratios(table.baselines, table.units)}.")
    else:
        lines.append(
            f"Grid / unit (no unit diverged, so charging diverged ones changes nothing): "
            f"{_ratios(table.baselines, table.units)}."
        )
    return lines


def _describe_cost(rows: Sequence[Row]) -> str:
    parts = [f"{len(rows)} run{'s' * (len(rows) != 1)}", f"{_total_s(rows):,.0f} s to solution (wall clock)"]
    for part in ("cpu", "gpu"):
        if (total := _total_wh(rows, part)) is not None:
            wh, method = total
            parts.append(f"{part.upper()} {wh:,.3g} Wh ({describe_method(method)})")
    cpu_seconds = [row.result.energy.cpu_seconds for row in rows if row.result.energy]
    if cpu_seconds:
        parts.append(f"{sum(cpu_seconds):,.0f} s of processor time (measured)")
    return ", ".join(parts)


def _ratios(grid: Sequence[Row], units: Sequence[Row]) -> str:
    """Ratios of sums; energy only where one method measured everything."""
    unit_s = _total_s(units)
    parts = [f"{_total_s(grid) / unit_s:.1f}x in time"] if unit_s else ["no time was measured"]
    for part in ("cpu", "gpu"):
        of_grid, of_units = _total_wh(grid, part), _total_wh(units, part)
        if not of_grid or not of_units or of_units[0] == 0:
            continue
        if of_grid[1] == of_units[1] and "+" not in of_grid[1]:
            parts.append(f"{of_grid[0] / of_units[0]:.1f}x in {part.upper()} energy ({describe_method(of_grid[1])})")
        else:
            parts.append(f"{part.upper()} energy not comparable (methods {of_grid[1]} and {of_units[1]})")
    return ", ".join(parts)


def _accuracy(table: Table) -> list[str]:
    best, unit = table.best(table.baselines), table.best(table.units)
    if best is None or unit is None or best.val_accuracy is None or unit.val_accuracy is None:
        return []
    points = 100 * (unit.val_accuracy - best.val_accuracy)
    line = (
        f"Best baseline {best.result.name} {best.val_accuracy:.2%}, unit {unit.result.name} {unit.val_accuracy:.2%}: "
        f"{points:+.2f} points of validation accuracy (single runs: seeds alone move this)."
    )
    if best.result.test and unit.result.test:
        tested = 100 * (unit.result.test.accuracy - best.result.test.accuracy)
        line += f" On test images {best.result.test.accuracy:.2%} and {unit.result.test.accuracy:.2%}: {tested:+.2f}."
    return [line]


def _paper(table: Table) -> list[str]:
    pairs = [(row.val_accuracy, row.paper.val_acc) for row in table.rows if row.paper and row.result.status != "failed"]
    if len(pairs) < 2:
        return []
    from scipy.stats import kendalltau  # a second to import: only where there is something to correlate

    # A run without a finite epoch ranks below all: the paper prints such rows as chance.
    ours, theirs = zip(*((-1.0 if val is None else val, paper) for val, paper in pairs), strict=True)
    tau = kendalltau(ours, theirs)
    return [
        f"Against the paper's ranking: Kendall's tau-b {tau.statistic:.2f} over {len(pairs)} rows "
        f"(p = {tau.pvalue:.2g})."
    ]


def _caveats(table: Table) -> list[str]:
    lines = []
    counts = {status: sum(row.result.status == status for row in table.rows) for status in ("diverged", "failed")}
    lines += [f"{count} of {len(table.rows)} runs {status}." for status, count in counts.items() if count]
    if short := sum(row.is_short for row in table.rows):
        lines.append(
            f"{short} of {len(table.rows)} runs took under {SHORT_S:.0f} s (marked ~): "
            "their energy rests on few readings, and so do the sums and ratios."
        )
    if any(row.result.config["dataset"]["split"] == "paper" for row in table.rows):
        lines.append(
            "split: paper validates on the official test images, so the best of a grid is picked on them: "
            "use dataset.split=holdout for an unbiased comparison."
        )
    return lines


def _total_s(rows: Sequence[Row]) -> float:
    return sum(row.tts_s or 0.0 for row in rows)


def _total_wh(rows: Sequence[Row], part: str) -> tuple[float, str] | None:
    """Sum over the rows that have it and their method, or methods joined by +; None where no row has it."""
    components = [component for row in rows if (component := row.component(part))]
    if not components:
        return None
    methods = "+".join(sorted({component.method for component in components}))
    return 1000 * sum(component.kwh for component in components), methods
