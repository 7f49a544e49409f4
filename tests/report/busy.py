"""Works for a while in a process of its own."""

from __future__ import annotations

import time

from mgu.isolation import Send


def work(send: Send, seconds: float) -> None:
    """Takes so much processor time, and then waits to be ended."""
    while time.process_time() < seconds:
        pass
    send("worked")
    time.sleep(60)
