"""How busy a run kept the processor and the GPU, by phase (Damian and Piciu 2020, section 3.3)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from mgu.results.schema.parts import Amount, Count, Fraction, Record, about

FIELDS = ("busy", "memory_mib", "power_w")


class GpuLoad(Record, frozen=True):
    """Holds what NVML said of the GPU that trained, sampled at the period of the energy meter."""

    samples: Annotated[Count, about("Number of samples.")]
    busy: Annotated[Fraction | None, about("Mean share of the time in which a kernel ran; null if not told.")]
    busy_max: Annotated[Fraction | None, about("Largest sample of it.")]
    memory_mib: Annotated[Amount | None, about("Mean memory in use on the GPU in MiB, by any program.")]
    memory_mib_max: Annotated[Amount | None, about("Largest sample of it.")]
    power_w: Annotated[Amount | None, about("Mean power of the GPU in watts.")]
    power_w_max: Annotated[Amount | None, about("Largest sample of it.")]

    def __add__(self, later: GpuLoad) -> GpuLoad:
        """Adds later samples; a field that one of them lacks is not known of both."""
        samples = self.samples + later.samples
        fields: dict[str, float | None] = {}
        for name in FIELDS:
            means = (getattr(self, name), getattr(later, name))
            highest = (getattr(self, f"{name}_max"), getattr(later, f"{name}_max"))
            is_known = None not in (*means, *highest)
            fields[name] = (means[0] * self.samples + means[1] * later.samples) / samples if is_known else None
            fields[f"{name}_max"] = max(highest) if is_known else None
        return GpuLoad(samples=samples, **fields)


class PhaseLoad(Record, frozen=True):
    """Holds the load in one phase of a run."""

    wall_s: Annotated[Amount, about("Wall-clock seconds.")]
    processor_s: Annotated[Amount, about("Seconds of processor time of the training process, all threads together.")]
    machine: Annotated[
        Fraction | None,
        about("Mean share of the machine's processors that any program kept busy; null if not known."),
    ] = None
    machine_s: Annotated[Amount, about("Seconds over which `machine` is known.")] = 0.0
    gpu: Annotated[GpuLoad | None, about("Load of the GPU; null without one.")] = None

    @property
    def processors(self) -> float | None:
        """Mean number of processors that the process kept busy."""
        return self.processor_s / self.wall_s if self.wall_s else None

    def __add__(self, later: PhaseLoad) -> PhaseLoad:
        """Adds a later part of the same phase."""
        known = [
            (part.machine, part.machine_s) for part in (self, later) if part.machine is not None and part.machine_s
        ]
        machine_s = sum(seconds for _, seconds in known)
        return PhaseLoad(
            wall_s=self.wall_s + later.wall_s,
            processor_s=self.processor_s + later.processor_s,
            machine=min(sum(share * seconds for share, seconds in known) / machine_s, 1.0) if machine_s else None,
            machine_s=machine_s,
            gpu=self.gpu + later.gpu if self.gpu and later.gpu else self.gpu or later.gpu,
        )


class DeviceLoad(Record, frozen=True):
    """Holds the load of the devices by phase; load.csv of the run has it over time."""

    period_s: Annotated[Amount, about("Seconds between two samples.")]
    phases: Annotated[
        dict[str, PhaseLoad], about("Load by phase, named as in `seconds`; training includes the epochs' evaluation.")
    ] = msgspec.field(default_factory=dict)

    def __add__(self, later: DeviceLoad) -> DeviceLoad:
        """Adds a later part of an interrupted run."""
        phases = dict(self.phases)
        for name, phase in later.phases.items():
            phases[name] = phases[name] + phase if name in phases else phase
        return DeviceLoad(period_s=later.period_s, phases=phases)
