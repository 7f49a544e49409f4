"""The cost of a run: seconds and energy; the parts of an interrupted run add up."""

from __future__ import annotations

from typing import Any

from msgspec import field
from msgspec.structs import replace

from mgu.results.schema.device_load import DeviceLoad
from mgu.results.schema.energy import Component, Energy
from mgu.results.schema.parts import Record
from mgu.results.schema.processor import Processor
from mgu.results.schema.seconds import Seconds

PHASES = Seconds.__struct_fields__


class RunCost(Record, frozen=True):
    """Records seconds and energy of a run, or of one part of a run that was interrupted.

    Attributes:
        seconds: Wall-clock seconds of each phase.
        energy: None where the energy of any part is unknown.
        contended: Whether another run measured on this host at the same time.
        resumed: How often the run was continued after an interruption.
        processor: Use of the processor; None where it is not known of any part.
        trained_together: Runs that one process trained at once, at most.
        load: Load of the devices by phase; None where it is not known of every part.
    """

    seconds: Seconds
    energy: Energy | None
    contended: bool
    resumed: int = 0
    processor: Processor | None = None
    trained_together: int = field(default=1, name="together")  # as checkpoints call it
    load: DeviceLoad | None = None

    def __add__(self, later: RunCost) -> RunCost:
        return RunCost(
            seconds=Seconds(**{key: getattr(self.seconds, key) + getattr(later.seconds, key) for key in PHASES}),
            energy=_add_energies(self.energy, later.energy),
            contended=self.contended or later.contended,
            resumed=self.resumed + later.resumed,
            processor=self.processor + later.processor if self.processor and later.processor else None,
            trained_together=max(self.trained_together, later.trained_together),
            load=self.load + later.load if self.load and later.load else None,
        )

    def as_fields(self) -> dict[str, Any]:
        """Returns the fields of a `Result` by name."""
        names = ("seconds", "energy", "processor", "contended", "resumed", "trained_together", "load")
        return {key: getattr(self, key) for key in names}


def share_of(energy: Energy | None, share: float) -> Energy | None:
    """Returns one run's share of what was measured for several.

    Args:
        energy: Energy of the whole process; None where it was not measured.
        share: A number in 0..1.

    Returns:
        The energy, its kilowatt-hours, seconds and emissions multiplied by the share.
    """
    if energy is None or share == 1:
        return energy
    cpu, gpu, ram = (replace(each, kwh=each.kwh * share) for each in (energy.cpu, energy.gpu, energy.ram))
    numbers = {key: getattr(energy, key) * share for key in ("cpu_seconds", "tracked_s")}
    kg = None if energy.emissions_kg is None else energy.emissions_kg * share
    return replace(energy, cpu=cpu, gpu=gpu, ram=ram, emissions_kg=kg, phases=None, **numbers)


def _add_energies(a: Energy | None, b: Energy | None) -> Energy | None:
    """Adds energies; the sum is unknown where one of them is."""
    if a is None or b is None:
        return None
    in_one_place = a.place == b.place and a.emissions_kg is not None and b.emissions_kg is not None
    return replace(
        b,
        cpu=_add_components(a.cpu, b.cpu),
        gpu=_add_components(a.gpu, b.gpu),
        ram=_add_components(a.ram, b.ram),
        cpu_seconds=a.cpu_seconds + b.cpu_seconds,
        emissions_kg=(a.emissions_kg or 0.0) + (b.emissions_kg or 0.0) if in_one_place else None,
        tracked_s=a.tracked_s + b.tracked_s,
        phases=a.phases + b.phases if a.phases and b.phases else None,
    )


def _add_components(a: Component, b: Component) -> Component:
    """Adds energies; where the parts were measured on different machines, the sum names both methods."""
    methods = {method for component in (a, b) for method in component.method.split("+")}
    return Component(kwh=a.kwh + b.kwh, method="+".join(sorted(methods - {"none"})) or "none")
