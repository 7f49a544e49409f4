"""Ctrl-C and SIGTERM: both interrupt the command, whatever it is doing at that moment."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

AGAIN_S = 0.1  # by then the main thread has left the code that cannot raise


def prepare_interrupts() -> None:
    """Has SIGTERM, which a cluster sends before it takes a machine away, do what Ctrl-C does, and neither get lost."""
    signal.signal(signal.SIGTERM, _interrupt)
    sys.unraisablehook = _interrupt_again


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _interrupt_again(lost: Any) -> None:
    """Interrupts once more where Python swallowed the exception, as in the callbacks of weak references."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
        return
    # To the process and not by raise_signal to the timer's thread: it must end what the main thread waits for.
    timer = threading.Timer(AGAIN_S, os.kill, (os.getpid(), signal.SIGINT))
    timer.daemon = True
    timer.start()
