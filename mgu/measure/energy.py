"""Energy of a piece of work, with the method of every figure, and of its phases.

Methods: `rapl`, `nvml_counter` and `amdsmi_counter` read the hardware's own energy counters, `nvml_power`,
`amdsmi_power` and `powermetrics` sample its power sensors. `model` is codecarbon's estimate (CPU: design power scaled
by the load of the *whole machine*; RAM: a constant per module), and `none` means that there was nothing to count. Only
`model` is no measurement.
"""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Self

import msgspec

from mgu.config.energy import EnergyConfig
from mgu.errors import UserError
from mgu.measure.carbon import Location, find_location
from mgu.measure.countries import check_early, refuse_unknown
from mgu.measure.instrument import AnyDevice, Instrument, Reading
from mgu.results.schema.energy import Component, Energy, PhaseEnergies, PhaseEnergy

if TYPE_CHECKING:  # the server imports this file before torch, see mgu/run/preload_energy.py
    import torch

log = logging.getLogger(__name__)
Edge = tuple[Reading, float]  # with the seconds on the clock of time.perf_counter


class EnergyMeter:
    """Measures energy: `with meter: work()`, once; then `meter.energy`.

    What comes before `end_setup`, if that is called, is the energy of the set-up, which is in no sum.

    `energy` is None, with a warning in the log, if the instrument loses it: what was trained is kept all the same.

    Args:
        instrument: What reads the energy.
        location: What CO2 is computed by.
    """

    energy: Energy | None = None
    _trained: Edge | None

    def __init__(self, instrument: Instrument, location: Location) -> None:
        self.instrument, self.location = instrument, location

    def __enter__(self) -> Self:
        """Starts the instrument; raises RuntimeError where that failed."""
        self.instrument.start()
        self._start(Reading())
        self._setup = PhaseEnergy()
        return self

    def __exit__(self, *exception: object) -> None:
        now, cpu_now = time.perf_counter(), time.process_time()
        if reading := self.instrument.stop():
            self.energy = self._energy((reading, now), cpu_now)

    def end_setup(self) -> None:
        """Ends the set-up: what was measured so far is its energy, and the rest is counted from here."""
        now = self._now()
        self._setup = _between(self._started, now)
        self._start(now[0])

    def begin_evaluation(self) -> None:
        """Ends training: what is measured from here is the energy of the evaluation."""
        self._trained = self._now()

    def so_far(self) -> Energy | None:
        """Returns the energy up to now."""
        return self._energy(self._now(), time.process_time())

    def design_power(self) -> dict[str, Any]:
        """Returns the fields of `Processor` on the power that is assumed of a processor whose power is modelled."""
        return self.instrument.design_power()

    def _start(self, reading: Reading) -> None:
        self._started, self._cpu_started = (reading, time.perf_counter()), time.process_time()
        self._trained = None

    def _now(self) -> Edge:
        return self.instrument.read(), time.perf_counter()

    def _energy(self, now: Edge, cpu_now: float) -> Energy | None:
        """Returns the figures with their methods; None, with a warning, for what no result may hold."""
        figures = self._figures(now, cpu_now)
        try:
            return msgspec.json.decode(msgspec.json.encode(figures), type=Energy)
        except msgspec.ValidationError as error:  # such as a counter that went back
            log.warning("the meter returned impossible data, the energy of this run is not known: %s", error)
            return None

    def _figures(self, now: Edge, cpu_now: float) -> Energy:
        (cpu, gpu, ram), (_, started_s) = (_minus(now[0], self._started[0]), self._started)
        methods, trained = self.instrument.methods, self._trained or now
        return Energy(
            cpu=Component(kwh=cpu, method=methods["cpu"]),
            gpu=Component(kwh=gpu, method=methods["gpu"]),
            ram=Component(kwh=ram, method=methods["ram"]),
            cpu_seconds=cpu_now - self._cpu_started,
            tracked_s=now[1] - started_s,
            phases=PhaseEnergies(
                setup=self._setup, train=_between(self._started, trained), evaluate=_between(trained, now)
            ),
            **self.location.fields_of(cpu + gpu + ram),
        )


def _minus(later: Reading, earlier: Reading) -> Reading:
    return Reading(*(b - a for a, b in zip(earlier, later, strict=True)))


def _between(earlier: Edge, later: Edge) -> PhaseEnergy:
    cpu, gpu, ram = _minus(later[0], earlier[0])
    return PhaseEnergy(cpu_kwh=cpu, gpu_kwh=gpu, ram_kwh=ram, seconds=later[1] - earlier[1])


class NoMeter(AbstractContextManager[None]):
    """Stands in for an EnergyMeter where no energy is to be measured."""

    energy: Energy | None = None

    def end_setup(self) -> None:
        """Does nothing."""

    def begin_evaluation(self) -> None:
        """Does nothing."""

    def so_far(self) -> Energy | None:
        """Returns None."""
        return None

    def design_power(self) -> dict[str, Any]:
        """Returns nothing: no power is assumed."""
        return {}

    def __exit__(self, *exception: object) -> None:
        pass


def build_meter(config: EnergyConfig, device: torch.device) -> EnergyMeter | NoMeter:
    """Builds the configured meter; probes the hardware, which takes seconds for the first one of a process.

    Args:
        config: How energy is measured, if at all.
        device: The device that works.

    Returns:
        A meter that has not begun.

    Raises:
        UserError: Energy is to be measured, and no meter comes up here, or the place is unknown.
    """
    if not config.enabled:
        return NoMeter()
    check_place(config)
    if config.meter == "zeus":
        from mgu.measure.zeus_instrument import ZeusInstrument  # an optional dependency

        return EnergyMeter(ZeusInstrument(device), find_location(config))
    from mgu.measure.codecarbon_instrument import CodecarbonInstrument  # needs pandas

    try:
        warm_up(device, config.period_s)
    except (RuntimeError, OSError) as error:
        raise UserError(
            f"energy.enabled must be false where energy cannot be measured, but got true, and {error} "
            "Pass energy.enabled=false."
        ) from None
    return EnergyMeter(CodecarbonInstrument(device, config.period_s), find_location(config))


def check_place(config: EnergyConfig) -> None:
    """Checks that codecarbon knows the carbon intensity of the configured place, if there is one.

    Args:
        config: How energy is measured.

    Raises:
        UserError: The country or its region is unknown.
    """
    check_early(config)
    if config.country:
        from mgu.measure.codecarbon_instrument import known_countries

        refuse_unknown(config.country, known_countries())


def warm_up(device: AnyDevice, period_s: float) -> None:
    """Has the first tracker of the process probe the hardware, which takes 1-3 s, outside what is timed.

    Args:
        device: The device that trains.
        period_s: Seconds between two samples of the power.

    Raises:
        RuntimeError: codecarbon did not start.
    """
    from mgu.measure.codecarbon_instrument import CodecarbonInstrument

    instrument = CodecarbonInstrument(device, period_s)
    instrument.start()
    instrument.stop()
