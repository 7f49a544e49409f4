"""What the grid cost, what the unit cost, and which was better: the sentences under a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import mean

from mgu.report.rank import SHORT_S, Row, Table
from mgu.results import describe_method
from mgu.score import Score, shorten


def summarise(table: Table) -> list[str]:
    """Plain sentences, each figure with its unit and the method it was come by."""
    return [*_costs(table), *_scores(table), *_paper(table), *_caveats(table)]


def _costs(table: Table) -> list[str]:
    """Cost of all baselines and of the units, and their ratios: with diverged units charged, and without."""
    grid, units = table.baselines, table.units
    lines = [f"{name}: {_describe_cost(rows)}." for name, rows in (("Grid", grid), ("Unit", units)) if rows]
    if not (grid and units):
        return lines
    alone, units_alone = ([row for row in rows if not row.is_disturbed] for rows in (grid, units))
    if not (alone and units_alone):
        missing = "baseline" if not alone else "unit"
        return [*lines, f"Grid / unit: no ratio, for no {missing} was measured on its own and in one go."]
    if len(alone) + len(units_alone) < len(grid) + len(units):
        lines.append(
            f"In the ratios are the {len(alone)} of {len(grid)} baselines and {len(units_alone)} of {len(units)} units "
            "that were measured on their own and in one go; a grid that lacks some costs less than it would."
        )
    finished = [row for row in units_alone if row.result.status == "ok"]
    if len(finished) == len(units_alone):
        none = "no unit diverged, so there is none to charge or not"
        return [*lines, f"Grid / unit ({none}): {_ratios(alone, units_alone)}."]
    if finished:
        lines.append(f"Grid / unit, diverged and failed units not charged: {_ratios(alone, finished)}.")
    return [*lines, f"Grid / unit, diverged and failed units charged: {_ratios(alone, units_alone)}."]


def _describe_cost(rows: Sequence[Row]) -> str:
    parts = [f"{len(rows)} run{'s' * (len(rows) != 1)}", f"{_total_s(rows):,.0f} s to solution (wall clock)"]
    for part in ("cpu", "gpu"):
        if total := _total_wh(rows, part):
            wh, method = total
            parts.append(f"{part.upper()} {wh:,.3g} Wh ({describe_method(method)})")
    measured = [row.result.energy for row in rows if row.result.energy]
    if measured:
        parts.append(f"{sum(energy.cpu_seconds for energy in measured):,.0f} s of processor time (measured)")
    if len(measured) < len(rows):
        parts.append(f"energy and processor time of {len(rows) - len(measured)} not known and not in the sums")
    if untimed := sum(row.tts_s is None for row in rows):
        parts.append(f"time of {untimed} that failed not known and not in the sum")
    return ", ".join(parts)


def _ratios(grid: Sequence[Row], units: Sequence[Row]) -> str:
    """Ratios of sums; of energy only where it is known of every run, by one method."""
    unit_s = _total_s(units)
    parts = [f"{_total_s(grid) / unit_s:.1f}x in time"] if unit_s else ["no time was measured"]
    is_known = all(row.result.energy for row in (*grid, *units) if row.tts_s is not None)
    for part in ("cpu", "gpu"):
        of_grid, of_units = _total_wh(grid, part), _total_wh(units, part)
        if not of_grid or not of_units or of_units[0] == 0:
            continue
        if not is_known:
            parts.append(f"{part.upper()} energy not comparable (not known of every run)")
        elif of_grid[1] == of_units[1] and "+" not in of_grid[1]:
            parts.append(f"{of_grid[0] / of_units[0]:.1f}x in {part.upper()} energy ({describe_method(of_grid[1])})")
        else:
            parts.append(f"{part.upper()} energy not comparable (methods {of_grid[1]} and {of_units[1]})")
    return ", ".join(parts)


def _scores(table: Table) -> list[str]:
    best, unit, score = table.best(table.baselines), table.best(table.units), table.score
    if best is None or unit is None or best.val_score is None or unit.val_score is None:
        return []
    line = (
        f"Best baseline {best.result.name} {score.text(best.val_score)}, "
        f"unit {unit.result.name} {score.text(unit.val_score)}: "
        f"{_difference(unit.val_score - best.val_score, score)} (single runs: seeds alone move this)."
    )
    tested = [row.result.test.of(score) for row in (best, unit) if row.result.test]
    if len(tested) == 2 and tested[0] is not None and tested[1] is not None:
        difference = _difference(tested[1] - tested[0], score).partition(" ")[0]
        line += f" On test data {score.text(tested[0])} and {score.text(tested[1])}: {difference}."
    return [line]


def _difference(value: float, score: Score) -> str:
    """Signed, with what it is of and, where it is not plain, which way is better."""
    if score.metric == "accuracy":
        return f"{100 * value:+.2f} points of validation accuracy"
    return f"{'+' * (value >= 0)}{shorten(value)} of validation {score.metric}" + ", of which less is better" * (
        not score.higher_is_better
    )


def _paper(table: Table) -> list[str]:
    """Rank correlation with the paper over the rows that both have; runs of one row, as of many seeds, are averaged."""
    ours: dict[str, list[float]] = {}
    theirs: dict[str, float] = {}
    for row in table.rows:
        if row.paper and row.result.status != "failed":
            # A run without a finite epoch ranks below all: the paper prints such rows as chance.
            accuracy = -1.0 if row.val_score is None else row.val_score
            ours.setdefault(row.paper.model_name, []).append(accuracy)
            theirs[row.paper.model_name] = row.paper.val_acc
    tau = kendall_tau([mean(accuracies) for accuracies in ours.values()], list(theirs.values()))
    return [] if tau is None else [f"Against the paper's ranking: Kendall's tau-b {tau:.2f} over {len(ours)} rows."]


def kendall_tau(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Kendall's tau-b (Kendall 1945), for ties as the paper's diverged rows; None where one side is constant.

    Written out because scipy takes longer to import than a report may take.
    """
    agreement = untied_a = untied_b = 0
    for (a1, b1), (a2, b2) in combinations(zip(a, b, strict=True), 2):
        sign_a, sign_b = (a1 > a2) - (a1 < a2), (b1 > b2) - (b1 < b2)
        agreement += sign_a * sign_b
        untied_a += sign_a != 0
        untied_b += sign_b != 0
    return agreement / math.sqrt(untied_a * untied_b) if untied_a and untied_b else None


