"""Outcome of pruning for people at a terminal."""

from __future__ import annotations

from mgu.console.table import TextColumn, print_table
from mgu.console.text import count, table_console
from mgu.prune.benchmark import InferenceCost, Latency
from mgu.prune.outcome import PruneOutcome
from mgu.results.compare.axes import call_lean
from mgu.results.schema.energy import Energy, describe_method
from mgu.results.schema.parts import JOULES_PER_KWH
from mgu.text.agree import agree
from mgu.text.printable import printable

# Columns that a narrow terminal hides, in this order; "256" and "joules" have titles that name the examples.
LESSER = ("quartiles of 256", "differs", "quartiles of 1", "MFLOPs", "256", "joules", "parameters")


def print_outcome(outcome: PruneOutcome) -> None:
    """Prints one row for each model, ratios to the cheapest baseline, and what pruning took.

    Args:
        outcome: The outcome of pruning.
    """
    console = table_console()
    titles = {
        "1": f"1 {_one_of(outcome)} [ms]",
        "256": f"256 {outcome.examples} [ms]",
        "joules": f"J / 1,000 {outcome.examples}",
    }
    columns = [
        TextColumn(key, titles.get(key, key), cells, "left" if key == "model" else "right")
        for key, cells in _columns(outcome).items()
    ]
    print_table(console, columns, LESSER, title=call_lean(outcome.run), elsewhere="; prune.json has them")
    for line in map(printable, _lines(outcome)):
        console.print(line, highlight=False, markup=False, soft_wrap=not console.is_terminal)


def _columns(outcome: PruneOutcome) -> dict[str, list[str]]:
    """Returns the cells of each column by its key, one for each model."""
    rows = outcome.rows
    costs = [row.cost for row in rows]
    return {
        "model": [row.name for row in rows],
        "parameters": [f"{cost.params_keras:,}" for cost in costs],
        "MFLOPs": ["-" if cost.flops is None else f"{cost.flops / 1e6:.3f}" for cost in costs],
        "val [%]": [_percent(row.val) for row in rows],
        "test [%]": [_percent(row.test) for row in rows],
        "1": [f"{cost.latency[1].median_ms:.3f}" for cost in costs],
        "quartiles of 1": [_quartiles(cost.latency[1]) for cost in costs],
        "256": [f"{cost.latency[256].median_ms:.2f}" for cost in costs],
        "quartiles of 256": [_quartiles(cost.latency[256]) for cost in costs],
        "joules": [_joules(cost) for cost in costs],
        "differs": ["" if row.difference is None else f"{row.difference:.0e}" for row in rows],
    }


def _of_what(outcome: PruneOutcome) -> str:
    """Says what the columns of val and test are of, where it is not accuracy."""
    return "" if outcome.score == "accuracy" else ", which the columns of val and test are of, too"


def _one_of(outcome: PruneOutcome) -> str:
    """Returns what one input is called."""
    return outcome.examples.removesuffix("s")


def _quartiles(latency: Latency) -> str:
    return f"{latency.lower_ms:.3f}-{latency.upper_ms:.3f}"


def _joules(cost: InferenceCost) -> str:
    if cost.joules_per_1000 is None or cost.energy_method is None:
        return "not measured"
    return f"{cost.joules_per_1000:.3g} ({describe_method(cost.energy_method)})"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f}"


def _lines(outcome: PruneOutcome) -> list[str]:
    """Describes the chosen network, what it costs beside the cheapest baseline, and what finding it took."""
    rows = {row.name: row.cost for row in outcome.rows}
    plain, ours = list(rows.values())[-1], rows["converted"]
    latency = ours.latency[1].median_ms / plain.latency[1].median_ms
    verdict = "within" if outcome.within else "NOT within"
    lines = [outcome.warning] if outcome.warning else []
    lines += [
        f"The chosen network ({outcome.chosen}; the unit has {count(outcome.gates, 'gate')}) is {verdict} "
        f"{outcome.settings['max_loss']:g} points of the unit on the data that chose it{_differences(outcome)}.",
        f"Its remaining gates are: {', '.join(outcome.kept) or 'none'}{_superfluous(outcome)}.",
        f"It was chosen by the {outcome.score} on {outcome.chosen_on}{_of_what(outcome)}.",
        f"The converted network has {ours.params_keras / plain.params_keras:.2f}x the parameters, "
        f"{_times_flops(ours, plain)} and {latency:.2f}x the time of one {_one_of(outcome)} of the "
        "cheapest baseline.",
        f"Training the unit took {_spent(outcome.train_s, outcome.energy_of_training)}.",
        f"Pruning took {_spent(outcome.search_s + outcome.tune_s, outcome.energy)}: {outcome.search_s:.0f} s of "
        f"search, {outcome.tune_s:.0f} s of fine-tuning.",
        "Times are wall-clock medians and quartiles of repeats taken in turns, in single precision.",
    ]
    if outcome.iterations is not None:
        lines.append(
            f"FLOPs count {outcome.iterations:.1f} iterations of an equilibrium in every model: the mean of the unit's "
            "last evaluation."
        )
    if outcome.contended:
        lines.append("Another run shared the machine, so times and energy are too high.")
    return lines


def _differences(outcome: PruneOutcome) -> str:
    """Says by how much the chosen network differs from the unit on the data that chose it, and on test data."""
    rows = {row.name: row for row in outcome.rows}
    unit, pruned = rows["unit"], rows["pruned"]
    if unit.val is None or pruned.val is None:
        return ""
    on_test = ""
    if unit.test is not None and pruned.test is not None:
        on_test = f"; on test data {100 * (pruned.test - unit.test):+z.2f} points"
    return f" ({100 * (pruned.val - unit.val):+z.2f} points{on_test})"


def _superfluous(outcome: PruneOutcome) -> str:
    """Says of how many gates nothing depends any more, which are neither fixed nor left."""
    number = outcome.gates - len(outcome.decisions) - len(outcome.kept)
    if number <= 0 or not outcome.decisions:
        return ""
    return f"; {number} more {agree(number, 'has', 'have')} no effect, for other gates never choose what they mix"


def _times_flops(ours: InferenceCost, plain: InferenceCost) -> str:
    if ours.flops is None or not plain.flops:
        return "an unknown number of FLOPs"
    return f"{ours.flops / plain.flops:.2f}x the FLOPs"


def _spent(seconds: float | None, energy: Energy | None) -> str:
    if seconds is None:
        return "an unknown time"
    if energy is None:
        return f"{seconds:.0f} s, energy not measured"
    part, name = (energy.gpu, "GPU") if energy.gpu.method != "none" else (energy.cpu, "CPU")
    return f"{seconds:.0f} s and {part.kwh * JOULES_PER_KWH:.0f} J of the {name} ({describe_method(part.method)})"
