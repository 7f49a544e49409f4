"""Stands in for an instrument that reads energy: what it reads is set by a test."""

from __future__ import annotations

from typing import Any

from mgu.measure.instrument import Reading


class InstrumentByHand:
    """An instrument whose reading is set by hand."""

    def __init__(self) -> None:
        self.reading = Reading()
        self.methods = {"cpu": "rapl", "gpu": "nvml_counter", "ram": "model"}

    def start(self) -> None:
        pass

    def read(self) -> Reading:
        return self.reading

    def stop(self) -> Reading | None:
        return self.reading

    def design_power(self) -> dict[str, Any]:
        return {}
