"""Columns of what runs cost: energy, emissions, how busy they kept processors and GPU, and what disturbed them."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

from mgu.report.cost_kinds import places
from mgu.report.energy_phases import PHASES, mean_phase_wh
from mgu.report.ranking.column import Column, Value, column_for_machines, or_dash
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.utilisation import gpu_value, processors_busy
from mgu.results.schema.energy import describe_method

PROCESSOR_COLUMNS = {  # by key the field of Processor
    "cpu_name": "name",
    "cpu_threads": "threads",
    "cpu_design_power_w": "design_power_w",
    "cpu_design_power_by": "design_power_by",
}


def utilisation_columns(table: Table) -> list[Column]:
    """Returns the columns of how busy training kept the devices, of those that any row knows."""

    def busy(row: Row) -> float | None:
        return gpu_value(row, "busy")

    def of_gpu(field: str) -> Callable[[Row], Value]:
        return lambda row: gpu_value(row, field)

    columns = [
        Column("processors_busy", "CPUs busy", processors_busy, lambda row: or_dash(processors_busy(row), ".2f"))
    ]
    if any(busy(row) is not None for row in table.rows):
        columns.append(Column("gpu_busy", "GPU busy", busy, lambda row: or_dash(busy(row), ".0%")))
    fields = ("busy_max", "memory_mib", "memory_mib_max", "power_w", "power_w_max")
    columns += [column_for_machines(f"gpu_{field}", of_gpu(field)) for field in fields]
    return [column for column in columns if any(column.value(row) is not None for row in table.rows)]


def energy_columns(part: str, table: Table, is_shown: bool) -> list[Column]:
    """Returns the columns of energy and method; the title names the method where all rows share it.

    Args:
        part: "cpu", "gpu" or "ram".
        table: A ranked table.
        is_shown: Whether people see the column.

    Returns:
        The columns: energy in Wh, and its method.
    """
    methods = {component.method for row in table.rows if (component := row.cost.component(part))}
    shared = next(iter(methods)) if len(methods) == 1 else None

    def wh(row: Row) -> float | None:
        component = row.cost.component(part)
        return 1000 * component.kwh if component else None

    def method(row: Row) -> str | None:
        component = row.cost.component(part)
        return component.method if component else None

    def text(row: Row) -> str:
        method_of_row = None if shared else method(row)
        return or_dash(wh(row), ".4g") + (f" {describe_method(method_of_row)}" if method_of_row else "")

    title = f"{part.upper()} [Wh]" + (f" {describe_method(shared)}" if shared else "")
    return [Column(f"{part}_wh", title if is_shown else "", wh, text), column_for_machines(f"{part}_method", method)]


def columns_for_machines() -> list[Column]:
    """Returns the columns that only machines read: costs that have no title, and what disturbed the runs."""
    return [
        column_for_machines("processor_s", lambda row: row.cost.processor_s),
        *(_of_processor(key, field) for key, field in PROCESSOR_COLUMNS.items()),
        column_for_machines("machine_load", _machine_busy),
        column_for_machines("co2_kg_estimated", lambda row: row.cost.mean_energy("emissions_kg")),
        column_for_machines("co2_country", _country),
        column_for_machines("co2_intensity_g_kwh", _intensity),
        *(_phase(part, phase) for part in ("cpu", "gpu", "ram") for phase in PHASES),
        column_for_machines("contended", lambda row: sum(r.contended for r in row.results)),
        column_for_machines("resumed", lambda row: sum(r.resumed for r in row.results)),
    ]


def _of_processor(key: str, field: str) -> Column:
    """Returns a column of a field of `Processor`: what its runs share, or their different values joined by "+"."""

    def value(row: Row) -> Value:
        values = [getattr(result.processor, field) for result in row.cost.timed if result.processor]
        known = dict.fromkeys(value for value in values if value is not None)
        return next(iter(known)) if len(known) == 1 else " + ".join(map(str, known)) or None

    return column_for_machines(key, value)


def _machine_busy(row: Row) -> float | None:
    """Returns the mean over its runs of the share of the machine's processors that any program kept busy."""
    shares = [share for result in row.cost.timed if result.processor and (share := result.processor.load) is not None]
    return fmean(shares) if shares else None


def _country(row: Row) -> str | None:
    """Returns the place whose carbon intensity the emissions assume; several are joined by "+"."""
    return "+".join(places(row.cost.timed)) or None


def _intensity(row: Row) -> Value:
    """Returns the carbon intensity of that place in g/kWh, if all runs share it; older results do not have it."""
    intensities = {result.energy.intensity_g_kwh for result in row.cost.timed if result.energy}
    return next(iter(intensities)) if len(intensities) == 1 else None


def _phase(part: str, phase: str) -> Column:
    """Returns the column of the energy of one part of the machine in one phase, by the method of that part."""
    return column_for_machines(f"{part}_{phase}_wh", lambda row: mean_phase_wh(row.cost.timed, part, phase))
