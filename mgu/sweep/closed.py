"""Runs of a sweep whose folders are closed to this user: they are left as they are, and told."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from mgu.console.text import count, name_some
from mgu.results.on_disk.closed import Closed
from mgu.text.agree import agree
from mgu.text.printable import printable

MOST_NAMED = 3  # folders


def print_closed(closed: Iterable[Closed]) -> None:
    """Prints on standard error which runs are skipped, if any.

    Args:
        closed: What is closed, for each run.
    """
    if found := list(closed):
        print(printable(describe_closed(found)), file=sys.stderr)


def describe_closed(closed: list[Closed]) -> str:
    """Describes in one line how many runs are skipped, where and why, and what to do.

    Args:
        closed: What is closed, for each run; one at least.

    Returns:
        The line.
    """
    different = list(dict.fromkeys(closed))
    folders = name_some([f"{each.folder} (of {each.owner}, cannot be {each.lacks})" for each in different], MOST_NAMED)
    whose = agree(len(closed), "its folder is", "their folders are")
    way_out = different[0].way_out
    if len(different) > 1:
        way_out = (
            "Have the owners train the runs to their end, or open the folders (chmod -R a+rwX FOLDER), or pass another "
            "runs_dir=..."
        )
    return f"skipped {count(len(closed), 'run')}, for {whose} closed to you: {folders}. {way_out}"
