"""Events that a child process sends to the parent process while it trains.

mgu/run/ sends them, mgu/sweep/watch.py receives them for the console (mgu/console/) and the trackers (mgu/tracking/).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from mgu.results.schema.result import Result


class Began(msgspec.Struct, frozen=True):
    """Says that set-up is over and training begins.

    Attributes:
        device: Description of the device that trains.
        epochs_done: Epochs that an earlier, interrupted call has trained.
        steps_per_epoch: Batches in an epoch.
    """

    device: str
    epochs_done: int
    steps_per_epoch: int


class Stepped(msgspec.Struct, frozen=True):
    """Counts the batches trained on since Began; sent a few times a second at most."""

    steps: int


class EpochEnded(msgspec.Struct, frozen=True):
    """Says that an epoch is over; `row` is its line of history.csv by column."""

    row: dict[str, float]


class Note(msgspec.Struct, frozen=True):
    """Carries a message that the user should read."""

    text: str


class DataNote(msgspec.Struct, frozen=True):
    """Carries a message about the data, which a sweep shows once for all its runs before the first one."""

    text: str


class Ended(msgspec.Struct, frozen=True):
    """Says that the run is over and its result is on disk."""

    result: Result


Progress = Began | Stepped | EpochEnded | Note | DataNote
Event = Progress | Ended
Send = Callable[[Event], None]


class RunEvent(msgspec.Struct, frozen=True):
    """Says which run of a process an event comes from: `index` counts from 0 in the order of its configurations."""

    index: int
    event: Event
