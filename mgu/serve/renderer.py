"""The report as a page, made anew when results have changed, in a share of one processor that is bounded."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from mgu.serve.scan import Scanner
from mgu.serve.summary import summarise_runs
from mgu.text.printable import printable

LOOK_EVERY_S = 2.0
SHARE = 0.04  # of one core that looking and rendering may take in the long run
FIRST_LOOK_S = 25.0  # that an answer waits for the first look, which reads every run
WATCHED_S = 30.0  # nothing is done once no browser has asked for that long
PAGE = "<!doctype html><html lang=en><meta charset=utf-8><title>mgu</title><p>{}</p></html>"
SOON, NOTHING = PAGE.format("The report is being made."), PAGE.format("No run is over yet.")


class Renderer:
    """Keeps the state of the runs and the report up to date while browsers ask for them.

    Args:
        scanner: Looks at the runs.
        render: Makes the page of the runs that are over, and of what could not be read.
    """

    def __init__(self, scanner: Scanner, render: Callable[[Scanner], str]) -> None:
        self._scanner, self._render = scanner, render
        self._page, self._rendered, self._version = SOON.encode(), -1, 0
        self._state: dict[str, object] = {}
        self._fault: dict[str, object] = {}  # why the report could not be made, until it can
        self._asked_s = -WATCHED_S
        self._wanted, self._is_over = threading.Event(), threading.Event()
        self._ready = threading.Event()
        self._is_pausing = False
        self._thread = threading.Thread(target=self._work, name="report", daemon=True)

    def start(self) -> None:
        """Begins to work in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, at once where it waits, else after what it is at; nobody waits for a look any more."""
        self._is_over.set()
        self._wanted.set()
        self._ready.set()

    def state(self) -> dict[str, object]:
        """Returns the state of the runs as of the last look, which is made if nobody has asked for a while.

        Nobody waits for the look that follows a pause: after a page that took long to make, that may be minutes.
        """
        if time.monotonic() - self._asked_s > WATCHED_S and not self._is_pausing:
            self._ready.clear()
        self._asked_s = time.monotonic()
        self._wanted.set()
        self._ready.wait(FIRST_LOOK_S)
        return self._state | self._fault | {"report": self._version}

    def page(self) -> bytes:
        """Returns the report."""
        return self._page

    def _work(self) -> None:
        while not self._is_over.is_set():
            self._wanted.wait()
            self._wanted.clear()
            while time.monotonic() - self._asked_s < WATCHED_S and not self._is_over.is_set():
                used_s = self._look()
                self._ready.set()
                used_s += self._make_page()
                self._is_pausing = True
                self._is_over.wait(max(LOOK_EVERY_S, used_s / SHARE))
                self._is_pausing = False

    def _look(self) -> float:
        """Looks at the runs; returns the seconds of processor time that took."""
        started_s = time.thread_time()
        self._scanner.look()
        self._state = summarise_runs(self._scanner)
        return time.thread_time() - started_s

    def _make_page(self) -> float:
        """Makes the page anew if results have changed; returns the seconds of processor time that took."""
        if self._scanner.version == self._rendered:
            return 0.0
        started_s, self._rendered = time.thread_time(), self._scanner.version
        try:
            self._page, self._fault = self._render(self._scanner).encode(), {}
        except Exception as error:  # the page of before stays, and the next result is another chance
            self._fault = {"fault": printable(f"the report could not be made: {error}")}
        self._version += 1
        return time.thread_time() - started_s


def render_report(scanner: Scanner) -> str:
    """Makes the page of `mgu-run report --format html`.

    Args:
        scanner: After a look.

    Returns:
        The page.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as mgu/cli/report.py does
    from mgu.report.analysis import Analysis  # takes a second to import
    from mgu.report.formats.html import to_html
    from mgu.report.ranking.rank import rank
    from mgu.report.searches.beside import add_measured

    runs = [run.run for run in scanner.all_runs if run.run]
    skipped = [run.skipped for run in scanner.all_runs if run.skipped]
    analyses = [Analysis(table, by_class=True) for table in rank(runs)]
    analyses, measured = add_measured(analyses, scanner.searches)
    return to_html(analyses, skipped, measured) if analyses or measured else NOTHING
