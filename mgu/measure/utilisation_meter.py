"""How busy processor and GPU are while a run goes on: by phase, and over time in load.csv.

The processor time of a phase is exact. The machine and the GPU are sampled by a thread at the period of the energy
meter, which costs well below a thousandth of the time; see docs/method/measurement.md.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from mgu.measure.gpu_reader import GpuReader, GpuReading
from mgu.measure.processor_meter import machine_times
from mgu.measure.utilisation_curve import MOST_ROWS, UtilisationRow, read_curve, shorten, write_curve
from mgu.results.schema.device_load import DeviceLoad, GpuLoad, PhaseLoad

log = logging.getLogger(__name__)
FRESH_S = 0.1  # the system counts busy processors in hundredths of a second: shorter spans say nothing
WRITE_EVERY_S = 10.0


class UtilisationMeter:
    """Measures utilisation from its construction on: `lap` ends a phase, `stop` ends the measurement.

    Args:
        period_s: Seconds between samples.
        gpu: Reads the GPU that trains; None on a CPU.
    """

    def __init__(self, period_s: float, gpu: GpuReader | None = None) -> None:
        self._period_s, self._gpu = period_s, gpu
        self._folder: Path | None = None
        self._phases: dict[str, PhaseLoad] = {}
        self._rows: list[UtilisationRow] = []
        self._undecided: list[UtilisationRow] = []  # their phase is the one that ends next
        self._readings: list[GpuReading] = []  # likewise
        self._earlier: list[UtilisationRow] | None = None
        self._began_s = self._lap_s = self._row_s = self._ticks_s = self._written_s = time.perf_counter()
        self._lap_cpu_s = self._row_cpu_s = time.process_time()
        self._lap_ticks = self._row_ticks = machine_times()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._sample_until_end, name="load", daemon=True)
        self._thread.start()

    def begin(self, folder: Path) -> None:
        """Tells where load.csv goes; rows that an earlier part of the run left there are kept."""
        self._folder = folder

    def lap(self, phase: str) -> None:
        """Assigns what was measured since the last lap to a phase.

        Args:
            phase: A field of `Seconds`.
        """
        with self._lock:
            now_s, cpu_s = time.perf_counter(), time.process_time()
            part = PhaseLoad(wall_s=now_s - self._lap_s, processor_s=max(cpu_s - self._lap_cpu_s, 0.0))
            self._lap_s, self._lap_cpu_s = now_s, cpu_s
            if now_s - self._ticks_s >= FRESH_S:
                part += self._of_machine(now_s)
            if self._gpu and not self._readings and phase not in self._phases:
                self._readings.append(self._gpu.read())
            if self._readings:
                part += PhaseLoad(wall_s=0.0, processor_s=0.0, gpu=_summarise(self._readings))
                self._readings = []
            self._phases[phase] = self._phases[phase] + part if phase in self._phases else part
            self._rows += [row._replace(phase=phase) for row in self._undecided]
            self._undecided = []
            if len(self._rows) > MOST_ROWS:
                self._rows = shorten(self._rows)

    def so_far(self) -> DeviceLoad:
        """Returns the load of all phases as of the last lap."""
        with self._lock:
            return DeviceLoad(period_s=self._period_s, phases=dict(self._phases))

    def stop(self) -> None:
        """Ends the measurement and writes load.csv; does nothing if it has ended."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        self._write()

    def _of_machine(self, now_s: float) -> PhaseLoad:
        """Returns the load of the machine since it was last asked for at a lap."""
        ticks, seconds = machine_times(), now_s - self._ticks_s
        share = _share(self._lap_ticks, ticks)
        self._lap_ticks, self._ticks_s = ticks, now_s
        return PhaseLoad(wall_s=0.0, processor_s=0.0, machine=share, machine_s=seconds if share is not None else 0.0)

    def _sample_until_end(self) -> None:
        while not self._ended.wait(self._period_s):
            self._sample()
            if time.perf_counter() - self._written_s > WRITE_EVERY_S:
                self._write()

    def _sample(self) -> None:
        reading = self._gpu.read() if self._gpu else None
        with self._lock:
            now_s, cpu_s, ticks = time.perf_counter(), time.process_time(), machine_times()
            seconds = now_s - self._row_s
            if seconds <= 0:
                return
            processors = max(cpu_s - self._row_cpu_s, 0.0) / seconds
            machine = _share(self._row_ticks, ticks)
            self._row_s, self._row_cpu_s, self._row_ticks = now_s, cpu_s, ticks
            row = UtilisationRow(now_s - self._began_s, "", processors, machine, *(reading or ()))
            self._undecided.append(row)
            if len(self._undecided) > MOST_ROWS:
                self._undecided = shorten(self._undecided)
            if reading:
                self._readings.append(reading)

    def _write(self) -> None:
        """Writes load.csv, if it is known where; a run is not given up for it."""
        self._written_s = time.perf_counter()
        if self._folder is None:
            return
        try:
            if self._earlier is None:
                self._earlier = read_curve(self._folder)
            offset_s = self._earlier[-1].time_s if self._earlier else 0.0
            with self._lock:
                rows = [*self._rows, *self._undecided]
            of_this_part = [row._replace(time_s=offset_s + row.time_s, phase=row.phase or "train") for row in rows]
            write_curve(self._folder, [*self._earlier, *of_this_part])
        except OSError as error:
            log.warning("the load of this run over time could not be written: %s", error)


def _share(then: tuple[float, float], now: tuple[float, float]) -> float | None:
    """Returns the busy share of processor ticks between two readings; None where the system tells none."""
    busy, total = now[0] - then[0], now[1] - then[1]
    return min(max(busy / total, 0.0), 1.0) if total > 0 else None


def _summarise(readings: list[GpuReading]) -> GpuLoad:
    """Returns mean and maximum of some readings, at least one; None for what one of them does not tell."""
    fields: dict[str, float | None] = {}
    for name, values in zip(GpuReading._fields, zip(*readings, strict=True), strict=True):
        known = [value for value in values if value is not None]
        is_known = len(known) == len(readings)
        fields[name] = sum(known) / len(known) if is_known else None
        fields[f"{name}_max"] = max(known) if is_known else None
    return GpuLoad(samples=len(readings), **fields)
