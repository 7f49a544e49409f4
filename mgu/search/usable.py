"""Which finished runs a search may take for its trials, and why others are left, so that messages can say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mgu.results.fingerprints import fingerprint_of, is_same_data
from mgu.results.result import Result

OTHER_ROWS = "on other rows than dataset.target returns now"
STOPPED = "stopped by training.stop_after"
WAYS_OUT = {
    OTHER_ROWS: "put back the files that dataset.target reads, or train them again with force=true",
    STOPPED: "train them to their end",
}


def find_obstacle(result: Result, today: str | None) -> str | None:
    """Returns why a run is not taken; None where it may be.

    Args:
        result: Its result.
        today: Fingerprint of the rows that the search is on; None: not known, or of data known by their name.
    """
    if not is_same_data(fingerprint_of(result.config), today):
        return OTHER_ROWS
    return STOPPED if result.is_stopped else None


def count_obstacles(obstacles: Iterable[str]) -> str:
    """Counts why runs are not taken, as in "4 on other rows than dataset.target returns now"; empty without any."""
    return ", ".join(f"{number} {obstacle}" for obstacle, number in Counter(obstacles).items())


def ways_out(obstacles: Iterable[str]) -> str:
    """Says what to do about them, as the beginning of a sentence; empty without any."""
    text = ", or ".join(dict.fromkeys(WAYS_OUT[obstacle] for obstacle in obstacles))
    return text[:1].upper() + text[1:]
