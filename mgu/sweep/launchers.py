"""What Hydra's launchers do to runs, said before a sweep begins: how many threads they have, how long they may take.

A launcher is known by its name in Hydra's group and its settings; this file needs none of them installed.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mgu.config.run import RunConfig
from mgu.console.text import count
from mgu.machine import count_cores

DEFAULT_LIMIT_MIN = 60  # of the submitit launchers
MUCH_LONGER_MIN = 1440
AMD = "amdsmi"  # asks AMD's driver
_KEPT: list[TemporaryDirectory[str]] = []


class Launcher(NamedTuple):
    """Holds what is known of a launcher.

    Attributes:
        name: As in hydra/launcher=NAME.
        settings: Its settings, `hydra.launcher`.
    """

    name: str
    settings: Mapping[str, Any]

    @property
    def is_in_process(self) -> bool:
        """Whether it is Hydra's own: jobs are trained by children of this process."""
        return self.name == "basic"

    @property
    def shows_runs(self) -> bool:
        """Whether what its processes print can be seen; submitit writes it to files."""
        return not self.name.startswith("submitit")

    def describe(self, configs: Sequence[RunConfig]) -> list[str]:
        """Describes what it does to runs that the user may not expect, one line for each fact.

        Args:
            configs: Configurations of the runs.
        """
        if self.is_in_process or not configs:
            return []
        limit_min = self.settings.get("timeout_min")
        lines = [_describe_limit(limit_min)] if limit_min == DEFAULT_LIMIT_MIN else []
        if any(config.threads is None for config in configs):
            lines.append(_describe_threads(self.name, self.settings))
        return lines


def prepare_launcher(name: str) -> None:
    """Hides from Ray, and from the processes that it starts, a package that cannot be imported.

    zeus brings amdsmi, whose import (7.0.2) raises KeyError where the library of AMD's driver is missing. Ray (2.60)
    asks it for GPUs when it starts, and expects nothing but an ImportError.

    Args:
        name: Name of the launcher, as in hydra/launcher=NAME.
    """
    if not name.startswith("ray"):
        return
    try:
        with redirect_stdout(io.StringIO()):  # it prints that it found no library
            importlib.import_module(AMD)
    except ImportError:
        return
    except Exception:  # whatever it raises, Ray would stop at it
        modules: dict[str, Any] = sys.modules
        modules[AMD] = None  # how Python notes that there is no such module
        folder = TemporaryDirectory(prefix="mgu-ray-")  # removed when this process ends
        (Path(folder.name) / f"{AMD}.py").write_text(f"raise ImportError('{AMD} has no library here')\n")
        _KEPT.append(folder)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (folder.name, os.environ.get("PYTHONPATH"))))


def _describe_limit(limit_min: int) -> str:
    return (
        f"submitit stops a job after {limit_min} min. A run that is started again continues after its last epoch, but "
        f"an epoch that takes longer never ends. To allow more: hydra.launcher.timeout_min={MUCH_LONGER_MIN}"
    )


def _describe_threads(name: str, settings: Mapping[str, Any]) -> str:
    """Describes how many threads a run has that asks for no number; the launchers set OMP_NUM_THREADS."""
    given = os.environ.get("OMP_NUM_THREADS")
    if name == "joblib":
        cores, jobs = count_cores(), int(settings.get("n_jobs") or 1)
        processes = jobs if jobs > 0 else max(cores + 1 + jobs, 1)
        each = int(given) if given and given.isdecimal() else max(cores // processes, 1)
        runs, threads = count(processes, "run"), count(each, "thread")
        return f"joblib trains {runs} at once, each on {threads}; threads=N sets another number."
    if name.startswith("ray") and not given:
        return "Ray lets each run have 1 thread; threads=N sets another number."
    return "Runs that train side by side each use all cores, unless threads=1 is given."
