"""A clock that is set by hand: what a test says of seconds holds however long the machine stands still in between."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class ByHand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def rule(self, patch: pytest.MonkeyPatch, modules: Sequence[ModuleType]) -> None:
        """Makes it the clock of some modules, for wall-clock and processor time and the time of day."""
        clocks = vars(time) | dict.fromkeys(("perf_counter", "monotonic", "process_time", "time"), self)
        for module in modules:
            patch.setattr(module, "time", SimpleNamespace(**clocks))

    def charge(self, patch: pytest.MonkeyPatch, module: ModuleType, function: str, seconds: float) -> None:
        """Has every call of a module's function take so many seconds."""
        own = getattr(module, function)

        def call(*arguments: Any, **keywords: Any) -> Any:
            self.now_s += seconds
            return own(*arguments, **keywords)

        patch.setattr(module, function, call)
