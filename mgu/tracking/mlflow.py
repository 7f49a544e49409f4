"""Logs a run to MLflow, on a server or in a local database: parameters, and history and result as metrics.

It uses MlflowClient, not the fluent functions, which keep the active run in a global and ask git about it.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mgu.config.run import RunConfig
from mgu.results.on_disk.file_names import HISTORY_FILE
from mgu.results.on_disk.files import replacing
from mgu.results.schema.result import Result
from mgu.tracking.mlflow_store import ensure_store
from mgu.tracking.values import fingerprint, history_metrics, hyperparameters, result_metrics

if TYPE_CHECKING:
    from mlflow.entities import Run

# In the run's folder: a tag would also find a colleague's run of the same configuration on a shared server.
RUN_ID_FILE = "mlflow_run_id.txt"
# Of environment variables that the user did not set.
DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # it would print two lines amid the runs of a sweep
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # s; MLflow's own 120 s and 7 retries would hold up a sweep
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_ALLOW_FILE_STORE": "true",  # a user may want a plain folder
}
STATUS = {"ok": "FINISHED", "diverged": "FINISHED", "failed": "FAILED"}  # the tag mgu.status tells a diverged run


class MlflowTracker:
    """Logs to one MLflow run, which a resumed run finds again by the id in its folder.

    Args:
        config: Configuration of the run.
        folder: The run's folder.
        name: What people call the run; None for its own name.
        has_folder: False for a packed run: its folder is a name only, in which no id can be left.
    """

    def __init__(self, config: RunConfig, folder: Path, name: str | None = None, has_folder: bool = True) -> None:
        self._has_folder = has_folder
        self.config, self.folder, self.name = config, folder, name or config.name
        self._run_id: str | None = None
        self._logged_epochs = 0  # by the MLflow run that is resumed
        self._is_finished = False

    @property
    def uri(self) -> str:
        """Tracking URI: of the configuration, else $MLFLOW_TRACKING_URI, else of a database in the runs folder."""
        assert self.config.mlflow
        database = self.folder.parents[1].absolute() / "mlflow.db"
        return self.config.mlflow.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{database}"

    def __enter__(self) -> Self:
        """Imports MLflow, connects, and finds or makes the experiment: seconds that must not be measured."""
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        from mlflow.tracking import MlflowClient

        if self._has_folder:
            self.folder.parents[1].mkdir(parents=True, exist_ok=True)
        ensure_store(self.uri)
        self._client = MlflowClient(tracking_uri=self.uri)
        self._experiment_id = self._find_experiment()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._run_id and not self._is_finished:  # interrupted: a later call may resume it
            self._client.set_terminated(self._run_id, "KILLED")

    def epoch(self, row: dict[str, float]) -> None:
        """Logs a row of history.csv; the first one says whether the run is resumed."""
        epoch = int(row["epoch"])
        if not self._run_id:
            self._begin(resumes=epoch > 1)
        if epoch > self._logged_epochs:
            self._log(history_metrics(row), step=epoch)

    def finish(self, result: Result) -> None:
        """Logs the result at the last epoch, and ends the MLflow run."""
        if not self._run_id:  # no epoch was logged: the run failed early, or only its final evaluation was left
            self._begin(resumes=(self.folder / HISTORY_FILE).exists())
        assert self._run_id
        tags = {"status": result.status, "error": result.error, "device": result.device, "commit": result.git_commit}
        self._log(result_metrics(result), step=result.epochs, tags=tags | {"result": fingerprint(result)})
        self._client.set_terminated(self._run_id, STATUS[result.status])
        self._is_finished = True

    def has(self, result: Result) -> bool:
        """Returns whether this very result has been logged there, live or by `mgu-run push`."""
        same = f"tags.`mgu.result` = '{fingerprint(result)}' and tags.`mgu.folder` = '{self.folder.name}'"
        if self._client.search_runs([self._experiment_id], same, max_results=1):
            return True
        earlier = self._find_earlier()  # of an earlier version, which set no such tag
        return bool(earlier and "mgu.result" not in earlier.data.tags and earlier.info.status in STATUS.values())

    def _find_experiment(self) -> str:
        from mlflow.exceptions import MlflowException

        name = self.config.experiment_name
        if not (experiment := self._client.get_experiment_by_name(name)):
            try:
                return self._client.create_experiment(name)
            except MlflowException:  # another process has created it meanwhile
                experiment = self._client.get_experiment_by_name(name)
                if not experiment:
                    raise
        return str(experiment.experiment_id)

    def _begin(self, resumes: bool) -> None:
        """Resumes the MLflow run of this folder, or ends it and creates another."""
        earlier = self._find_earlier()
        if earlier and resumes:
            self._run_id = earlier.info.run_id
            self._client.update_run(self._run_id, status="RUNNING")
            self._logged_epochs = self._count_epochs(earlier)
            return
        if earlier and earlier.info.status == "RUNNING":  # its process was killed before it could end it
            self._client.set_terminated(earlier.info.run_id, "KILLED")
        self._run_id = self._create_run()
        if not self._has_folder:
            return
        with replacing(self.folder / RUN_ID_FILE) as temporary:
            temporary.write_text(self._run_id)

    def _find_earlier(self) -> Run | None:
        """Returns the MLflow run of this folder; None if it was never created, was deleted, or is on another server."""
        from mlflow.exceptions import MlflowException

        try:
            run = self._client.get_run((self.folder / RUN_ID_FILE).read_text())
        except (FileNotFoundError, NotADirectoryError):  # the latter below a pack
            return None
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        return run if run.info.lifecycle_stage == "active" else None

    def _count_epochs(self, run: Run) -> int:
        """Returns the last epoch that the MLflow run has logged."""
        name = next((name for name in run.data.metrics if name.startswith("history/")), None)
        if not name:
            return 0
        return max(int(metric.step) for metric in self._client.get_metric_history(run.info.run_id, name))

    def _create_run(self) -> str:
        from mlflow.entities import Param

        tags = {"mgu.identity": self.config.identity, "mgu.folder": self.folder.name}
        run = self._client.create_run(self._experiment_id, run_name=self.name, tags=tags)
        params = [Param(name, str(value)) for name, value in hyperparameters(self.config).items()]
        self._client.log_batch(run.info.run_id, params=params)
        return str(run.info.run_id)

    def _log(self, values: dict[str, float], step: int, tags: dict[str, str | None] | None = None) -> None:
        from mlflow.entities import Metric, RunTag

        assert self._run_id
        now_ms = int(time.time() * 1000)
        # Its databases know nan but turn inf into 1.8e308, which would flatten every chart.
        finite = {name: value if math.isfinite(value) else math.nan for name, value in values.items()}
        metrics = [Metric(name, value, now_ms, step) for name, value in finite.items()]
        run_tags = [RunTag(f"mgu.{name}", value) for name, value in (tags or {}).items() if value is not None]
        self._client.log_batch(self._run_id, metrics=metrics, tags=run_tags)
