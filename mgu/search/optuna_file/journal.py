"""The file: a journal of Optuna's, which its JournalStorage and optuna-dashboard read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mgu.results.on_disk.files import replacing
from mgu.search.optuna_file.dates import MEANING
from mgu.search.optuna_file.trials import find_objectives, write_trials
from mgu.search.recorded import RecordedStudy
from mgu.search.strategies.optuna_study import import_optuna

SETTINGS = ("identity", "strategy", "seed", "options", "per_cost", "warm_start", "data", "fixed_seed", "size")


class _Lines:
    """Keeps a journal in memory, for Optuna would wait for the disk after each line."""

    def __init__(self) -> None:
        self.logs: list[dict[str, Any]] = []

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """Returns the lines from a number on."""
        return self.logs[log_number_from:]

    def append_logs(self, logs: Sequence[dict[str, Any]]) -> None:
        """Takes lines."""
        self.logs += logs


def write_journal(studies: Sequence[RecordedStudy], path: Path) -> None:
    """Writes studies as one file: each is a study of Optuna's with the name of its folder.

    Args:
        studies: Studies with different names.
        path: The file, which is replaced at once if it is there.

    Raises:
        UserError: Optuna is not installed.
    """
    optuna = import_optuna("--optuna")
    lines = _Lines()
    storage = optuna.storages.JournalStorage(lines)
    for study in studies:
        _write_study(study, storage)
    logs = [{**log, "worker_id": "mgu-run"} for log in lines.logs]  # not of a process: so equal studies are equal files
    with replacing(path) as temporary:
        lock = optuna.storages.journal.JournalFileOpenLock(str(temporary))
        optuna.storages.journal.JournalFileBackend(str(temporary), lock_obj=lock).append_logs(logs)


def _write_study(study: RecordedStudy, storage: Any) -> None:
    """Writes one study, its settings and its trials into Optuna's storage."""
    import optuna

    objectives = find_objectives(study)
    optuna_study = optuna.create_study(
        storage=storage,
        study_name=study.name,
        directions=objectives.directions,
        sampler=optuna.samplers.RandomSampler(seed=0),  # it is asked nothing
    )
    optuna_study.set_metric_names(objectives.names)
    described = {"space": study.described["space"]["name"], "datetimes": MEANING}
    described |= {key: study.described[key] for key in SETTINGS if study.described.get(key) is not None}
    described["budget"] = {key: value for key, value in asdict(study.budget).items() if value is not None}
    for name, value in described.items():
        optuna_study.set_user_attr(name, value)
    optuna_study.add_trials(write_trials(study, objectives))
