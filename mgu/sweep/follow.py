"""Follows runs whose processes print where nobody looks, by the results that they write."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mgu.config.run import RunConfig
from mgu.console.lines import LineView
from mgu.results.on_disk.file_names import RESULT_FILE
from mgu.results.on_disk.folder import find_result

LOOK_EVERY_S = 2.0


@contextmanager
def following(todo: Mapping[Path, RunConfig], view: LineView) -> Iterator[None]:
    """Shows the end of each run while the block waits for all of them.

    Args:
        todo: The runs by their folders.
        view: Shows their results.

    Yields:
        None.
    """
    before = {folder: _stamp(folder) for folder in todo}
    waiting, is_over = dict(todo), threading.Event()

    def look() -> None:
        for folder, config in list(waiting.items()):
            if _stamp(folder) != before[folder] and (result := find_result(config)):
                del waiting[folder]
                view.ended(result, None)

    def watch() -> None:
        while not is_over.wait(LOOK_EVERY_S):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        look()


def _stamp(folder: Path) -> int | None:
    """Tells one result of a folder from the next."""
    try:
        return (folder / RESULT_FILE).stat().st_mtime_ns
    except OSError:
        return None
