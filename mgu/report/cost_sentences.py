"""Sentences about the cost of the grid search and of the unit, and about the paper's claim on their ratio."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from mgu.console.text import count
from mgu.report.cost_kinds import places
from mgu.report.costs import Charge, Ratio, charges, measured
from mgu.report.energy_phases import describe_phases
from mgu.report.modelled_energy import describe_assumptions
from mgu.report.ranking.kinds import unit_kinds
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.validity import component_of, has_own_processor_time, is_disturbed
from mgu.report.utilisation import OTHER_WORK
from mgu.results.schema.energy import describe_method
from mgu.results.schema.result import Result
from mgu.text.agree import agree

CLAIMED_RATIO, CLAIMED_MODELS = 10, 24  # Damian and Piciu (2020), sections 6.1 and 6.3: 9.84x and 12.35x the time


def describe_costs(table: Table, by_kind: Sequence[Sequence[Charge]]) -> list[str]:
    """Describes what grid search and each kind of unit cost, and their ratios.

    Args:
        table: A ranked table.
        by_kind: For each kind of unit, in the order of `unit_kinds`, the cost of the grid relative to it.

    Returns:
        One sentence for each side, those on the ratios, on what these lack, and on what modelled energy assumes.
    """
    return [
        *_describe_sides(table, by_kind),
        *describe_phases(table),
        *describe_assumptions(table.results),
        *_describe_no_place(table.results),
    ]


def _describe_no_place(results: Sequence[Result]) -> list[str]:
    """Says of how many runs CO2 was not computed, and how it is."""
    without = [result for result in results if result.energy and result.energy.emissions_kg is None]
    unset = [result for result in without if result.energy and not result.energy.differs_in_place]
    moved, lines = len(without) - len(unset), []
    if unset:
        whose = _runs(len(unset)) if len(unset) < len(results) else "any run"
        parts = " in all of their parts" if any(result.resumed for result in unset) else ""
        lines.append(
            f"CO2 was not computed for {whose}, for no country was set{parts}: set yours in three letters, as in "
            "MGU_COUNTRY=DEU or energy.country=DEU, when you train."
        )
    if moved:
        which = f"{_runs(moved)} that {agree(moved, 'was', 'were')} stopped and continued"
        lines.append(
            f"CO2 was not computed for {which}, for not all parts were trained at one place: continue a run with the "
            "energy.country (or energy.region, energy.intensity_g_kwh, energy.pue) that it was begun with."
        )
    return lines


def _describe_sides(table: Table, by_kind: Sequence[Sequence[Charge]]) -> list[str]:
    """Describes both sides and their ratios."""
    grid, kinds = table.baselines, unit_kinds(table)
    sides = {"Grid search" if len(grid) > 1 else "Baseline": grid, **{kind.name: kind.rows for kind in kinds}}
    lines = [f"{name}: {_describe(rows)}." for name, rows in sides.items() if rows]
    if not (grid and kinds):
        return lines
    ratios = [ratio for of_kind in by_kind for charge in of_kind for ratio in charge.ratios]
    if not ratios:
        return [*lines, "The costs of grid search and unit cannot be compared: those of one side are not known."]
    lines += _describe_counted(table, ratios)
    for of_kind in filter(None, by_kind):
        lines += [*(charge.text for charge in of_kind), *_claim(of_kind[0], len(grid), len(kinds))]
    return [*lines, *_describe_together(table, len(kinds))]


def _describe_counted(table: Table, ratios: Sequence[Ratio]) -> list[str]:
    """Says how many models were measured alone, where not all were, and what other work makes of processor time."""
    grid, units = table.baselines, table.unit_models
    alone, units_alone = (len(measured(rows, lambda result: True)) for rows in (grid, units))
    if alone == len(grid) and units_alone == len(units):
        return []
    lines = [
        f"{alone} of {count(len(grid), 'baseline')} and {units_alone} of {count(len(units), 'unit')} have a run that "
        "was measured alone and without interruption. Times and energies are compared where all models of both sides "
        "have one: part of a grid search is cheaper than the whole."
    ]
    if any(ratio.kind == "processor" and ratio.value is not None for ratio in ratios):
        lines.append(f"Processor time is compared in any case; {OTHER_WORK}.")
    return lines


def _describe_together(table: Table, num_kinds: int) -> list[str]:
    """Describes the cost of the grid relative to all kinds of units, where some came to nothing but were paid for."""
    lost = [row.name for row in table.unit_models if row.status != "ok"]
    together = charges(table, name=f"all {num_kinds} kinds of units together") if lost and num_kinds > 1 else []
    return [f"{together[0].text[:-1]}; of these, {' and '.join(lost)} did not end well."] if together else []


def _claim(charge: Charge, num_baselines: int, num_kinds: int) -> list[str]:
    """Returns what the ratios say of the paper's claim about a search over 24 models, or more."""
    known = [ratio for ratio in charge.ratios if ratio.value is not None]
    if num_baselines < CLAIMED_MODELS or not known:
        return []
    sides = {
        "is supported": [ratio.text for ratio in known if (ratio.value or 0.0) >= CLAIMED_RATIO],
        "is not supported": [ratio.text for ratio in known if (ratio.value or 0.0) < CLAIMED_RATIO],
    }
    said = [f"{word} by {' and '.join(texts)}" for word, texts in sides.items() if texts]
    of_which = f"For {charge.name}, the" if num_kinds > 1 else "The"
    return [f"{of_which} paper's claim that a unit costs a tenth of the grid search {'; it '.join(said)}."]


