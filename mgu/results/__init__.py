"""The files of a run, and all that finds and reads them: shared by the parent and the child process.

file_names.py lists the files of a run, result.py is the schema of result.json, result_file.py reads it, events.py
what a run sends while it trains, folder.py the state and lock of a run, files.py writes atomically, find.py and
load.py find runs. Imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.results.correct import read_correct as read_correct
    from mgu.results.correct import write_correct as write_correct
    from mgu.results.energy import Component as Component
    from mgu.results.energy import Energy as Energy
    from mgu.results.energy import describe_method as describe_method
    from mgu.results.events import Began as Began
    from mgu.results.events import DataNote as DataNote
    from mgu.results.events import Ended as Ended
    from mgu.results.events import EpochEnded as EpochEnded
    from mgu.results.events import Event as Event
    from mgu.results.events import Note as Note
    from mgu.results.events import Progress as Progress
    from mgu.results.events import RunEvent as RunEvent
    from mgu.results.events import Stepped as Stepped
    from mgu.results.files import chosen_runs_dir as chosen_runs_dir
    from mgu.results.files import default_runs_dir as default_runs_dir
    from mgu.results.files import make_folder as make_folder
    from mgu.results.files import replacing as replacing
    from mgu.results.files import write_text as write_text
    from mgu.results.find import find_run as find_run
    from mgu.results.folder import State as State
    from mgu.results.folder import count_epochs as count_epochs
    from mgu.results.folder import count_safe_epochs as count_safe_epochs
    from mgu.results.folder import find_done as find_done
    from mgu.results.folder import find_result as find_result
    from mgu.results.folder import find_state as find_state
    from mgu.results.folder import lock_run as lock_run
    from mgu.results.folder import run_folder as run_folder
    from mgu.results.folder import runs_dir as runs_dir
    from mgu.results.frame import load_runs as load_runs
    from mgu.results.load import Loaded as Loaded
    from mgu.results.load import Run as Run
    from mgu.results.load import load_results as load_results
    from mgu.results.metrics import Metrics as Metrics
    from mgu.results.parts import Record as Record
    from mgu.results.record import make_result as make_result
    from mgu.results.record import write_history as write_history
    from mgu.results.result import Result as Result
    from mgu.results.result_file import read_result as read_result
    from mgu.results.result_file import write_result as write_result
    from mgu.results.seconds import Seconds as Seconds

_HOMES = {
    "Began": "events",
    "Component": "energy",
    "DataNote": "events",
    "Ended": "events",
    "Energy": "energy",
    "EpochEnded": "events",
    "Event": "events",
    "Loaded": "load",
    "Metrics": "metrics",
    "Note": "events",
    "Progress": "events",
    "Record": "parts",
    "Result": "result",
    "Run": "load",
    "RunEvent": "events",
    "Seconds": "seconds",
    "State": "folder",
    "Stepped": "events",
    "chosen_runs_dir": "files",
    "count_epochs": "folder",
    "count_safe_epochs": "folder",
    "default_runs_dir": "files",
    "describe_method": "energy",
    "find_done": "folder",
    "find_result": "folder",
    "find_run": "find",
    "find_state": "folder",
    "load_results": "load",
    "load_runs": "frame",
    "lock_run": "folder",
    "make_folder": "files",
    "make_result": "record",
    "read_correct": "correct",
    "read_result": "result_file",
    "replacing": "files",
    "run_folder": "folder",
    "runs_dir": "folder",
    "write_correct": "correct",
    "write_history": "record",
    "write_result": "result_file",
    "write_text": "files",
}
__all__ = list(_HOMES)

# pydantic and pandas take a while to import, which readers of result.json need not wait for.
__getattr__ = import_on_first_use(__name__, _HOMES)
