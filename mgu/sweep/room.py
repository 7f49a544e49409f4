"""Whether memory has room for one more run beside those that are being trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mgu.machine import free_memory, private_memory
from mgu.sweep.watch import Watch

PLENTY = 2 << 30  # bytes for each run with which all may start at once: of those known, none takes a quarter of it
MARGIN = 1.2  # of what the largest run took


class Room:
    """Decides by the memory that runs have taken so far, which it reads when another one could start.

    Where memory is not plentiful, the first run is alone until it has trained for an epoch. Where it cannot be read,
    there is room.

    Args:
        slots: Runs that may be trained at once.
        say: Takes a line about runs that wait for memory.
    """

    def __init__(self, slots: int, say: Callable[[str], None]) -> None:
        self._say, self._has_said = say, False
        self._largest = 0  # bytes of a run, of those whose memory grows no more
        free = free_memory()
        self._is_plentiful = free is None or free >= slots * PLENTY

    def has_for_one_more(self, running: Sequence[Watch]) -> bool:
        """Returns whether one more run fits beside those that are running."""
        read = [(watch, private_memory(watch.call.child.pid)) for watch in running]
        taken = [(watch, size) for watch, size in read if size is not None]  # None: it has ended just now
        self._largest = max([self._largest, *(size for watch, size in taken if watch.has_epochs)])
        if not taken:  # nothing runs, or memory cannot be read here
            return True
        if not self._largest:
            return self._is_plentiful
        growth = sum(max(self._largest - size, 0) for _, size in taken)
        needs, free = self._largest * MARGIN, (free_memory() or 0) - growth
        if free < needs and not self._has_said:
            self._has_said = True
            self._say(
                f"memory has room for {len(running)} at once now: a run takes up to {self._largest / 1e9:.1f} GB, and "
                f"{max(free, 0) / 1e9:.1f} GB will be left"
            )
        return free >= needs