def _describe(rows: Sequence[Row]) -> str:
    """Returns the cost of training every model once; of several seeds the mean counts."""
    runs, over = sum(len(row.runs) for row in rows), ""
    trained = _runs(runs)
    if runs > len(rows):
        over = _processor_seeds(rows)
        trained = f"{count(len(rows), 'model')} in {trained}, each counted once by the mean over its {_seeds(rows)},"
    times = [[r.seconds.to_solution for r in row.cost.charged if r.seconds] for row in rows]
    parts = [f"{trained} took {_seconds(times) if any(times) else 'an unknown time'} to solution (wall clock)"]
    parts += [text for part in ("cpu", "gpu") for text in _energy(rows, part)]
    # None where no place was set, 0 where no energy could be read
    emissions = [[kg for r in row.cost.charged if r.energy and (kg := r.energy.emissions_kg)] for row in rows]
    if known := [of_model for of_model in emissions if of_model]:
        grams = 1000 * sum(map(fmean, known))
        where = "+".join(places([r for row in rows for r in row.cost.charged]))
        parts.append(f"{grams:,.3g} g of CO2 (all parts, estimated at the carbon intensity of {where})")
    processor = [[r.cpu_s for r in row.cost.on_processor if r.cpu_s is not None] for row in rows]
    if any(processor):
        parts.append(f"{_seconds(processor)} of processor time (measured{over})")
    return ", ".join(parts) + _unknown([result for row in rows for result in row.results])


def _seeds(rows: Sequence[Row]) -> str:
    """Says over which runs of a model the mean of time and energy goes."""
    if all(len(row.cost.charged) == sum(r.seconds is not None for r in row.results) for row in rows):
        return "seeds"
    some = any(is_disturbed(result) for row in rows for result in row.cost.charged)
    return "seeds that were measured alone" + (" (over all, where none was)" if some else "")


def _processor_seeds(rows: Sequence[Row]) -> str:
    """Says over which runs the mean of processor time goes, where these are others than those of time and energy."""
    if all(row.cost.on_processor == row.cost.charged for row in rows):
        return ""
    are_all = all(len(row.cost.on_processor) == sum(r.seconds is not None for r in row.results) for row in rows)
    if are_all:
        return ", over all seeds"
    some = any(not has_own_processor_time(result) for row in rows for result in row.cost.on_processor)
    return ", over the seeds that had a process of their own" + (" (over all, where none had)" if some else "")


def _seconds(of_models: Sequence[Sequence[float]]) -> str:
    """Returns the sum over models of the mean over their runs; of less than ten seconds with what is behind the dot."""
    total = sum(fmean(seconds) for seconds in of_models if seconds)
    return f"{total:,.0f} s" if total >= 9.5 else f"{total:.2g} s"


def _unknown(results: Sequence[Result]) -> str:
    """Says of how many runs a cost is not known, and so in no sum."""
    text = ""
    no_energy = sum(result.energy is None for result in results)
    no_processor = sum(result.cpu_s is None for result in results)
    if no_energy and no_energy == no_processor:
        text += f"; the energy and processor time of {_runs(no_energy)} are not known and not included"
    elif no_energy:
        text += f"; the energy of {_runs(no_energy)} is not known and not included"
    if no_processor and no_energy != no_processor:
        text += f"; the processor time of {_runs(no_processor)} is not known and not included"
    if unread := sum(result.energy is not None and bool(result.energy.unread) for result in results):
        were = agree(unread, "was", "were")
        text += f"; {_runs(unread)} {were} too short for a reading of the energy, which is not known and not included"
    if started := sum(result.start_sha256 is not None for result in results):
        text += f"; training the weights that {_runs(started)} started from is not included"
    untimed = sum(result.seconds is None for result in results)
    if 0 < untimed < len(results):  # where all are, there is no sum that lacks them
        text += f"; the time of {count(untimed, 'failed run')} is not known and not included"
    return text


def _runs(number: int) -> str:
    return count(number, "run")


def _energy(rows: Sequence[Row], part: str) -> list[str]:
    """Returns the energy of "cpu" or "gpu" with its method; nothing where it was not measured."""
    components = [[c for r in row.cost.charged if (c := component_of(r, part))] for row in rows]
    known = [of_model for of_model in components if of_model]
    if not known:
        return []
    methods = {name for of_model in known for component in of_model for name in component.method.split("+")}
    method = "+".join(sorted(methods))
    wh = 1000 * sum(fmean(component.kwh for component in of_model) for of_model in known)
    return [f"{wh:,.3g} Wh of {part.upper()} energy ({describe_method(method)})"]