def _caveats(table: Table) -> list[str]:
    lines, total = [], len(table.rows)
    for status in ("diverged", "failed"):
        if count := sum(row.result.status == status for row in table.rows):
            lines.append(f"{count} of {total} runs {status}.")
    for name, values in _settings(table).items():
        if len(values) > 1:
            lines.append(f"The runs differ in {name} ({', '.join(sorted(values))}): they are not of one experiment.")
    if short := sum(row.is_short for row in table.rows):
        lines.append(
            f"{short} of {total} runs took under {SHORT_S:.0f} s (marked ~): "
            "their energy rests on few readings, and so do the sums and ratios."
        )
    if contended := sum(row.result.contended for row in table.rows):
        lines.append(
            f"{contended} of {total} runs shared the host with other runs while they were measured (marked !): "
            "their time and energy are contended and in no ratio."
        )
    if resumed := sum(row.result.resumed > 0 for row in table.rows):
        lines.append(
            f"{resumed} of {total} runs were interrupted and went on later (marked +): "
            "their time and energy are sums over the parts and in no ratio."
        )
    if table.split == "paper":
        lines.append(
            "split: paper validates on the official test data, so the best of a grid is picked on them: "
            "use dataset.split=holdout for an unbiased comparison."
        )
    return lines


def _settings(table: Table) -> dict[str, set[str]]:
    """What must be the same in all runs that are compared, and the values it has."""
    configs = [row.result.config for row in table.rows]
    return {
        "device": {row.result.device for row in table.rows if row.result.device},
        "training.epochs": {str(config.get("training", {}).get("epochs")) for config in configs},
        "optimizer.lr": {str(config.get("optimizer", {}).get("lr")) for config in configs},
    }


def _total_s(rows: Sequence[Row]) -> float:
    return sum(row.tts_s or 0.0 for row in rows)


def _total_wh(rows: Sequence[Row], part: str) -> tuple[float, str] | None:
    """Sum over the rows that have it and their method, or methods joined by +; None where no row has it."""
    components = [component for row in rows if (component := row.component(part))]
    if not components:
        return None
    methods = "+".join(sorted({component.method for component in components}))
    return 1000 * sum(component.kwh for component in components), methods
