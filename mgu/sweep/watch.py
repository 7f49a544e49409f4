"""What the parent does with the events of a child process: shows them, tracks them, and collects the results."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from mgu.config.run import RunConfig
from mgu.console.lines import LineView
from mgu.isolation import Call, Crashed, Raised
from mgu.results.events import Ended, EpochEnded, RunEvent
from mgu.results.on_disk.file_names import LOG_FILE
from mgu.results.on_disk.folder import count_epochs, run_folder
from mgu.results.on_disk.full_disk import naming
from mgu.results.on_disk.record import make_result
from mgu.results.on_disk.result_file import write_result
from mgu.results.schema.result import Result
from mgu.tracking.trackers import Trackers


class Pending:
    """Holds what a job, or a worker of a search, waits for: a child process. It is resumed once that is over.

    Attributes:
        call: The child process.
    """

    def __init__(self, call: Call) -> None:
        self.call = call


class Watch(Pending):
    """Passes the events of a child process to the console and to the trackers, and collects the results.

    Attributes:
        call: The child process, once it is started.
        has_epochs: Whether it has trained for an epoch, after which its memory grows no more.
    """

    has_epochs = False

    def __init__(
        self, configs: Sequence[RunConfig], number: int | None, view: LineView, tracking: Sequence[Trackers]
    ) -> None:
        self.configs, self.number, self.view, self.tracking = configs, number, view, tracking
        self.results: dict[Path, Result] = {}

    def on_event(self, message: RunEvent) -> None:
        index, event = message.index, message.event
        if isinstance(event, Ended):
            self._end(index, event.result)
            return
        self.view.handle(self.configs[index], event)
        if isinstance(event, EpochEnded):
            self.has_epochs = True
            self.tracking[index].epoch(event.row)

    def record_failure(self, failure: Crashed | Raised) -> None:
        """Writes a result for each run that the child process left without one."""
        for index, config in enumerate(self.configs):
            if run_folder(config) not in self.results:
                self._end(index, _write_failure(config, failure))

    def _end(self, index: int, result: Result) -> None:
        self.results[run_folder(self.configs[index])] = result
        self.tracking[index].finish(result)
        self.view.ended(result, self.number)


def _write_failure(config: RunConfig, failure: Crashed | Raised) -> Result:
    """Writes the result of a run whose process could not write it itself, and the traceback to the run's log."""
    folder = run_folder(config)
    trace = failure.traceback if isinstance(failure, Raised) else ""
    with naming(folder / LOG_FILE), (folder / LOG_FILE).open("a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} the run failed: {failure}\n{trace}")
    result = make_result(config, "failed", error=str(failure), epochs=count_epochs(folder))
    write_result(folder, result)
    return result
