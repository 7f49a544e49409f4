"""The energy of a run in result.json: of each part of the machine, by phase, and the CO2 of the place it came from."""

from __future__ import annotations

from typing import Annotated, TypeVar

from mgu.results.schema.parts import Amount, Record, about

# Methods of mgu/measure/energy.py that measure.
MEASURED = ("rapl", "nvml_counter", "nvml_power", "amdsmi_counter", "amdsmi_power", "powermetrics")
SHORT_S = 10.0  # seconds; codecarbon takes too few readings of a shorter run
CONFIGURED = "energy.intensity_g_kwh"  # where the carbon intensity was set by the user


class Component(Record, frozen=True):
    """Holds the energy of one part of the machine, and the method (mgu/measure/energy.py) that determined it."""

    kwh: Annotated[Amount, about("Energy in kilowatt-hours.")]
    method: Annotated[str, about("Instrument or estimate that the energy comes from, several joined by +.")]


def _add_fields(first: _Summed, later: _Summed) -> _Summed:
    """Adds two records field by field."""
    return type(first)(**{name: getattr(first, name) + getattr(later, name) for name in first.__struct_fields__})


def describe_method(method: str) -> str:
    """Describes a method of determining energy, for an estimate must read as one.

    Args:
        method: Name of the method, or several joined by "+".

    Returns:
        The name, followed by "measured" or "estimated".
    """
    return f"{method}, {'measured' if is_measured(method) else 'estimated'}"


def is_measured(method: str) -> bool:
    """Tells whether an instrument measured the energy by a method.

    Args:
        method: Name of the method, or several joined by "+".

    Returns:
        Whether each of them is one of MEASURED.
    """
    return all(part in MEASURED for part in method.split("+"))


_Summed = TypeVar("_Summed", "PhaseEnergy", "PhaseEnergies")


class PhaseEnergy(Record, frozen=True):
    """Holds the energy of one phase by part of the machine, each by the method of its component."""

    cpu_kwh: Annotated[Amount, about("Energy of the processor in kilowatt-hours.")] = 0.0
    gpu_kwh: Annotated[Amount, about("Energy of the GPU in kilowatt-hours.")] = 0.0
    ram_kwh: Annotated[Amount, about("Energy of the memory in kilowatt-hours.")] = 0.0
    seconds: Annotated[Amount, about("Seconds over which the phase was measured.")] = 0.0

    def __add__(self, later: PhaseEnergy) -> PhaseEnergy:
        return _add_fields(self, later)


class PhaseEnergies(Record, frozen=True):
    """Holds the energy of each phase; an edge between two is up to a tenth of a second early.

    `train` and `evaluate` add up to the components; `setup` is before them and in no sum.
    """

    setup: Annotated[PhaseEnergy, about("Loading the data, starting torch, compiling; since the meter started.")]
    train: Annotated[PhaseEnergy, about("Building the model, all epochs with their evaluation and checkpoints.")]
    evaluate: Annotated[PhaseEnergy, about("Evaluating the kept weights on every split, and analysing gates.")]

    def __add__(self, later: PhaseEnergies) -> PhaseEnergies:
        return _add_fields(self, later)


class Energy(Record, frozen=True):
    """Holds the energy over the time to solution and the writing of checkpoints.

    The components are never added up, for their methods differ in kind.
    """

    cpu: Annotated[Component, about("Energy of the processor.")]
    gpu: Annotated[Component, about("Energy of the GPUs.")]
    ram: Annotated[Component, about("Energy of the memory.")]
    cpu_seconds: Annotated[Amount, about("Processor time of the training process in seconds, measured everywhere.")]
    emissions_kg: Annotated[
        Amount | None,
        about(
            "Estimated CO2-equivalent of all parts in kilograms, at the carbon intensity of the place; null: none was "
            "set, or not the same one in all parts of a run that was stopped and continued."
        ),
    ]
    country: Annotated[str | None, about("ISO 3166 code of the country where the run ended; null where none was set.")]
    tracked_s: Annotated[Amount, about("Seconds over which energy was measured.")]
    region: Annotated[str | None, about("Region of the country; null: the whole country.")] = None
    intensity_g_kwh: Annotated[
        Amount | None, about("Carbon intensity in grams of CO2-equivalent per kWh; null: none, or of an older version.")
    ] = None
    intensity_by: Annotated[str | None, about("Where the carbon intensity comes from.")] = None
    pue: Annotated[float, about("Power usage effectiveness that the emissions were multiplied by.")] = 1.0
    phases: Annotated[
        PhaseEnergies | None,
        about("Energy by phase; null for older versions, and for runs of which one process trained several at once."),
    ] = None

    @property
    def unread(self) -> tuple[str, ...]:
        """The parts of which there is no reading, for the run was too short: their 0 Wh are not what it took."""
        if self.tracked_s >= SHORT_S:
            return ()
        parts = (("cpu", self.cpu), ("gpu", self.gpu), ("ram", self.ram))
        return tuple(name for name, part in parts if part.method != "none" and not part.kwh)

    @property
    def differs_in_place(self) -> bool:
        """Whether there are no emissions although a place was set: the parts of a continued run differ in it."""
        is_set = self.country is not None or self.intensity_g_kwh is not None
        return self.emissions_kg is None and is_set

    @property
    def place(self) -> str | None:
        """The place whose carbon intensity the emissions assume, in words; None where there are no emissions."""
        if self.emissions_kg is None:
            return None
        place = self.country or ""
        if self.intensity_by == CONFIGURED:
            place = f"{self.intensity_g_kwh:g} g/kWh as configured" + (f" for {place}" if place else "")
        elif self.region:
            place = f"{place} ({self.region})"
        return place if self.pue == 1 else f"{place} at PUE {self.pue:g}"
