"""Logs a run to TensorBoard: its history as curves, its result, its configuration as hyperparameters.

It uses TensorBoard's own event writer, for torch.utils.tensorboard would import torch into the parent process.
"""

from __future__ import annotations

import time
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from mgu.config.run import RunConfig
from mgu.results.on_disk.file_names import HISTORY_FILE
from mgu.results.on_disk.files import write_text
from mgu.results.schema.result import Result
from mgu.tracking.values import fingerprint, history_metrics, hyperparameters, result_metrics

STATUS_TAG = "result/status"  # logged last
MARK_FILE = "mgu-result.txt"  # in the folder of the event files: which result they are of
MODULES = (
    "tensorboard.compat.proto.event_pb2",
    "tensorboard.plugins.hparams.summary_v2",
    "tensorboard.plugins.text.summary_v2",
    "tensorboard.summary.writer.event_file_writer",
)


class TensorBoardTracker:
    """Writes event files; a resumed run adds to them from the epoch it continues with.

    Args:
        config: Configuration of the run.
        folder: The run's folder.
        name: What people call the run; None for its own name.
    """

    def __init__(self, config: RunConfig, folder: Path, name: str | None = None) -> None:
        self.config, self.folder, self.name = config, folder, name or config.name
        self._writer: Any = None

    @property
    def log_dir(self) -> Path:
        """Folder of the event files: <tensorboard.dir>/<experiment>/<run>, or tensorboard/ in the run's own folder."""
        assert self.config.tensorboard
        if self.config.tensorboard.dir is None:
            return self.folder / "tensorboard"
        return Path(self.config.tensorboard.dir).expanduser() / self.folder.parent.name / self.folder.name

    def __enter__(self) -> Self:
        """Imports TensorBoard, which takes half a second that must not be measured."""
        for module in MODULES:
            import_module(module)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._writer:
            self._writer.close()

    def epoch(self, row: dict[str, float]) -> None:
        """Logs a row of history.csv; the first one says which earlier steps are replaced."""
        epoch = int(row["epoch"])
        if not self._writer:
            self._open(replaces_from=0 if epoch == 1 else epoch)
        self._write_scalars(history_metrics(row), step=epoch)

    def finish(self, result: Result) -> None:
        """Logs the result at the last epoch, and its status as text."""
        from tensorboard.plugins.text.summary_v2 import text_pb

        if not self._writer:  # no epoch was logged: the run failed early, or only its final evaluation was left
            self._open(replaces_from=None if (self.folder / HISTORY_FILE).exists() else 0)
        self._write_scalars(result_metrics(result), step=result.epochs)
        status = result.status + (f": {result.error}" if result.error else "")
        self._write(summary=text_pb(STATUS_TAG, status), step=result.epochs)
        self._writer.flush()
        write_text(self.log_dir / MARK_FILE, fingerprint(result))

    def has(self, result: Result) -> bool:
        """Returns whether this very result has been logged, live or by `mgu-run push`."""
        if (mark := self.log_dir / MARK_FILE).exists():
            return mark.read_text(encoding="utf-8") == fingerprint(result)
        # Of an earlier version, which left no mark.
        return any(STATUS_TAG.encode() in file.read_bytes() for file in self.log_dir.glob("events.out.tfevents.*"))

    def _open(self, replaces_from: int | None) -> None:
        """Opens the writer, late, for a run that never begins must leave no file.

        replaces_from: Readers drop earlier values from this step on.
        """
        from tensorboard.compat.proto.event_pb2 import SessionLog
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._writer = EventFileWriter(str(self.log_dir))
        if replaces_from is not None:
            self._write(session_log=SessionLog(status=SessionLog.START), step=replaces_from)
        self._write(
            summary=hparams_pb(hyperparameters(self.config), trial_id=f"{self.name}-{self.config.identity}"), step=0
        )

    def _write_scalars(self, values: dict[str, float], step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        scalars = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self._write(summary=Summary(value=scalars), step=step)
        self._writer.flush()  # so that a killed process leaves what it has logged

    def _write(self, step: int, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._writer.add_event(Event(wall_time=time.time(), step=step, **content))
