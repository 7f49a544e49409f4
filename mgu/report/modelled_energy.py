"""Energy of a CPU that no instrument measures: what is assumed of it, and amounts that can be compared.

codecarbon models the power of the CPU from the load of the whole machine, at the cube of it, so its figures for two
runs of different load have no meaningful ratio. Ratios use processor time at the design power of one processor.
"""

from __future__ import annotations

from collections.abc import Sequence

from mgu.console.text import count
from mgu.report.ranking.validity import component_of
from mgu.results.schema.result import Result

UNKNOWN = (
    "modelled from the load of the whole machine, and processor time or design power was not recorded for every run: "
    "compare processor time instead"
)


def is_modelled(result: Result) -> bool:
    """Tells whether any part of the energy of the CPU comes from codecarbon's model of its power."""
    component = component_of(result, "cpu")
    return component is not None and "model" in component.method.split("+")


def comparable_kwh(result: Result) -> float | None:
    """Returns the energy of the CPU as ratios count it; None where it is not known.

    Args:
        result: Of a run.

    Returns:
        Measured kilowatt-hours, or processor time at the design power of one processor where energy is modelled.
    """
    if is_modelled(result):
        return result.processor.modelled_kwh if result.processor else None
    component = component_of(result, "cpu")
    return component.kwh if component else None


def comparable_kg(result: Result) -> float | None:
    """Returns the emissions as ratios count them, with the energy of the CPU as `comparable_kwh` has it.

    Args:
        result: Of a run.

    Returns:
        Kilograms of CO2-equivalent; None where they are not known.
    """
    energy, kwh = result.energy, comparable_kwh(result)
    if energy is None or energy.emissions_kg is None:
        return None
    if not is_modelled(result):
        return energy.emissions_kg
    if kwh is None:
        return None
    others = energy.gpu.kwh + energy.ram.kwh
    whole = energy.cpu.kwh + others
    return energy.emissions_kg * (kwh + others) / whole if whole else None


def obstacle(results: Sequence[Result]) -> str | None:
    """Returns why modelled energies of runs cannot be compared; None where they can, or where none is modelled."""
    modelled = [result for result in results if is_modelled(result)]
    if any(comparable_kwh(result) is None for result in modelled):
        return UNKNOWN
    powers = sorted(_powers(modelled))
    if len(powers) > 1:
        return f"design powers of {' and '.join(f'{power:.3g}' for power in powers)} W a processor are assumed"
    return None


def basis(results: Sequence[Result]) -> str:
    """Returns what ratios of modelled energy rest on, such as "processor time at 4 W a processor"; "" for none."""
    powers = _powers([result for result in results if is_modelled(result)])
    return "".join(f"processor time at {power:.3g} W a processor" for power in powers)


def describe_assumptions(results: Sequence[Result]) -> list[str]:
    """Describes the design power that modelled energies assume, by which name, and the mean loads of the machine.

    Args:
        results: Of the runs of a table.

    Returns:
        One sentence for each processor and design power; none where no energy is modelled.
    """
    modelled = [result for result in results if is_modelled(result)]
    groups: dict[str, list[Result]] = {}
    for result in modelled:
        groups.setdefault(_describe_power(result), []).append(result)
    return [
        f"CPU energy{_count(group, modelled) if len(groups) > 1 else ''} is modelled: {words}{_machine_busy(group)}."
        for words, group in groups.items()
    ]


def _count(group: list[Result], of: list[Result]) -> str:
    return f" of {len(group)} of {count(len(of), 'run')}"


def _describe_power(result: Result) -> str:
    use = result.processor
    if not use or use.design_power_w is None or use.watts_each is None:
        return "the design power that was assumed is not recorded"
    by = f", from {use.design_power_by}" if use.design_power_by else ""
    return f"design power {use.design_power_w:.3g} W ({use.watts_each:.3g} W a processor; {use.name}{by})"


def _machine_busy(results: Sequence[Result]) -> str:
    shares = [r.processor.load for r in results if r.processor and r.processor.load is not None]
    if not shares:
        return ""
    low, high = f"{min(shares):.0%}", f"{max(shares):.0%}"
    return f"; mean load of the machine {low}" + (f" to {high}" if high != low else "")


def _powers(results: Sequence[Result]) -> set[float]:
    """Returns the design powers of one processor, in watts, of which rounding makes no two."""
    return {round(r.processor.watts_each, 6) for r in results if r.processor and r.processor.watts_each is not None}
