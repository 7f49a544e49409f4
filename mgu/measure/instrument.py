"""What is asked of an instrument that reads energy: codecarbon's sensors and models, or the counters of zeus."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class AnyDevice(Protocol):
    """Describes what is asked of a torch.device here."""

    @property
    def type(self) -> str:
        """Kind of the device, such as "cpu"."""
        ...


class Reading(NamedTuple):
    """Holds the energy since an instrument was started, in kilowatt-hours."""

    cpu: float = 0.0
    gpu: float = 0.0
    ram: float = 0.0


class Instrument(Protocol):
    """Reads energy from when it is started until it is stopped, once."""

    def start(self) -> None:
        """Begins to count; raises RuntimeError where that failed."""

    def read(self) -> Reading:
        """Returns the energy up to now: a reading that is older than the clock gives one phase what another used."""

    def stop(self) -> Reading | None:
        """Ends the counting; returns the energy, None where it was lost."""

    @property
    def methods(self) -> dict[str, str]:
        """How the energy of "cpu", "gpu" and "ram" is determined, see mgu/measure/energy.py."""

    def design_power(self) -> dict[str, Any]:
        """Returns the fields of `Processor` on the power that is assumed of a processor whose power is modelled."""
