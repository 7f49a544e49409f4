"""The table of a pruned unit and its way there, for people at a terminal."""

from __future__ import annotations

from rich import box
from rich.markup import escape
from rich.table import Table

from mgu.prune.outcome import Outcome, Row
from mgu.report.terminal import table_console
from mgu.results import JOULES_PER_KWH, Energy, describe_method


def print_outcome(outcome: Outcome) -> None:
    """One row a model, ratios to the cheapest baseline below, and what it took."""
    console = table_console()
    method = next((row.cost.energy_method for row in outcome.rows if row.cost.energy_method), None)
    energy = f"J / 1,000 images ({describe_method(method)})" if method else "J / 1,000 images"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=escape(outcome.run), title_justify="left")
    table.add_column("model")
    for title in (
        "parameters",
        "MFLOPs",
        "chosen by [%]",
        "test [%]",
        "1 image [ms]",
        "256 images [ms]",
        energy,
        "differs",
    ):
        table.add_column(escape(title), justify="right")
    for row in outcome.rows:
        table.add_row(*_cells(row))
    console.print(table)
    for line in _lines(outcome):
        console.print(line, highlight=False, markup=False)


def _cells(row: Row) -> list[str]:
    cost = row.cost
    joules = cost.joules_per_1000
    return [
        escape(row.name),
        f"{cost.params_keras:,}",
        f"{cost.flops / 1e6:.3f}",
        _percent(row.accuracy),
        _percent(row.test),
        *(f"{each.median_ms:.3f} ({each.lower_ms:.3f}-{each.upper_ms:.3f})" for each in cost.latency.values()),
        "not measured" if joules is None else f"{joules:.3g}",
        "" if row.difference is None else f"{row.difference:.0e}",
    ]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f}"


def _lines(outcome: Outcome) -> list[str]:
    rows = {row.name: row.cost for row in outcome.rows}
    plain, ours = list(rows.values())[-1], rows["converted"]
    latency = ours.latency[1].median_ms / plain.latency[1].median_ms
    verdict = "within" if outcome.within else "NOT within"
    lines = [
        f"Chosen: {outcome.chosen} of {outcome.gates}, {verdict} {outcome.settings['max_loss']:g} points of the unit.",
        f"Chosen by: {outcome.chosen_on}.",
        f"Converted / cheapest baseline of the layout: {ours.params_keras / plain.params_keras:.2f}x parameters, "
        f"{ours.flops / plain.flops:.2f}x FLOPs, {latency:.2f}x time of one image.",
        f"The unit took {_spent(outcome.train_s, outcome.energy_of_training)}.",
        f"Pruning took {_spent(outcome.search_s + outcome.tune_s, outcome.energy)}: {outcome.search_s:.0f} s of "
        f"search, {outcome.tune_s:.0f} s of fine-tuning.",
        "Times: medians (quartiles) of repeats taken in turns, single precision, wall clock.",
    ]
    if outcome.contended:
        lines.append("Another run shared the machine meanwhile: times and energy are too high.")
    return lines


def _spent(seconds: float | None, energy: Energy | None) -> str:
    if seconds is None:
        return "a time that is not known"
    if energy is None:
        return f"{seconds:.0f} s, energy not measured"
    part, name = (energy.gpu, "GPU") if energy.gpu.method != "none" else (energy.cpu, "CPU")
    return f"{seconds:.0f} s and {part.kwh * JOULES_PER_KWH:.0f} J of the {name} ({describe_method(part.method)})"
